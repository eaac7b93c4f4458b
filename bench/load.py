"""Measures many answers at once: the real command, one process or several, between both emulators."""

import asyncio
import math
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bench.between import Between, for_the_bare, said, word_by_word
from bench.processes import Child, python
from bench.report import described, quantiles
from bot.playground.openai.script import Script, Text, Turn
from bot.playground.slack.seen import SeenMessage

CHANNELS = 10
WITHIN = 1.0  # seconds in which all of them ask
SETTLED = 1.0  # seconds after everything is whole, for what is written down after it
PATIENCE = 600.0  # seconds until a measurement is given up
LOOK_EVERY = 0.1  # seconds
NOTES = (
    "Real clock and processes over loopback, all on one machine: the emulators take their share of it.",
    "Everybody asks within one second, in ten channels, each in a new thread. The model speaks to all at once.",
    "Acks: from when Slack sends an event to when the acknowledgement is there. CPU: of all processes of the bot.",
    "The bare client makes the same requests to OpenAI, all at once, and only iterates over the streams.",
)


class Crowd(Between):
    """As many people as there are threads."""

    def __init__(self, threads: int, words: int, rate: float) -> None:
        self._spoken = word_by_word(words, rate)
        super().__init__(self._speak)
        people = [self.slack.add_person(f"Person {number}") for number in range(threads)]
        channels = [self.slack.add_channel(f"channel-{number}", members=people) for number in range(CHANNELS)]
        self._asking = [(channels[number % CHANNELS], person) for number, person in enumerate(people)]
        self.asked: list[tuple[str, str]] = []  # channel and ts of every question

    def _speak(self, _turn: Turn) -> Script:
        return Script(Text(deltas=self._spoken))

    @asynccontextmanager
    async def bot(self, folder: Path, database_url: str, share: float) -> AsyncIterator[Child]:
        """The command, ready."""
        async with self.command(folder, database_url, SLACK_BUDGET_SHARE=str(share)) as child:
            await child.ask("")
            yield child

    async def ask(self, question: str = "please count") -> None:
        """Let everybody ask, evenly within a second."""
        for channel, person in self._asking:
            asks = f"<@{self.slack.bot_user}> {question}"
            self.asked.append((channel, await self.slack.post(channel, person, asks)))
            await asyncio.sleep(WITHIN / len(self._asking))

    async def ask_at_once(self) -> None:
        """Let everybody ask in one moment."""
        hello = f"<@{self.slack.bot_user}> hi"
        await asyncio.gather(*(self.slack.post(channel, person, hello) for channel, person in self._asking))

    def answers(self) -> list[list[SeenMessage]]:
        """What stands below every question."""
        return [self.slack.replies(channel, ts) for channel, ts in self.asked]

    def is_quiet(self) -> bool:
        """Whether every question is answered and nothing is under way."""
        under_way = self.slack.working() or self.slack.unacknowledged
        answers = self.answers()
        return not under_way and all(replies and not any(one.streaming for one in replies) for replies in answers)

    def whole(self) -> int:
        """How many answers say exactly what the model said."""
        expected = said(self._spoken).split()
        return sum("".join(one.text for one in replies).split() == expected for replies in self.answers())

    def acks_ms(self) -> list[float]:
        """How long every event took to be acknowledged."""
        return [(one.acked_at - one.at) * 1000 for one in self.slack.envelopes if one.acked]

    def first_texts_s(self) -> list[float]:
        """How long after each question the first of its answer was on the screen."""
        shown: dict[str, float] = {}
        for call in self.slack.calls:
            thread = str(call.params.get("thread_ts", ""))
            text = call.params.get("text") or "markdown_text" in str(call.params)
            if call.executed and text and call.method in ("chat.startStream", "chat.postMessage"):
                shown.setdefault(thread, call.at)
        return [shown[ts] - float(ts) for _, ts in self.asked if ts in shown]


