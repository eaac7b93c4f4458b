"""How the offline model misbehaves when it is told to: slow, broken, silent, without an end. Pure."""

from bot.playground.model import asking
from bot.playground.model.heard import State
from bot.playground.model.phrases import phrases
from bot.playground.model.reply import Pace, Reply
from bot.playground.openai.script import Control, Failed, Pause, Reset, Stall

TICK = 1.0  # seconds between two numbers
TICKS = 3600  # after which it is silent; every sensible RUN_TIMEOUT is over by then
FAILURE = Failed("server_error", "The offline model was told to fail.")


def misbehaved(state: State, pace: Pace) -> Reply | None:
    """The answer that goes wrong in the way that was asked for."""
    say, question = phrases(korean=state.korean), state.question
    if asking.FAIL.search(question):
        return Reply(say.failing, say.on_purpose, breaks=FAILURE)
    if asking.DROP.search(question):
        return Reply(say.dropping, say.on_purpose, breaks=Reset(then="completed"))
    if asking.STALL.search(question):
        return Reply(say.stalling, say.on_purpose, tail=(Stall(),))
    if asking.ENDLESS.search(question):
        return Reply(say.counting, say.on_purpose, tail=_counting(max(TICK, pace.word)))
    return None


def slowly(question: str) -> str | None:
    """The question without the wish to have it answered slowly; None where there is no such wish."""
    bare, found = asking.SLOWLY.subn("", question)
    return bare.strip() if found else None


def _counting(tick: float) -> tuple[str | Control, ...]:
    ticks = ((f" {number}", Pause(tick)) for number in range(1, TICKS + 1))
    return (*(piece for pair in ticks for piece in pair), Stall())
