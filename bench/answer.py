"""Measures streamed answers: the real command between both emulators, and beside it the bare SDKs."""

import asyncio
import math
import tempfile
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.between import Between, for_the_bare, said, word_by_word
from bench.processes import Child, python
from bench.report import Measured, figures
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, Script, Text, Turn
from bot.playground.slack.rates import PER_MINUTE
from bot.playground.slack.records import Call

THINKING = 0.1  # seconds from the request to the model's first word
SETTLED = 0.25  # seconds after Slack shows the whole answer, for what is written down after it
PATIENCE = 30.0  # seconds beyond the speaking itself, until an answer is given up
STARTS, WINDOW = 18, 62.0  # answers in that many seconds: the bot may begin 20 streams a minute


class Bench(Between):
    """Somebody who asks the bot."""

    def __init__(self, words: int, rate: float, slack_ms: float) -> None:
        super().__init__(self._speak)
        self._spoken, self._seconds = word_by_word(words, rate), words / rate
        self._ann = self.slack.add_person("Ann Lee")
        self._general = self.slack.add_channel("general", members=(self._ann,))
        self._first_words: list[float] = []  # epoch seconds, each just before it is sent
        self._starts: deque[float] = deque(maxlen=STARTS)
        for method in PER_MINUTE if slack_ms else ():
            self.slack.faults.always(method, Fault(FaultKind.DELAY, seconds=slack_ms / 1000))

    def _speak(self, _turn: Turn) -> Script:
        """The model thinks, then says one word after the other."""
        thought = asyncio.Event()
        asyncio.get_running_loop().call_later(THINKING, self._begin, thought)
        return Script(Text(deltas=[Gate(thought), *self._spoken]))

    def _begin(self, thought: asyncio.Event) -> None:
        self._first_words.append(self.clock.time())
        thought.set()

    async def answer(self, bot: Child) -> Measured:
        """Ask in a thread of its own, and measure until the answer is whole and everything is quiet again."""
        if len(self._starts) == STARTS:
            await asyncio.sleep(max(0.0, self._starts[0] + WINDOW - self.clock.monotonic()))
        self._starts.append(self.clock.monotonic())
        calls, words, cpu = len(self.slack.calls), len(self._first_words), bot.cpu_ms()
        ts = await self.slack.post(self._general, self._ann, f"<@{self.slack.bot_user}> please count")
        await self.slack.until(lambda: self._is_answered(ts), PATIENCE + self._seconds)
        await asyncio.sleep(SETTLED)
        spent, made = bot.cpu_ms() - cpu, self.slack.calls[calls:]
        (first_word,) = self._first_words[words:]
        shown = "".join(reply.text for reply in self.slack.replies(self._general, ts))
        return Measured(
            delay_ms=(_shown_at(made) - first_word) * 1000,
            cpu_ms=spent,
            methods=tuple(call.method for call in made),
            refused=sum(not call.executed for call in made),
            whole=shown.split() == said(self._spoken).split(),
        )

    def _is_answered(self, ts: str) -> bool:
        replies = self.slack.replies(self._general, ts)
        under_way = self.slack.working() or self.slack.unacknowledged
        return bool(replies) and not any(reply.streaming for reply in replies) and not under_way


def _shown_at(calls: Sequence[Call]) -> float:
    """Epoch seconds at which Slack executed the first call that puts text on the screen."""
    made = (call for call in calls if call.executed and call.method.startswith("chat."))
    return next(
        (call.at for call in made if call.params.get("text") or "markdown_text" in str(call.params)), math.nan
    )


async def measure(answers: int, words: int, rate: float, slack_ms: float) -> dict[str, Any]:
    """Measure that many answers, and as often the bare SDKs in between; what comes first is not counted."""
    sizes = {"answers": answers, "words": words, "words_per_second": rate, "slack_ms": slack_ms}
    bench = Bench(words, rate, slack_ms)
    measured, bare_cpu_ms, slack_call_ms = [], [], []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await stack.enter_async_context(bench.slack.serve())
        await stack.enter_async_context(bench.openai.serve())
        bot = await stack.enter_async_context(bench.command(folder))
        await bot.ask("")  # it says that it is ready
        await asyncio.sleep(SETTLED)
        idle, _ = bot.memory_mib()
        first = await bench.answer(bot)
        bare = await stack.enter_async_context(python("-m", "bench.bare", folder=folder))
        for line in (for_the_bare(bench), "stream", "slack"):
            await bare.ask(line, words / rate)
        for _ in range(answers):
            measured.append(await bench.answer(bot))
            before = bare.cpu_ms()
            await bare.ask("stream", words / rate)
            bare_cpu_ms.append(bare.cpu_ms() - before)
            slack_call_ms.append(float(await bare.ask("slack")))
        return figures(sizes, first, measured, bare_cpu_ms, slack_call_ms, (idle, *bot.memory_mib()))
