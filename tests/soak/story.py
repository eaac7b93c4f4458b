"""Acts the plan: people say, change, delete and press, and things go wrong."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass

from bot.playground.faults import Fault
from bot.playground.slack.records import Message
from bot.playground.slack.seen import SeenMessage, seen
from bot.signals import cancelled
from tests.faults.proxy import Proxy
from tests.scenario.world import actions
from tests.soak import trouble
from tests.soak.model import Model
from tests.soak.plan import CHANNELS, PEOPLE, Delete, Edit, Happening, Kind, Press, Say, Trouble, Wrong
from tests.soak.stage import Stage

RECENT = 150  # messages of a channel among which somebody looks for a button


@dataclass(slots=True)
class Posted:
    """What somebody said, as it is in Slack."""

    say: Say
    channel: str
    user: str
    ts: str
    root: str
    for_us: bool | None  # None: it depends on what the bot had heard before
    deleted: bool = False


class Story:
    """One soak, from the first message to the last trouble."""

    def __init__(self, stage: Stage, seed: int, happenings: list[Happening]) -> None:
        self.posted: dict[int, Posted] = {}
        self.stops: Counter[tuple[str, str]] = Counter()  # by thread
        self.done = False
        self.counts: Counter[str] = Counter()
        self._stage, self._slack, self._happenings = stage, stage.slack, happenings
        self._chance = random.Random(seed)
        self._people = [self._slack.add_person(f"Person {n}", display_name=f"P{n}") for n in range(PEOPLE)]
        self._channels = [self._slack.add_channel(f"room-{n}", members=self._people) for n in range(CHANNELS)]
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults: list[Fault] = []
        self._refusing: set[Proxy] = set()
        self._power = asyncio.Lock()
        stage.openai.default = Model(seed)

    async def tell(self) -> None:
        """Let everything happen at its time; then take back what has not gone wrong yet."""
        began = self._stage.clock.time()
        for one in self._happenings:
            await self._stage.clock.sleep(began + one.at - self._stage.clock.time())
            self._happens(one)
            await asyncio.sleep(0)
        await asyncio.gather(*self._tasks)
        for fault in self._faults:
            fault.released.set()
            self._slack.faults.take_back(fault)
            self._stage.openai.faults.take_back(fault)
        await self._stage.start()
        self.done = True

    async def break_off(self) -> None:
        """Stop telling."""
        await cancelled(self._tasks)

    def _happens(self, one: Happening) -> None:
        doing = {
            Say: self._say,
            Edit: self._edit,
            Delete: self._delete,
            Press: self._press,
            Trouble: self._trouble,
        }
        self.counts[one.wrong if isinstance(one, Trouble) else type(one).__name__.lower()] += 1
        task = asyncio.create_task(doing[type(one)](one))  # type: ignore[operator]
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)  # one that failed stays, so that whoever waits for all of them hears it

    # -- people

    async def _say(self, say: Say) -> None:
        user = self._people[say.person]
        channel = self._slack.dm(user) if say.channel < 0 else self._channels[say.channel]
        root = self._root_of(say, channel)
        mention = say.kind in (Kind.MENTION, Kind.REPLY) or (say.kind is Kind.FOLLOW_UP and root is None)
        for_us: bool | None = say.kind is not Kind.CHATTER
        if say.kind is Kind.FOLLOW_UP and not mention:
            for_us = True if self._follows(channel, str(root), user) else None
        text = f"{f'<@{self._slack.bot_user}> ' if mention else ''}q{say.number:05} what is this about?"
        ts = await self._slack.post(channel, user, text, thread_ts=root)
        self.posted[say.number] = Posted(say, channel, user, ts, root or ts, for_us)

    def _root_of(self, say: Say, channel: str) -> str | None:
        root = self.posted.get(say.under or 0)
        return root.ts if root is not None and root.ts in self._slack.channels[channel].messages else None

    def _follows(self, channel: str, root: str, user: str) -> bool:
        query = "SELECT following FROM threads WHERE channel = ? AND thread_ts = ?"
        return [row["following"] for row in self._stage.rows(query, channel, root)] == [user]

    async def _edit(self, edit: Edit) -> None:
        one = self.posted[edit.number]
        if not one.deleted:
            text = self._message(one).text
            await self._slack.edit(one.channel, one.ts, f"{text} And why?")

    async def _delete(self, delete: Delete) -> None:
        one = self.posted[delete.number]
        if not one.deleted:
            one.deleted = True
            await self._slack.delete(one.channel, one.ts)

    def _message(self, one: Posted) -> Message:
        return self._slack.channels[one.channel].messages[one.ts]

    async def _press(self, press: Press) -> None:
        if press.button == "stop":
            working = sorted(self._slack.working())
            if working:
                channel, thread = working[press.pick % len(working)]
                self.stops[channel, thread] += 1
                await self._slack.press_stop(channel, thread, self._people[0])
            return
        if shown := self._showing(press.button):
            channel, ts = shown[press.pick % len(shown)]
            self.counts[f"{press.button} pressed"] += 1
            await self._slack.press(channel, ts, self._people[0], press.button)

    def _showing(self, button: str) -> list[tuple[str, str]]:
        """Our messages in channels that show such a button."""
        return [
            (channel, message.ts)
            for channel in self._channels
            for message in self._own(channel)[-RECENT:]
            if button in actions(message)
        ]

    def _own(self, channel: str) -> list[SeenMessage]:
        place = self._slack.channels[channel]
        ours = [one for one in place.messages.values() if one.user == self._slack.bot_user]
        return [seen(self._slack, place, one) for one in ours[-RECENT:]]

    # -- what goes wrong

    async def _trouble(self, one: Trouble) -> None:
        match one.wrong:
            case Wrong.KILL | Wrong.RESTART:
                await self._end_process(one)
            case Wrong.DROP_SOCKETS:
                await self._slack.drop_sockets()
            case Wrong.ASK_TO_RECONNECT:
                await self._slack.disconnect()
            case Wrong.LOSE_ACKS | Wrong.NO_SOCKETS:
                await self._deaf(one)
            case Wrong.KILL_LINES:
                self._line(one).kill()
            case Wrong.REFUSE:
                await self._refuse(one)
            case Wrong.CALL:
                self._fault(one)
            case Wrong.TWICE:
                await self._twice()

    async def _end_process(self, one: Trouble) -> None:
        if self._power.locked():
            return
        async with self._power:
            if one.wrong is Wrong.KILL:
                await self._stage.kill()
                await self._stage.clock.sleep(one.amount)
            else:
                await self._stage.stop()
            await self._stage.start()

    async def _deaf(self, one: Trouble) -> None:
        if one.wrong is Wrong.LOSE_ACKS:
            self._slack.hold_acks = True
            await self._stage.clock.sleep(one.amount)
            self._slack.hold_acks = False
            return
        self._slack.refuse_sockets = True
        await self._slack.drop_sockets()
        await self._stage.clock.sleep(one.amount)
        self._slack.refuse_sockets = False

    def _line(self, one: Trouble) -> Proxy:
        proxy: Proxy = getattr(self._stage.lines, one.service)
        return proxy

    async def _refuse(self, one: Trouble) -> None:
        proxy = self._line(one)
        if proxy in self._refusing:
            return
        self._refusing.add(proxy)
        await proxy.refuse()
        proxy.kill()
        await self._stage.clock.sleep(one.amount)
        await proxy.accept()
        self._refusing.discard(proxy)

    def _fault(self, one: Trouble) -> None:
        pick = self._chance.randrange(1000)
        if one.service == "slack":
            self._faults.append(trouble.on_slack(self._slack, one.fault, one.amount, pick))
        elif one.service == "openai":
            self._faults.append(trouble.on_openai(self._stage.openai, one.fault, one.amount, pick))
        else:
            self._faults.append(trouble.on_an_envelope(self._slack, one.fault, one.amount))

    async def _twice(self) -> None:
        delivered = [one for one in self._slack.envelopes[-40:] if one.type == "events_api"]
        if delivered:
            event = self._chance.choice(delivered).payload["event"]
            await self._slack.send_event(event, redeliver_as_new=self._chance.random() < 0.5)
