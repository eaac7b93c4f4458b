"""Replicas: processes of the bot on one database, with both emulators, and who of them called whom."""

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.manifest import read_manifest
from bot.playground.clock import ShiftedClock
from bot.playground.openai import EmulatedOpenAI
from bot.playground.openai.script import Script, Text, Turn
from bot.playground.slack import EmulatedSlack
from bot.playground.slack.seen import SeenMessage
from tests.crash.nursery import Child, Nursery
from tests.postgres import Databases
from tests.replicas.address import MINE

MANIFEST = read_manifest()
LONG = os.environ.get("TEST_REPLICAS") == "long"
"""A real minute where a few seconds are enough otherwise, with the leases that people have."""

LEASE = 30 if LONG else 6  # seconds: a process that hardly gets the processor must not lose what it holds
PATIENCE = 250.0 if LONG else 90.0  # real seconds until a test is given up
MARK = re.compile(r"q\d+\.\d+")
"""What a message of these tests says: its thread's number, and its own in there."""

SESSIONS = """
    SELECT pid, state, wait_event_type, wait_event, now() - xact_start, now() - state_change, left(query, 150),
        pg_blocking_pids(pid)
    FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL
"""
FOR_NO_RUN = ("apps.connections.open", "auth.test", "GET /models/")
"""Calls that a process makes for itself."""


