"""The emulated Slack workspace: served on this machine, with a Python API to act as its people."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.playground.slack import entrances, events, interactions, shelf, views
from bot.playground.slack.cabinet import Cabinet
from bot.playground.slack.forms import Entered, fill, missing
from bot.playground.slack.payloads import message_json, rich_text_of
from bot.playground.slack.records import Channel, Json, Message, Person
from bot.playground.slack.server import WebApi
from bot.playground.slack.socket_mode import Envelope, SocketMode
from bot.playground.slack.state import EVENT_SCOPES, READ_SCOPE


class EmulatedSlack(Cabinet):
    """A Slack workspace with the app in it, as strict as the real one.

    `subscribed` names the events the app subscribes to and `scopes` those of its bot token; without them
    it has everything this emulator knows. With `agent=False` the app has no agent surface. `shortcuts` are the
    callback ids and `commands` the commands of its manifest; without them any goes.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        scopes: Iterable[str] | None = None,
        subscribed: Iterable[str] | None = None,
        agent: bool = True,
        shortcuts: Iterable[str] | None = None,
        commands: Iterable[str] | None = None,
    ) -> None:
        super().__init__(
            clock, scopes=scopes, subscribed=subscribed, agent=agent, shortcuts=shortcuts, commands=commands
        )
        self.api_url = ""
        self.activity = 0  # grows with every call, ack and change of a socket
        self.omit_team = False  # leave `team` out of inner events, as recorded traffic sometimes does
        self.emit = self._emit
        self._changed = asyncio.Event()
        self._ids = events.EventIds()
        self._sockets = SocketMode(clock, self.faults, self.app_id, self.touch)
        self._web = WebApi(self, self._sockets)
        self._alarms: set[asyncio.Task[None]] = set()
        self.awake = self._wake_in

    # -- serving

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator["EmulatedSlack"]:
        """Answer at `api_url` for the length of the block; may be entered again afterwards."""
        self.api_url = await self._web.start(host, port)
        self._sockets.start()
        shelf.move(self)
        for seconds in self.waits:
            self._wake_in(seconds)
        try:
            yield self
        finally:
            for alarm in self._alarms:
                alarm.cancel()
            await asyncio.gather(*self._alarms, return_exceptions=True)
            self._web.stop_holding()
            await self._sockets.close()
            await self._web.close()

    def _wake_in(self, seconds: float) -> None:
        alarm = asyncio.create_task(self._wake(seconds))
        self._alarms.add(alarm)
        alarm.add_done_callback(self._alarms.discard)

    async def _wake(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        self.settle()
        self.touch()

    def touch(self) -> None:
        """Note that something happened, and wake whoever waits for that."""
        self.activity += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_activity(self, since: int, real_timeout: float = 10.0) -> int:
        """Return the activity count once it is past `since`; TimeoutError after that many real seconds."""
        async with asyncio.timeout(real_timeout):
            while self.activity <= since:
                await self._changed.wait()
        return self.activity

    async def until(self, holds: Callable[[], object], real_timeout: float = 10.0) -> None:
        """Return once that holds, looking again after every activity; TimeoutError after those real seconds."""
        async with asyncio.timeout(real_timeout):
            while not holds():
                await self.wait_activity(self.activity, real_timeout)

    # -- people and places

    def add_person(
        self,
        name: str,
        *,
        team: str | None = None,
        enterprise: str | None = None,
        is_bot: bool = False,
        display_name: str | None = None,
    ) -> str:
        """Let a person (or another app's bot) exist; answers with the user id."""
        bot_id = self.new_id("B") if is_bot else None
        return self.new_person(name, team=team, enterprise=enterprise, display_name=display_name, bot_id=bot_id)

    def add_channel(
        self,
        name: str,
        *,
        kind: str = "channel",
        shared: bool = False,
        bot_is_member: bool = True,
        members: Iterable[str] = (),
    ) -> str:
        """Open a channel (`channel`, `private` or `mpim`); answers with its id."""
        channel = Channel(self.new_id("C"), name, kind, shared, set(members))
        if bot_is_member:
            channel.members.add(self.bot_user)
        self.channels[channel.id] = channel
        return channel.id

    def dm(self, user: str) -> str:
        """The DM between that person and the bot; answers with its id."""
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel.id
        channel = Channel(self.new_id("D"), "directmessage", "im", members={user, self.bot_user})
        self.channels[channel.id] = channel
        return channel.id

    # -- acting as people

    async def post(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Iterable[Json] = (),
        subtype: str | None = None,
        blocks: list[Json] | None = None,
        **extra: object,
    ) -> str:
        """Let somebody write; answers with the ts. `extra` are further fields of the message.

        `blocks` is the rich_text that the client made of the text, where it is more than a line of text.
        """
        place = self.channels[channel]
        if thread_ts is not None and thread_ts not in place.messages:
            raise LookupError(f"there is no thread {thread_ts} in {channel}")
        place.members.add(user)
        person = self.people[user]
        message = Message(
            self.next_ts(),
            user,
            text,
            thread_ts,
            blocks=blocks or (rich_text_of(text) if text else None),
            files=list(files),
            subtype=subtype,
            client_msg_id=None if person.is_bot else str(uuid.uuid4()),
            bot_id=person.bot_id,
            extra={**self._foreign(person), **extra},
        )
        self.add(place, message)
        events.posted(self, place, message)
        await asyncio.sleep(0)
        return message.ts

    def _foreign(self, person: Person) -> Json:
        """What a message of another team's person says about it (slack-platform.md §7.4)."""
        return {} if person.team == self.team else {"user_team": person.team, "source_team": person.team}

    async def edit(self, channel: str, ts: str, text: str, blocks: list[Json] | None = None) -> None:
        """Let the author change a message; `blocks` as in `post`."""
        place = self.channels[channel]
        message = place.messages[ts]
        before = message_json(self, place, message)
        message.text, message.blocks, message.edited = text, blocks or rich_text_of(text), self.next_ts()
        events.changed(self, place, message, before)
        await asyncio.sleep(0)

    async def react(self, channel: str, ts: str, user: str, name: str) -> None:
        """Let somebody put an emoji under a message, or take their own away again; the app is not told of it."""
        reactions = self.channels[channel].messages[ts].reactions
        reactions[name] = reactions.get(name, set()) ^ {user}
        if not reactions[name]:
            del reactions[name]
        self.touch()
        await asyncio.sleep(0)

    async def delete(self, channel: str, ts: str) -> None:
        """Let the author take a message back; a root with replies leaves a tombstone."""
        place = self.channels[channel]
        events.remove(self, place, place.messages[ts])
        await asyncio.sleep(0)

    async def press(
        self, channel: str, message_ts: str, user: str, action_id: str, value: str | None = None
    ) -> bool:
        """Press a button of a message; whether the app acknowledged it within three seconds of the clock.

        Feedback buttons need `value` to say which one. LookupError if the message shows no such button.
        """
        place = self.channels[channel]
        payload = interactions.on_message(self, place, place.messages[message_ts], user, action_id, value)
        return (await self._sockets.interact(payload)).acked

    async def press_ephemeral(self, message_ts: str, user: str, action_id: str, value: object = None) -> bool:
        """Press a button of a message that only that person sees; otherwise as `press`."""
        for told in self.ephemerals:
            if (told.ts, told.user) == (message_ts, user):
                payload = interactions.on_ephemeral(self, told, action_id, value)
                return (await self._sockets.interact(payload)).acked
        raise LookupError(f"{user} sees no ephemeral message {message_ts}")

    async def press_in_modal(self, view_id: str, user: str, action_id: str, value: object = None) -> bool:
        """Press a button, or pick an option by its value, in the view that the person sees; as `press`."""
        modal = views.in_front(self, view_id, user)
        payload = interactions.on_view(self, modal, action_id, value)
        return (await self._sockets.interact(payload)).acked

    async def submit(self, view_id: str, user: str, values: Entered | None = None) -> bool:
        """Fill in and submit the view that the person sees; whether the app acknowledged that as Slack wants it.

        `values` are texts, values of options, or lists of them, by block_id and action_id. What the ack says
        is done: `errors` are in `modal.errors`; a wrong ack leaves the modal open and is in `broken_acks`.
        LookupError where there is nothing to fill in or submit, ValueError for what the client does not take.
        """
        modal = views.in_front(self, view_id, user)
        if "submit" not in modal.view:
            raise LookupError(f"view {view_id} has no submit button")
        modal.values = fill(modal.blocks, modal.values, values or {})
        if empty := missing(modal.blocks, modal.values):
            raise ValueError(f"to be filled in first: {empty}")
        modal.errors = {}
        envelope = await self._sockets.interact(interactions.view_submission(self, modal))
        return envelope.acked and views.answered(self, modal, envelope.answer)

    async def close_modal(self, view_id: str, user: str, *, all_views: bool = False) -> bool:
        """Close the view that the person sees, by its close button or all at once by the X in its corner.

        The app is told only if the view has `notify_on_close`; False if it was told and did not acknowledge.
        """
        modal = views.in_front(self, view_id, user)
        cleared = all_views or bool(modal.view.get("clear_on_close"))
        payload = interactions.view_closed(self, modal, is_cleared=cleared)
        views.close(self, modal, all_views=cleared)
        if not modal.view.get("notify_on_close"):
            return True
        return (await self._sockets.interact(payload)).acked

    async def shortcut(self, callback_id: str, channel: str, ts: str, user: str) -> bool:
        """Use a shortcut in a message's menu, wherever the app is; otherwise as `press`."""
        payload = entrances.message_action(self, callback_id, self.channels[channel], ts, user)
        return (await self._sockets.interact(payload)).acked

    async def command(self, command: str, text: str, channel: str, user: str) -> bool:
        """Type a slash command (never in a thread); what the ack says is said. Otherwise as `press`."""
        payload = entrances.slash_command(self, command, text, self.channels[channel], user)
        envelope = await self._sockets.interact(payload, "slash_commands")
        return envelope.acked and entrances.answered(self, payload, envelope.answer)

    async def press_stop(self, channel: str, thread_ts: str, user: str) -> None:
        """Press Stop on a working session; LookupError if no Stop button is shown (slack-platform.md §1.5)."""
        if (channel, thread_ts) not in self.working() or "agent_session_stopped" not in self.subscribed:
            raise LookupError(f"no Stop button is shown in {channel} {thread_ts}")
        place = self.channels[channel]
        event = events.stop_pressed(self, place, thread_ts, user)
        for message in self.streaming((channel, thread_ts)):
            if message.stream is not None:
                message.stream.stop_pressed = True
        self._emit(event, place)
        await asyncio.sleep(0)

    async def open_messages_tab(self, user: str) -> None:
        """Open the app's Messages tab."""
        place = self.channels[self.dm(user)]
        self._emit(events.messages_tab_opened(self, place, user), place)
        await asyncio.sleep(0)

    async def send_event(self, event: Json, *, redeliver_as_new: bool = False) -> None:
        """Send any inner event; one that was sent before keeps its event_id unless `redeliver_as_new`."""
        self._emit(event, self.channels.get(str(event.get("channel"))), fresh=redeliver_as_new)
        await asyncio.sleep(0)

    def _emit(self, event: Json, channel: Channel | None, *, fresh: bool = False) -> None:
        """Deliver an event, if the app is there to see it, subscribed to it and has the scope."""
        if channel is not None and self.bot_user not in channel.members:
            return
        name = events.subscription_of(event)
        scope = EVENT_SCOPES.get(name)
        if scope == READ_SCOPE["channel"] and channel is not None:
            scope = READ_SCOPE[channel.kind]
        if name not in self.subscribed or (scope is not None and scope not in self.scopes):
            return
        if scope is not None:
            self.scopes_used.add(scope)
        self.events_sent[name] += 1
        shared = channel is not None and channel.shared
        told = events.stubbed(self, event) if shared else event
        shown = {key: value for key, value in told.items() if not (self.omit_team and key == "team")}
        event_id = self._ids.of(shown, fresh=fresh)
        self._sockets.deliver(events.envelope_payload(self, shown, event_id, shared=shared))

    # -- the sockets

    @property
    def connected(self) -> int:
        """How many websockets are open."""
        return len(self._sockets.sockets)

    @property
    def peers(self) -> list[str]:
        """The addresses that the websockets came from, the oldest first."""
        return [opened.peer for opened in self._sockets.sockets]

    def send_only_to(self, peer: str | None) -> None:
        """Let everything go to the websockets of that address while it has any; None: to all in turn."""
        self._sockets.only = peer

    @property
    def unacknowledged(self) -> list[Envelope]:
        """What the app has not acknowledged yet and will be sent again."""
        return list(self._sockets.pending)

    @property
    def envelopes(self) -> list[Envelope]:
        """The newest deliveries: events, presses and commands, the oldest of them first."""
        return list(self._sockets.journal)

    @property
    def lost(self) -> list[Envelope]:
        """The events given up after the last attempt."""
        return self._sockets.lost

    @property
    def refuse_sockets(self) -> bool:
        """Whether new websockets are refused; their tickets are spent all the same."""
        return self._sockets.refuse

    @refuse_sockets.setter
    def refuse_sockets(self, refuse: bool) -> None:
        self._sockets.refuse = refuse

    @property
    def hold_acks(self) -> bool:
        """Whether acks are ignored, as if the socket died between commit and ack."""
        return self._sockets.hold_acks

    @hold_acks.setter
    def hold_acks(self, hold: bool) -> None:
        self._sockets.hold_acks = hold

    async def drop_sockets(self) -> None:
        """Cut all websockets."""
        await self._sockets.drop()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to reconnect, as Slack does every few hours."""
        await self._sockets.say_disconnect(reason)
