"""Plays in which functions are called, people are asked before, and questions are asked with options."""

from collections.abc import Awaitable, Callable

from bot import setting_words, words
from bot.playground.gallery.plays import Play, drawn
from bot.playground.gallery.presses import opened_modal, press
from bot.playground.gallery.stage import Stage
from bot.playground.openai.script import FunctionCall, Script, Text
from bot.reply.approval import APPROVE, DENY
from bot.reply.closing import DETAILS

QUESTION = "refund order 4711: the handle is broken"
ARGUMENTS = {"number": 4711, "reason": "the handle is broken"}
CALL = "call_1"
LEFT = "As you wish: nothing is paid back."


def asked() -> Play:
    """A refund is wanted, and nobody has decided yet."""
    return _waiting(lambda stage, ts: _nothing())


def reminded() -> Play:
    """Bo goes on in the thread meanwhile."""

    async def meanwhile(stage: Stage, ts: str) -> None:
        await stage.mention("and when is it delivered?", user=stage.bo, thread_ts=ts)
        await stage.until(lambda: len(stage.answers(ts)) > 1)

    return _waiting(meanwhile, Script(Text("On Friday.")))


def decided(said: str, *, approve: bool) -> Play:
    """Ann decides; the steps are unfolded."""

    async def play(stage: Stage) -> str:
        ts = await _wanted(stage)
        stage.openai.queue(Script(Text(said)))
        await _decide(stage, ts, approve=approve)
        return drawn(stage, ts, unfolded=True)

    return play


def expired() -> Play:
    """Nobody decides in time."""

    async def play(stage: Stage) -> str:
        stage.openai.queue(Script(FunctionCall("refund", ARGUMENTS, CALL)))
        ts = await stage.mention(QUESTION)
        await stage.until(lambda: stage.answers(ts) and words.NOBODY_DECIDED in str(stage.answers(ts)[0].blocks))
        await stage.settled()
        return drawn(stage, ts, unfolded=True)

    return play


def called(question: str, name: str, said: str, *, details: bool = False, **arguments: object) -> Play:
    """A function is called without anybody being asked; the steps unfolded, or all their details."""

    async def play(stage: Stage) -> str:
        stage.openai.queue(Script(FunctionCall(name, arguments, CALL)), Script(Text(said)))
        ts = await stage.mention(question)
        await stage.answered(ts)
        if not details:
            return drawn(stage, ts, unfolded=True)
        await press(stage, ts, DETAILS)
        return await opened_modal(stage, words.DETAILS_LOADING)

    return play


def with_options(shortcut: str, *, chosen: bool = False) -> Play:
    """Ann opens a modal at a message; or has asked with it, and been answered."""

    async def play(stage: Stage) -> str:
        ts = await stage.say("The new teapots drip.")
        await stage.meanwhile(stage.slack.shortcut(shortcut, stage.general, ts, stage.ann))
        if not chosen:
            return await opened_modal(stage, setting_words.LOADING)
        await stage.until(lambda: "question" in str(stage.slack.modal_of(stage.ann)))
        modal = stage.slack.modal_of(stage.ann)
        assert modal is not None  # noqa: S101 - it was just there
        stage.openai.queue(Script(Text("**Pour faster**, or tilt it further: it drips when the stream is thin.")))
        wanted = {"question": "How do we stop that?", "extra": "In one sentence."}
        values = {name: {"text": text} for name, text in wanted.items()}
        await stage.meanwhile(stage.slack.submit(modal.id, stage.ann, values))
        await stage.answered(ts)
        return drawn(stage, ts)

    return play


def _waiting(meanwhile: Callable[[Stage, str], Awaitable[None]], *then: Script) -> Play:
    async def play(stage: Stage) -> str:
        ts = await _wanted(stage)
        await meanwhile(stage, ts)
        picture = drawn(stage, ts)
        scripts, asked = (Script(Text(LEFT)), *then), len(stage.openai.creates)
        stage.openai.queue(*scripts)
        await _decide(stage, ts, approve=False)
        await stage.until(lambda: len(stage.openai.creates) == asked + len(scripts))
        await stage.settled()  # or what is left of this scene would be answered by the next one's scripts
        return picture

    return play


async def _nothing() -> None:
    """Nothing happens meanwhile."""


async def _wanted(stage: Stage) -> str:
    """A thread in which a refund has to be decided about."""
    stage.openai.queue(Script(FunctionCall("refund", ARGUMENTS, CALL)))
    ts = await stage.mention(QUESTION)
    await stage.until(lambda: any(APPROVE in str(one.blocks) for one in stage.answers(ts)))
    await stage.settled()
    return ts


async def _decide(stage: Stage, ts: str, *, approve: bool) -> None:
    first = stage.answers(ts)[0].ts
    action = APPROVE if approve else DENY
    await stage.meanwhile(stage.slack.press(stage.general, first, stage.ann, action, CALL))
    await stage.until(lambda: APPROVE not in str(stage.answers(ts)[0].blocks))
    await stage.settled()