class Replica:
    """One process of the bot."""

    def __init__(self, number: int, log: Path) -> None:
        self.address = f"127.0.0.{10 + number}"
        self.log = log
        self.process: Child | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.process is not None:
            self.process.send_signal(number)

    async def ended(self) -> int:
        """Wait for its end; its exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        async with asyncio.timeout(PATIENCE):
            return await process.wait()

    async def kill(self) -> None:
        """Kill it as the kernel would."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def terminate(self) -> int:
        """Ask it to end; its exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    def said(self) -> str:
        """Its log."""
        return self.log.read_text()


class Fleet:
    """Both emulators, whose Slack can be put forward in time, a database, and as many replicas as are started."""

    def __init__(self, folder: Path, nursery: Nursery, databases: Databases) -> None:
        self.clock = ShiftedClock(SystemClock())
        self.slack = EmulatedSlack(self.clock, scopes=MANIFEST.scopes, subscribed=MANIFEST.events)
        self.openai = EmulatedOpenAI(SystemClock())
        self.openai.default = echo
        self.url = databases.migrated()
        self.environment: dict[str, str] = {}
        self.replicas: list[Replica] = []
        self.ann = self.slack.add_person("Ann Lee", display_name="Ann")
        self.channels = [self.slack.add_channel(f"room-{n}", members=(self.ann,)) for n in range(5)]
        self.threads: list[tuple[str, str]] = []
        self._said: Counter[int] = Counter()
        self._folder = folder
        self._nursery = nursery
        self._databases = databases

    # -- replicas

    async def start(self, count: int = 1, *, of: int | None = None) -> list[Replica]:
        """Start replicas that share Slack's rates among `of`, and wait until each takes events."""
        return list(await asyncio.gather(*(self._start(of or count) for _ in range(count))))

    async def _start(self, of: int) -> Replica:
        replica = Replica(len(self.replicas), self._folder / f"bot-{len(self.replicas)}.log")
        self.replicas.append(replica)
        environment = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "OPENAI_API_KEY": self.openai.api_key,
            "OPENAI_BASE_URL": self.openai.base_url,
            "DATABASE_URL": self.url,
            "SHUTDOWN_GRACE": "2",
            "LEASE_SECONDS": str(LEASE),
            "SLACK_BUDGET_SHARE": str(round(1 / of, 3)),
            MINE: replica.address,
            **self.environment,
        }
        with replica.log.open("ab") as log:
            replica.process = await self._nursery.start(["run"], self._folder, environment, log.fileno())
        async with asyncio.timeout(PATIENCE):
            line = await replica.process.stdout.readline()
        assert line == b"ready\n", replica.said()
        return replica

    def holder(self) -> Replica | None:
        """Whoever holds the lease of a run at the moment."""
        owners = self.rows("SELECT lease_owner FROM runs WHERE lease_owner IS NOT NULL ORDER BY created_at DESC")
        pids = [int(owner.split(":")[1]) for (owner,) in owners]
        return next((one for one in self.replicas if one.process and one.pid in pids), None)

    def others(self, replica: Replica) -> list[Replica]:
        """Those that run beside it."""
        return [one for one in self.replicas if one is not replica and one.process is not None]

    def calls_of(self, replica: Replica) -> list[str]:
        """What it has called for its work, in order."""
        slack = [
            (one.at - self.clock.ahead, one.method) for one in self.slack.calls if one.peer == replica.address
        ]
        openai = [
            (one.at, f"{one.method} {one.path}") for one in self.openai.requests if one.peer == replica.address
        ]
        return [name for _, name in sorted(slack + openai) if not name.startswith(FOR_NO_RUN)]

    # -- what happens

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once that holds; it is asked again after everything that happens, and now and then."""
        given_up = asyncio.get_running_loop().time() + PATIENCE
        while not holds():
            assert asyncio.get_running_loop().time() < given_up, self._told()
            with suppress(TimeoutError):
                await self.slack.wait_activity(self.slack.activity, 0.05)

    def _told(self) -> str:
        """What everybody said, for whoever reads why a test was given up."""
        runs = self.rows("SELECT id, status, attempt, lapses, lease_owner, error FROM runs")
        runs += self.rows("SELECT * FROM chores")
        runs += self.rows(SESSIONS)
        logs = [f"{replica.address} {replica.log.name}\n{replica.said()}" for replica in self.replicas]
        return "\n".join(map(str, [*runs, *self.slack.unacknowledged, self.slack.working(), *logs]))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        return [tuple(row) for row in self._databases.ask(self.url, query)]

    def statuses(self) -> list[str]:
        """The status of every run, oldest first."""
        return [str(status) for (status,) in self.rows("SELECT status FROM runs ORDER BY created_at")]

    async def mention(self, text: str = "", thread: int | None = None, files: Iterable[Any] = ()) -> int:
        """Ann mentions the bot in a thread, or in a new one; the thread's number."""
        if thread is None:
            thread = len(self.threads)
            self.threads.append((self.channels[thread % len(self.channels)], ""))
        channel, root = self.threads[thread]
        said = f"<@{self.slack.bot_user}> {text} q{thread}.{self._said[thread]}"
        self._said[thread] += 1
        subtype = "file_share" if files else None
        ts = await self.slack.post(channel, self.ann, said, thread_ts=root or None, files=files, subtype=subtype)
        self.threads[thread] = (channel, root or ts)
        return thread

    def answers(self, thread: int) -> list[SeenMessage]:
        """The bot's messages in a thread."""
        return self.slack.replies(*self.threads[thread])

    def asked(self, thread: int) -> list[str]:
        """The marks of all that was said in a thread."""
        return [f"q{thread}.{number}" for number in range(self._said[thread])]

    def answered(self, thread: int) -> list[str]:
        """The marks that the bot's messages in a thread tell, in order: see `echo`."""
        return [mark for answer in self.answers(thread) for mark in MARK.findall(answer.text)]

    def all_done(self) -> bool:
        """Whether nothing waits, runs, works or is to be acknowledged any more."""
        if self.slack.unacknowledged or self.slack.working():
            return False
        waits = (
            "SELECT 1 FROM messages WHERE state = 'waiting' UNION ALL SELECT 1 FROM runs WHERE finished_at IS NULL"
        )
        return not self.rows(waits) and all(self.answered(thread) for thread in range(len(self.threads)))

    def each_answered_once_in_order(self) -> None:
        """Every message was answered, once, after those before it, in whole messages; nothing works any more."""
        everywhere = range(len(self.threads))
        odd = {n: self.answered(n) for n in everywhere if self.answered(n) != self.asked(n)}
        assert not odd, f"{odd}\n{self._told()}"
        answers = [answer for n in everywhere for answer in self.answers(n)]
        assert not [answer.text for answer in answers if answer.streaming or not answer.text.endswith(END)]
        assert set(self.statuses()) == {"completed"}
        assert self.rows("SELECT count(*) FROM runs") == [(len(answers),)]
        assert self.slack.lost == []
        assert self.slack.working() == []


END = "That is all."


def echo(turn: Turn) -> Script:
    """An answer that tells which messages it is an answer to."""
    return Script(Text(f"I have read {', '.join(marks(turn))}. " + "And so on. " * 10 + END))


def marks(turn: Turn) -> Iterator[str]:
    """The marks in what the model is asked now, in order."""
    return iter(MARK.findall(str(turn.body.get("input", ""))))


@asynccontextmanager
async def served(fleet: Fleet) -> AsyncIterator[Fleet]:
    """A fleet whose emulators are served, and whose replicas are gone at the end."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(fleet.slack.serve())
        await stack.enter_async_context(fleet.openai.serve())
        try:
            yield fleet
        finally:
            await asyncio.gather(*(replica.kill() for replica in fleet.replicas))