@asynccontextmanager
async def database(folder: Path, *, postgresql: bool) -> AsyncIterator[str]:
    """A new database: a file, or one on a server of its own."""
    if not postgresql:
        yield f"sqlite+aiosqlite:///{folder}/threadmate.db"
        return
    from tests.postgres import Databases, Server  # development alone has a server in a wheel

    server = await asyncio.to_thread(Server)
    try:
        yield await asyncio.to_thread(Databases(server.url("postgres")).empty)
    finally:
        await asyncio.to_thread(server.close)


async def measure_load(
    threads: int, processes: int, words: int, rate: float, *, postgresql: bool
) -> dict[str, Any]:
    """Measure that many questions at once, then the bare client with the same requests."""
    crowd = Crowd(threads, words, rate)
    sizes = {"threads": threads, "processes": processes, "words": words, "words_per_second": rate}
    where = "postgresql" if postgresql else "sqlite"
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = await stack.enter_async_context(database(folder, postgresql=postgresql))
        await stack.enter_async_context(crowd.slack.serve())
        await stack.enter_async_context(crowd.openai.serve())
        bots = [await stack.enter_async_context(crowd.bot(folder, url, 1 / processes)) for _ in range(processes)]
        await asyncio.sleep(SETTLED)
        measured = await _measured(crowd, bots)
        bare = await _bare(crowd, folder, threads, words / rate)
        spent = measured.pop("cpu_ms")
        measured["cpu_ms_per_answer"] = {
            "bot": spent / threads,
            "bare_openai_client": bare / threads,
            "ratio": spent / bare,
        }
        return described({"database": where, "sizes": sizes, **measured}, NOTES)


async def _measured(crowd: Crowd, bots: Sequence[Child]) -> dict[str, Any]:
    idle = [bot.memory_mib()[0] for bot in bots]
    cpu, began = sum(bot.cpu_ms() for bot in bots), crowd.clock.monotonic()
    await crowd.ask()
    async with asyncio.timeout(PATIENCE):
        while not crowd.is_quiet():  # noqa: ASYNC110 - all of the emulator is looked at, not one change of it
            await asyncio.sleep(LOOK_EVERY)
    took = crowd.clock.monotonic() - began
    await asyncio.sleep(SETTLED)
    peaks = [bot.memory_mib()[1] for bot in bots]
    calls = crowd.slack.calls
    return {
        "answers_whole": crowd.whole(),
        "sessions_left_working": len(crowd.slack.working()),
        "slack_calls_per_answer": len(calls) / len(crowd.asked),
        "slack_calls_429": sum(call.error == "ratelimited" for call in calls),
        "all_whole_after_s": took,
        "ack_ms": quantiles(crowd.acks_ms()),
        "first_text_s": quantiles(crowd.first_texts_s()),
        "cpu_ms": sum(bot.cpu_ms() for bot in bots) - cpu,
        "memory_mib": {"idle": max(idle), "above_idle": max(p - i for p, i in zip(peaks, idle, strict=True))},
    }


async def _bare(crowd: Crowd, folder: Path, streams: int, seconds: float) -> float:
    """Milliseconds of CPU that the bare client takes for as many streams at once; the first one is not counted."""
    async with python("-m", "bench.bare", folder=folder) as bare:
        for line in (for_the_bare(crowd), "stream"):
            await bare.ask(line, seconds)
        before = bare.cpu_ms()
        await bare.ask(f"streams {streams}", seconds + math.sqrt(streams))
        return bare.cpu_ms() - before


async def measure_events(events: int, *, postgresql: bool) -> dict[str, Any]:
    """Measure how soon a burst is acknowledged: so many questions at once, in as many threads."""
    crowd = Crowd(events, 5, 1000)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = await stack.enter_async_context(database(folder, postgresql=postgresql))
        await stack.enter_async_context(crowd.slack.serve())
        await stack.enter_async_context(crowd.openai.serve())
        await stack.enter_async_context(crowd.bot(folder, url, 1))
        await crowd.ask_at_once()
        async with asyncio.timeout(PATIENCE):
            while crowd.slack.unacknowledged:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(LOOK_EVERY)
        where = "postgresql" if postgresql else "sqlite"
        found = {"database": where, "sizes": {"events": events}, "ack_ms": quantiles(crowd.acks_ms())}
        return described(found, NOTES[:1])
