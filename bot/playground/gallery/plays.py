"""How a scene is played: people act, the program answers, and the thread is drawn."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.playground.drawing import draw_message, draw_status, draw_thread
from bot.playground.gallery.stage import BOT_NAME, Stage
from bot.playground.openai.script import Gate, Pause, Script, Text
from bot.playground.slack.records import slack_error
from bot.playground.slack.seen import SeenMessage
from bot.reply.closing import TRY_AGAIN

Play = Callable[[Stage], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: its name, what it shows, and how it comes about.

    `apart`: in a workspace of its own, as the program remembers for an hour what was lacking there, or because of
    `settings` that it has there.
    """

    name: str
    caption: str
    play: Play
    apart: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


# -- how scenes are played


def answer(question: str, *scripts: Script, unfolded: bool = False) -> Play:
    """Ann asks, and is answered."""

    async def play(stage: Stage) -> str:
        stage.openai.queue(*scripts)
        ts = await stage.mention(question)
        await stage.answered(ts)
        return drawn(stage, ts, unfolded=unfolded)

    return play


def halfway(question: str, script: Callable[[Gate], Script], holds: Callable[[list[SeenMessage]], object]) -> Play:
    """The moment at which that holds of the answers; what is behind the gate comes after the picture was taken."""

    async def play(stage: Stage) -> str:
        opened = asyncio.Event()
        stage.openai.queue(script(Gate(opened)))
        asked = len(stage.openai.creates)
        ts = await stage.mention(question)
        await stage.until(lambda: len(stage.openai.creates) > asked and holds(stage.answers(ts)))
        picture = drawn(stage, ts)
        opened.set()
        await stage.answered(ts)
        return picture

    return play


def conversation(*turns: tuple[str, Script]) -> Play:
    """Ann asks, and goes on in the thread without mentioning the bot again."""

    async def play(stage: Stage) -> str:
        thread = None
        for count, (said, script) in enumerate(turns, start=1):
            stage.openai.queue(script)
            thread = await _turn(stage, said, thread, count)
        return drawn(stage, thread or "")

    async def _turn(stage: Stage, said: str, thread: str | None, count: int) -> str:
        if thread is None:
            thread = await stage.mention(said)
        else:
            await stage.say(said, thread_ts=thread)
        await stage.answered(thread, count)
        return thread

    return play


def stopped(question: str, *said: str) -> Play:
    """Ann asks for something long, and presses Stop when the last of those pieces is there."""

    async def play(stage: Stage) -> str:
        pieces = [part for piece in said for part in (piece, Pause(1.0))]
        stage.openai.queue(Script(Text(deltas=[*pieces, Pause(30.0), "Never said."])))
        ts = await stage.mention(question)
        await stage.until(lambda: any(said[-1].strip() in one.text for one in stage.answers(ts)))
        await stage.slack.press_stop(stage.general, ts, stage.ann)
        await stage.answered(ts)
        return drawn(stage, ts)

    return play


def posted(question: str, script: Script) -> Play:
    """The same where streams cannot be begun for a moment."""

    async def play(stage: Stage) -> str:
        stage.slack.faults.add("chat.startStream", slack_error("ratelimited", status=429), times=1_000)
        try:
            return await answer(question, script)(stage)
        finally:
            stage.slack.faults.clear("chat.startStream")

    return play


def tried_twice(question: str, *scripts: Script) -> Play:
    """An answer fails, Ann lets it be tried again, and Bo presses the same button a moment later."""

    async def play(stage: Stage) -> str:
        opened = asyncio.Event()
        stage.openai.queue(*scripts, Script(Gate(opened), Text("Here it is.")))
        ts = await stage.mention(question)
        await stage.answered(ts)
        failed = stage.answers(ts)[0].ts
        for person in (stage.ann, stage.bo):
            await stage.meanwhile(stage.slack.press(stage.general, failed, person, TRY_AGAIN))
        await stage.until(lambda: stage.slack.ephemerals)
        thread = draw_thread(stage.slack.thread(stage.general, ts), stage.names)
        picture = thread + whispered(stage) + status(stage, ts)
        opened.set()
        await stage.answered(ts)
        return picture

    return play


def drawn(stage: Stage, ts: str, *, unfolded: bool = False) -> str:
    """The thread as it stands now, with what is shown below it."""
    messages = stage.slack.thread(stage.general, ts)
    return draw_thread(_unfolded(messages) if unfolded else messages, stage.names) + status(stage, ts)


def whispered(stage: Stage) -> str:
    """The newest message that only one person sees."""
    told = stage.slack.ephemerals[-1]
    heard = {"user": stage.slack.bot_user, "bot_id": stage.slack.bot_id, "ts": told.ts}
    return draw_message({**heard, "is_ephemeral": True, "text": told.text, "blocks": told.blocks}, stage.names)


def status(stage: Stage, ts: str) -> str:
    """The line below a thread that the bot works in; nothing where it does not."""
    if (stage.general, ts) not in stage.slack.working():
        return ""
    return draw_status(BOT_NAME, stage.slack.status_text(stage.general, ts) or "", can_stop=True)


def _unfolded(messages: Iterable[SeenMessage]) -> list[SeenMessage]:
    """The messages as they are after somebody opened what is folded in them."""
    return [
        replace(one, blocks=[{**block, "default_collapsed": False} for block in one.blocks]) for one in messages
    ]
