"""Plays in which somebody presses a button under an answer, or in which Slack offers less."""

import asyncio
from collections.abc import Callable
from typing import Any

from bot import words
from bot.playground.drawing import draw_view
from bot.playground.gallery.plays import Play, answer, drawn, halfway, whispered
from bot.playground.gallery.stage import Stage
from bot.playground.openai.script import Gate, Script
from bot.playground.slack.records import slack_error
from bot.reply.closing import DETAILS, FEEDBACK, FEEDBACK_DOWN, REGENERATE
from bot.reply.details import NEXT


def details(question: str, script: Script, *, turned: bool = False) -> Play:
    """Ann asks, and presses All details; the modal at its first page, or its second."""

    async def play(stage: Stage) -> str:
        ts = await _answered(stage, question, script)
        await press(stage, ts, DETAILS)
        await _filled(stage, words.DETAILS_LOADING)
        if turned:
            before = _modal(stage)
            await stage.meanwhile(stage.slack.press_in_modal(_open(stage).id, stage.ann, NEXT))
            await stage.until(lambda: _modal(stage) != before)
        return await _drawn_and_closed(stage)

    return play


def thumbed_down(question: str, script: Script) -> Play:
    """Ann asks, and presses the thumb down."""

    async def play(stage: Stage) -> str:
        ts = await _answered(stage, question, script)
        await press(stage, ts, FEEDBACK, FEEDBACK_DOWN)
        await stage.until(lambda: _modal(stage))
        return drawn(stage, ts) + await _drawn_and_closed(stage)

    return play


def regenerating(question: str, script: Script, anew: Callable[[Gate], Script]) -> Play:
    """Ann presses Regenerate, and the picture is taken when the new answer has begun to show."""

    async def play(stage: Stage) -> str:
        opened = asyncio.Event()
        ts = await _answered(stage, question, script)
        old = stage.answers(ts)[0].text
        stage.openai.queue(anew(Gate(opened)))
        await press(stage, ts, REGENERATE)
        await stage.until(lambda: len(stage.answers(ts)[0].text.strip()) > 1 and stage.answers(ts)[0].text != old)
        picture = drawn(stage, ts)
        opened.set()
        await stage.answered(ts)
        return picture

    return play


def changed_question(question: str, changed: str, script: Script) -> Play:
    """Ann changes her question after it was answered."""

    async def play(stage: Stage) -> str:
        ts = await _answered(stage, question, script)
        told = len(stage.slack.ephemerals)
        await stage.slack.edit(stage.general, ts, f"<@{stage.slack.bot_user}> {changed}")
        await stage.until(lambda: len(stage.slack.ephemerals) > told)
        return drawn(stage, ts) + whispered(stage)

    return play


def without_folding(question: str, script: Script) -> Play:
    """Slack finds the blocks under the answer too long."""

    async def play(stage: Stage) -> str:
        for method in ("chat.stopStream", "chat.update"):
            stage.slack.faults.add(method, slack_error("msg_blocks_too_long"))
        try:
            return await answer(question, script)(stage)
        finally:
            stage.slack.faults.clear("chat.update")

    return play


def without_streams(question: str, script: Callable[[Gate], Script]) -> Play:
    """Slack has no streams; the answer is half there."""

    async def play(stage: Stage) -> str:
        stage.slack.faults.always("chat.startStream", slack_error("unknown_method"))
        return await halfway(question, script, lambda said: said and "weeks" in said[0].text)(stage)

    return play


def without_sessions(question: str, script: Callable[[Gate], Script]) -> Play:
    """Slack has no sessions; the model has not said anything yet."""

    async def play(stage: Stage) -> str:
        stage.slack.agent = False
        return await halfway(question, script, lambda said: not said)(stage)

    return play


async def _answered(stage: Stage, question: str, script: Script) -> str:
    stage.openai.queue(script)
    ts = await stage.mention(question)
    await stage.answered(ts)
    return ts


async def press(stage: Stage, ts: str, action: str, value: str | None = None) -> None:
    """Let Ann press a button of the newest answer in a thread."""
    newest = stage.answers(ts)[-1].ts
    await stage.meanwhile(stage.slack.press(stage.general, newest, stage.ann, action, value))


def _open(stage: Stage) -> Any:
    modal = stage.slack.modal_of(stage.ann)
    if modal is None:
        raise LookupError("no modal is open")
    return modal


def _modal(stage: Stage) -> Any:
    modal = stage.slack.modal_of(stage.ann)
    return modal.view if modal else None


async def opened_modal(stage: Stage, loading: str) -> str:
    """The modal that Ann sees, once it says more than that; it is closed then."""
    await _filled(stage, loading)
    return await _drawn_and_closed(stage)


async def _filled(stage: Stage, loading: str) -> None:
    await stage.until(lambda: _modal(stage) and loading not in str(_modal(stage)))


async def _drawn_and_closed(stage: Stage) -> str:
    modal = _open(stage)
    picture = draw_view(modal.view, stage.names)
    await stage.meanwhile(stage.slack.close_modal(modal.id, stage.ann))
    return picture
