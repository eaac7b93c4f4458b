"""Every way an answer can reach the screen ends with the same content, and notifies once per message.

What each way does stands in docs/notifications.md; the table there is compared with what happens here.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from bot import words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import CodeInterpreter, FileCitation, FileSearch, Pause, Script, Text
from bot.playground.slack.records import slack_error
from bot.playground.slack.seen import SeenMessage
from tests.scenario.world import World, actions, block_types, said_below

DOCUMENT = Path(__file__).parents[2] / "docs/notifications.md"

TOOLS = {
    "assistant_tools": "file_search,code_interpreter",
    "vector_store_ids": "vs_1",
    "shutdown_grace": 0,
}
PIECES = (
    "The handbook says **30 days**. ",
    "As <code> & in a table:\n\n",
    "| year | days |\n|---|--:|\n| 2026 | 30 |\n\n",
    "```python\nprint(30 < 40)\n```\n\n",
    "Ask [HR](https://hr.example) for more.",
)
WHOLE = "".join(PIECES)
CITED = (FileCitation("file-1", "handbook.pdf"),)


def told(*pieces: str | Pause) -> Script:
    """The same answer, however it comes."""
    searched = FileSearch(["vacation <!channel>"], [("file-1", "handbook.pdf", 0.9, "Everybody gets 30 days.")])
    return Script(searched, CodeInterpreter("print(30 < 40)", "True"), Text(deltas=pieces, annotations=CITED))


def slowly(seconds: float = 2.0) -> Script:
    """That answer, piece by piece."""
    return told(*(part for piece in PIECES for part in (piece, Pause(seconds))))


Happening = Callable[["World"], object]


@dataclass(frozen=True)
class Asked:
    """A question in a channel of its own, so that what Slack lacks there is remembered for no other."""

    world: World
    channel: str
    ts: str

    @property
    def answers(self) -> list[SeenMessage]:
        """Our messages there."""
        return self.world.answers(self.ts, self.channel)

    async def begun(self) -> None:
        """Wait until something is on the screen."""
        await self.world.until(lambda: self.answers)

    async def whole(self, count: int = 1) -> None:
        """Wait until the answer is whole."""
        await self.world.until(self.world.answered(self.ts, self.channel, count))

    @property
    def calls(self) -> str:
        """The calls for it, without appends: equal ones in a row once, refused ones in parentheses."""
        named = [
            call.method.removeprefix("chat.") if call.executed else f"({call.method.removeprefix('chat.')})"
            for call in self.world.slack.calls
            if call.method.startswith("chat.")
            and call.params.get("channel") == self.channel
            and call.method != "chat.appendStream"
        ]
        return ", ".join(name for name, _ in groupby(named))

    @property
    def notified(self) -> int:
        """How often people were notified."""
        return len([one for one in self.world.slack.notifications if one.channel == self.channel])


async def ask(world: World, script: Script) -> Asked:
    """Let Ann ask in a new channel."""
    world.openai.default = lambda _turn: script
    channel = world.slack.add_channel("general", members=(world.ann, world.bo))
    return Asked(world, channel, await world.slack.post(channel, world.ann, f"{world.at_bot} how many days?"))


def refused(method: str, error: str) -> Happening:
    """Slack refuses the next call of that method."""
    return lambda world: world.slack.faults.add(method, slack_error(error))


def lost(method: str) -> Happening:
    """The answer to the next call of that method is lost, the call being executed."""
    return lambda world: world.slack.faults.add(method, Fault(FaultKind.RESET_AFTER))


def both(*faults: Happening) -> Happening:
    """All of those."""

    def happen(world: World) -> None:
        for fault in faults:
            fault(world)

    return happen


def well(_world: World) -> None:
    """Nothing goes wrong."""


Way = Callable[[World], Awaitable[Asked]]
NO_STREAMS = refused("chat.startStream", "channel_type_not_supported")


def path(fault: Happening, script: Script | None = None) -> Way:
    """A path on which that fault happens."""

    async def walk(world: World) -> Asked:
        fault(world)
        asked = await ask(world, script or slowly())
        await asked.whole()
        return asked

    return walk


async def older_than_four_minutes(world: World) -> Asked:
    """The model pauses for long in the middle."""
    asked = await ask(
        world, told(PIECES[0], Pause(238.0), *(part for one in PIECES[1:] for part in (one, Pause(2))))
    )
    await asked.begun()
    await world.clock.advance(230.0)
    await asked.whole()
    return asked


async def ended_by_slack(world: World) -> Asked:
    """Slack ends the stream early, as it does with every stream after five minutes."""
    asked = await ask(world, slowly(4.0))
    await asked.begun()
    place = world.slack.channels[asked.channel]
    world.slack.end_stream(place, next(m for m in place.messages.values() if m.stream), "processing")
    await asked.whole()
    return asked


async def another_process(world: World, stack: AsyncExitStack) -> Asked:
    """The process is told to stop in the middle of the answer, and another one goes on."""
    asked = await ask(world, slowly())
    await asked.begun()
    await stack.aclose()
    await stack.enter_async_context(world.running())
    await world.until(lambda: actions(asked.answers[-1]))
    await asked.whole()
    return asked


PATHS: dict[str, Way] = {
    "streamed": path(well),
    "streamed, one append lost": path(lost("chat.appendStream")),
    "streamed, the start lost": path(lost("chat.startStream")),
    "streamed, the end lost": path(lost("chat.stopStream")),
    "streamed, one append too long": path(refused("chat.appendStream", "msg_too_long")),
    "streamed, the end too long": path(refused("chat.stopStream", "msg_too_long")),
    "streamed, the blocks of the end refused": path(refused("chat.stopStream", "invalid_blocks")),
    "streamed, ended by Slack": ended_by_slack,
    "streamed, older than 240 seconds": older_than_four_minutes,
    "posted and edited": path(NO_STREAMS),
    "posted and edited, the post lost": path(both(NO_STREAMS, lost("chat.postMessage"))),
}
ANOTHER_PROCESS = "begun by another process"
WITHOUT_A_SENTENCE = "posted whole"


def content(messages: list[SeenMessage]) -> list[Any]:
    """What people see of an answer when it has ended: all but the live task cards of a stream, and durations."""
    return [
        _without_durations([b for b in one.blocks if b["type"] not in {"plan", "task_card"}]) for one in messages
    ]


def _without_durations(value: Any) -> Any:
    """A process that was not there when a step ran does not know how long it took."""
    if isinstance(value, dict):
        return {key: _without_durations(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_durations(part) for part in value]
    return re.sub(r" · (?:\d+ min )?\d+(?:\.\d+)? s\b", "", value) if isinstance(value, str) else value


def documented() -> dict[str, tuple[str, int]]:
    """The tables of the document: by path, the calls and the notifications."""
    rows = re.findall(r"^\| ([^|]+?) \| `([^|]+)` \| (\d+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (calls, int(count)) for name, calls, count in rows}


async def test_every_path_ends_with_the_same_content(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    walked: dict[str, Asked] = {}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(world.running())
        for name, walk in PATHS.items():
            walked[name] = await walk(world)
        walked[ANOTHER_PROCESS] = await another_process(world, stack)
        short = await path(well, told("Thirty ", Pause(2.0), "days"))(world)
        whole = await path(NO_STREAMS, told("Thirty ", Pause(2.0), "days"))(world)
    streamed = walked["streamed"].answers
    assert streamed[0].text == WHOLE
    assert block_types(streamed[0])[:2] == ["plan", "markdown"]
    assert "container" in block_types(streamed[0])
    assert "feedback" in actions(streamed[0])
    assert "handbook.pdf" in str(streamed[0].blocks[2:])
    for name, asked in walked.items():
        assert content(asked.answers) == content(streamed), name
        assert not any(answer.streaming or answer.error_pill for answer in asked.answers), name
    assert short.answers[0].text == "Thirty days"
    assert content(whole.answers) == content(short.answers)
    walked[WITHOUT_A_SENTENCE] = whole
    table = documented()
    assert {name: (asked.calls, asked.notified) for name, asked in walked.items()} == {
        name: table[name] for name in walked
    }


# -- other ends


async def stopped(world: World) -> Asked:
    """Somebody presses Slack's Stop button."""
    asked = await ask(world, told(PIECES[0], Pause(100.0)))
    await asked.begun()
    await world.slack.press_stop(asked.channel, asked.ts, world.bo)
    await asked.whole()
    return asked


