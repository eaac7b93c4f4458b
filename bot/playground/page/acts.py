"""What people do on the page, done in the emulated workspace."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import validate_call

from bot.playground.inspector.inspector import Inspector
from bot.playground.page import samples
from bot.playground.page.drawings import Drawings
from bot.playground.page.formatting import blocks_of_text
from bot.playground.page.wording import sent
from bot.playground.slack.cabinet import Cabinet
from bot.playground.slack.records import Channel, Json, Message
from bot.playground.world import World

Act = Callable[..., Awaitable[Json | None]]
Values = dict[str, dict[str, str | list[str] | None]]
NAMES = (
    *("post", "edit", "delete", "react", "press", "press_in_modal", "submit", "close_modal", "stop"),
    *("shortcut", "command", "sample", "dismiss", "open_dm", "start_bot", "kill_bot", "restart_bot"),
    *("arm", "disarm", "put_forward"),
)
NOT_ACKED = "Threadmate did not answer in time. Is it running?"


class Acts:
    """Everything that a page can ask for, by name; the arguments are checked against the signatures below.

    They raise LookupError or ValueError (pydantic's among them) for what Slack's client would not let happen.
    """

    def __init__(
        self, world: World, drawings: Drawings, dismissed: set[tuple[str, str]], inspector: Inspector
    ) -> None:
        self._world = world
        self._slack = world.slack
        self._drawings = drawings
        self._dismissed = dismissed
        self._inspector = inspector
        self._acts: dict[str, Act] = {name: validate_call(getattr(self, name)) for name in NAMES}

    async def perform(self, name: str, me: str, arguments: Mapping[str, Any]) -> Json:
        """Let that person do that; answers with what the page should know."""
        if name not in self._acts or me not in self._world.people:
            raise LookupError(f"{me} cannot {name}")
        answer = await self._acts[name](me=me, **arguments)
        self._slack.touch()
        return answer or {}

    def _place(self, me: str, channel: str) -> Channel:
        place = self._slack.channels.get(channel)
        if place is None or me not in place.members:
            raise LookupError("You are not in this conversation.")
        return place

    def _own(self, me: str, channel: str, ts: str) -> Message:
        message = self._place(me, channel).messages.get(ts)
        if message is None or message.user != me:
            raise LookupError("This message is not yours.")
        return message

    def _sent(self, text: str, place: Channel) -> str:
        names = self._drawings.names
        return sent(text, {names[user]: user for user in place.members})

    # -- messages

    async def post(
        self, me: str, channel: str, text: str, thread: str | None = None, files: list[str] | None = None
    ) -> Json:
        """Say something, with files that were uploaded before."""
        place = self._place(me, channel)
        shown = [self._slack.files[name].shown for name in files or []]
        if not text.strip() and not shown:
            raise ValueError("There is nothing to send.")
        said = self._sent(text, place)
        blocks = blocks_of_text(said) if said else None
        ts = await self._slack.post(channel, me, said, thread_ts=thread, files=shown, blocks=blocks)
        return {"ts": ts, "thread": thread}

    async def edit(self, me: str, channel: str, ts: str, text: str) -> None:
        """Change an own message."""
        self._own(me, channel, ts)
        if not text.strip():
            raise ValueError("There is nothing to send.")
        said = self._sent(text, self._place(me, channel))
        await self._slack.edit(channel, ts, said, blocks_of_text(said))

    async def delete(self, me: str, channel: str, ts: str) -> None:
        """Take an own message back."""
        self._own(me, channel, ts)
        await self._slack.delete(channel, ts)

    async def react(self, me: str, channel: str, ts: str, name: str) -> None:
        """Put an emoji under a message, or take it away again."""
        await self._slack.react(self._place(me, channel).id, ts, me, name)

    async def dismiss(self, me: str, ts: str) -> None:
        """Put an ephemeral message away."""
        self._dismissed.add((me, ts))

    async def upload(self, me: str, name: str, content: bytes | Path) -> Json:
        """Have a file, to be posted."""
        if me not in self._world.people or not name.strip():
            raise LookupError("A file needs a name and somebody who has it.")
        cabinet: Cabinet = self._slack
        return {"file": cabinet.add_file(Path(name).name[:255], content, me)["id"], "name": Path(name).name}

    async def sample(self, me: str, name: str) -> Json:
        """Take one of the sample documents."""
        return await self.upload(me, name, samples.content(name))

    # -- interactivity

    async def press(
        self, me: str, channel: str, ts: str, action: str, value: str | None = None, only: bool = False
    ) -> None:
        """Press a button of a message, or of one that only oneself sees."""
        self._place(me, channel)
        if only:
            _acked(await self._slack.press_ephemeral(ts, me, action, value))
        else:
            _acked(await self._slack.press(channel, ts, me, action, value))

    async def press_in_modal(self, me: str, view: str, action: str, value: str | list[str] | None = None) -> None:
        """Press a button, or pick something, in the modal."""
        _acked(await self._slack.press_in_modal(view, me, action, value))

    async def submit(self, me: str, view: str, values: Values) -> None:
        """Submit the modal."""
        _acked(await self._slack.submit(view, me, values))

    async def close_modal(self, me: str, view: str, everything: bool = False) -> None:
        """Close the modal."""
        _acked(await self._slack.close_modal(view, me, all_views=everything))

    async def stop(self, me: str, channel: str, thread: str) -> None:
        """Press Stop below a thread."""
        self._place(me, channel)
        await self._slack.press_stop(channel, thread, me)

    async def shortcut(self, me: str, channel: str, ts: str, name: str) -> None:
        """Use a message shortcut."""
        _acked(await self._slack.shortcut(name, self._place(me, channel).id, ts, me))

    async def command(self, me: str, channel: str, name: str, text: str = "") -> None:
        """Type a slash command."""
        _acked(await self._slack.command(name, text, self._place(me, channel).id, me))

    async def open_dm(self, me: str) -> None:
        """Open the DM with the bot."""
        await self._slack.open_messages_tab(me)

    # -- the bot's process

    async def start_bot(self, me: str) -> None:
        """Start the bot where it has ended."""
        await self._world.bot.start()

    async def kill_bot(self, me: str) -> None:
        """Kill the bot, as an accident would."""
        await self._world.bot.kill()

    async def restart_bot(self, me: str) -> None:
        """Kill the bot and start it again."""
        await self._world.bot.kill()
        await asyncio.sleep(0)
        await self._world.bot.start()

    # -- what can go wrong, and time

    async def arm(self, me: str, name: str, method: str = "") -> None:
        """Switch a fault on."""
        await self._inspector.trouble.arm(name, method)

    async def disarm(self, me: str, name: str) -> None:
        """Switch a fault off."""
        self._inspector.trouble.disarm(name)

    async def put_forward(self, me: str, seconds: float) -> None:
        """Move the emulators' time on."""
        self._inspector.put_forward(seconds)


def _acked(acked: bool) -> None:
    if not acked:
        raise LookupError(NOT_ACKED)