async def stopped_by_our_button(world: World) -> Asked:
    """Somebody presses the Stop button under a posted message."""
    NO_STREAMS(world)
    asked = await ask(world, told(PIECES[0], Pause(100.0)))
    await asked.begun()
    assert await world.meanwhile(world.slack.press(asked.channel, asked.answers[0].ts, world.bo, "stop"))
    await world.until(lambda: actions(asked.answers[0]) == {"try_again"})
    await asked.whole()
    return asked


async def question_deleted(world: World) -> Asked:
    """Its author deletes the question while it is being answered."""
    asked = await ask(world, told(PIECES[0], Pause(100.0)))
    await asked.begun()
    await world.slack.delete(asked.channel, asked.ts)
    await world.until(lambda: not asked.answers and not world.bot_is_busy())
    return asked


async def question_edited(world: World) -> Asked:
    """Its author edits the question while it is being answered."""
    asked = await ask(world, told(PIECES[0], Pause(100.0)))
    await asked.begun()
    world.openai.default = lambda _turn: slowly()
    await world.slack.edit(asked.channel, asked.ts, f"{world.at_bot} how many days, please?")
    await world.until(lambda: actions(asked.answers[-1]))
    await asked.whole()
    return asked


async def two_messages(world: World) -> Asked:
    """The answer is longer than one message."""
    paragraphs = [f"Paragraph {number}. {'It goes on. ' * 30}\n\n" for number in range(30)]
    pieces = [part for one in paragraphs for part in (one, Pause(0.5))]
    asked = await ask(world, Script(Text(deltas=pieces)))
    await asked.whole(2)
    assert "".join(answer.text for answer in asked.answers) == "".join(paragraphs)
    return asked


async def bare_mention(world: World) -> Asked:
    """Somebody mentions the bot and says nothing: it says hello."""
    channel = world.slack.add_channel("general", members=(world.ann,))
    asked = Asked(world, channel, await world.slack.post(channel, world.ann, world.at_bot))
    await asked.whole()
    return asked


async def files_without_a_word(world: World) -> Asked:
    """Somebody posts a file and says nothing: it says what is ready."""
    channel = world.slack.add_channel("general", members=(world.ann,))
    asked = Asked(world, channel, await world.drop("rules.md", "Be kind.", channel=channel))
    await asked.whole()
    return asked


async def question_pressed(world: World) -> Asked:
    """Somebody presses a question under that."""
    asked = await files_without_a_word(world)
    world.openai.default = lambda _turn: Script(Text("Be kind."))
    await world.slack.press(asked.channel, asked.answers[0].ts, world.ann, "ask_0")
    await asked.whole(3)
    return asked


async def files_made(world: World) -> Asked:
    """Code writes a file, which is posted below the answer."""
    asked = await ask(world, Script(CodeInterpreter("make()", files={"/mnt/data/a.csv": b"1,2"}), Text("Done.")))
    await asked.whole(2)
    return asked


ENDS: dict[str, Way] = {
    "stopped, streamed": stopped,
    "stopped, posted": stopped_by_our_button,
    "failed in the middle": path(well, Script(Text(deltas=[PIECES[0], Pause(2.0)]), status="failed")),
    "failed before a word": path(well, Script(status="failed")),
    "blocks refused twice": path(
        both(refused("chat.stopStream", "invalid_blocks"), refused("chat.update", "invalid_blocks"))
    ),
    "the question edited": question_edited,
    "the question deleted": question_deleted,
    "two messages": two_messages,
    "a bare mention": bare_mention,
    "files without a word": files_without_a_word,
    "a question pressed": question_pressed,
    "files made by code": files_made,
}


async def test_every_end_notifies_as_the_table_says(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    walked: dict[str, Asked] = {}
    async with world.running():
        for name, walk in ENDS.items():
            walked[name] = await walk(world)
    table = documented()
    assert {name: (asked.calls, asked.notified) for name, asked in walked.items()} == {
        name: table[name] for name in walked
    }
    assert set(table) == {*PATHS, ANOTHER_PROCESS, WITHOUT_A_SENTENCE, *ENDS}
    (answer,) = walked["stopped, streamed"].answers
    assert answer.text == PIECES[0]
    assert said_below(answer) == ["Stopped by Bo."]
    assert actions(answer) == {"try_again"}
    assert content(walked["stopped, posted"].answers) == content([answer])


async def test_steps_that_slack_refuses_to_show_come_by_a_button(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        (answer,) = (await ENDS["blocks refused twice"](world)).answers
    assert answer.text.startswith(WHOLE)
    assert "container" not in block_types(answer)
    (button,) = [block["elements"][0] for block in answer.blocks if block["type"] == "actions"]
    assert button["text"]["text"] == words.SHOW_STEPS
