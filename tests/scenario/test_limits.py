"""Every limit of Slack's that a reply could meet, at its edge; and whatever comes, nothing is lost or doubled.

The limits: reference/slack-platform.md §§2.1–2.4, 3.1, 3.2.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from bot.assistant.events import Step, StepStatus, StepType
from bot.playground.faults import Fault, FaultKind
from bot.playground.slack.records import rate_limited, slack_error
from bot.playground.slack.seen import SeenMessage
from bot.reply.layout import MARKDOWN_CHARS, MESSAGE_BYTES, TASK_BYTES
from bot.reply.markdown import safe
from bot.reply.transcript import TimedStep
from tests.scenario.pen import FEEDBACK, Pen, markdown_of, pen_in
from tests.scenario.world import actions, block_types
from tests.unit.test_split import left_open

ROOM = MESSAGE_BYTES - TASK_BYTES


@pytest.fixture
async def pen(tmp_path: Path) -> AsyncIterator[Pen]:
    async with pen_in(tmp_path) as made:
        yield made


def tasks(message: SeenMessage) -> int:
    """The bytes of its task cards."""
    return sum(len(title.encode()) for title, _ in message.tasks)


def step(number: int, kind: StepType = StepType.FILE_SEARCH, name: str = "") -> TimedStep:
    return TimedStep(Step(f"s{number}", kind, StepStatus.COMPLETED, name=name), 1.0, 2.0)


# -- how much


@pytest.mark.parametrize(("length", "messages"), [(ROOM - 1, 1), (ROOM, 1), (ROOM + 1, 2)])
@pytest.mark.parametrize("letter", ["x", "한"])
async def test_a_second_message_begins_only_when_the_first_is_full(
    pen: Pen, length: int, messages: int, letter: str
) -> None:
    await pen.begin()
    size = len(letter.encode())
    text = letter * (length // size) + "x" * (length % size)
    await pen.say(text)
    seen = await pen.close()
    assert len(seen) == messages
    assert "".join(map(markdown_of, seen)) == text
    assert not [call for call in pen.slack.calls if call.error]


@pytest.mark.parametrize("length", [MARKDOWN_CHARS - 1, MARKDOWN_CHARS, MARKDOWN_CHARS + 1])
async def test_no_call_carries_more_than_12000_characters(pen: Pen, length: int) -> None:
    text = ("word " * 3_000)[:length]
    for streaming in (True, False):
        if not streaming:
            pen.slack.faults.always("chat.startStream", slack_error("unknown_method"))
        await pen.begin()
        await pen.say("So. ")
        await pen.wait(3)
        await pen.say(text)
        seen = await pen.close()
        assert "".join(map(markdown_of, seen)) == f"So. {text}"
    sent = [
        chunk["text"] for call in pen.slack.calls for chunk in call.params.get("chunks", []) if "text" in chunk
    ]
    shown = [block for call in pen.slack.calls for block in call.params.get("blocks", [])]
    sent += [block["text"] for block in shown if block["type"] == "markdown"]
    assert max(map(len, sent)) <= MARKDOWN_CHARS
    assert not [call for call in pen.slack.calls if call.error not in {None, "unknown_method"}]


@pytest.mark.parametrize("count", [30, 100, 101, 250])
async def test_text_and_task_cards_stay_within_9000_bytes(pen: Pen, count: int) -> None:
    await pen.begin()
    await pen.say("x" * ROOM, [step(number, StepType.FUNCTION, f"look_up_{number}") for number in range(count)])
    await pen.wait(2)
    await pen.say("y" * 100, [step(number, StepType.FUNCTION, "한" * 80) for number in range(count, count + 9)])
    seen = await pen.close()
    assert "".join(map(markdown_of, seen)) == "x" * ROOM + "y" * 100
    for message in seen:
        assert len(markdown_of(message).encode()) + tasks(message) <= MESSAGE_BYTES
    assert seen[0].tasks
    assert not [call for call in pen.slack.calls if call.error]


@pytest.mark.parametrize("length", [255, 256, 257, 5_000])
async def test_a_task_field_has_at_most_256_characters(pen: Pen, length: int) -> None:
    await pen.begin()
    await pen.say("So.", [step(1, StepType.FUNCTION, "f" * length)])
    (seen,) = await pen.close()
    ((title, _),) = seen.tasks
    assert title.startswith("Calling fff")
    assert len(title) <= 256
    assert not [call for call in pen.slack.calls if call.error]


@pytest.mark.parametrize("count", [1, 49, 50, 51, 400])
async def test_a_message_has_at_most_50_blocks(pen: Pen, count: int) -> None:

    await pen.begin()
    steps = tuple(step(number) for number in range(count))
    await pen.say("So.", steps)
    (seen,) = await pen.close(replace(FEEDBACK, steps=steps, notes=("Cut short.",), try_again=True))
    assert len(seen.blocks) <= 50
    assert {"container", "context", "context_actions"} <= set(block_types(seen))
    assert not [call for call in pen.slack.calls if call.error]


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_tables_stay_markdown_so_that_no_message_has_two_table_blocks(pen: Pen, count: int) -> None:
    text = "So:\n\n" + "| a | b |\n|---|---|\n| 1 | 2 |\n\nAnd:\n\n" * count
    await pen.begin()
    await pen.say(text)
    (seen,) = await pen.close()
    assert markdown_of(seen) == text
    assert "table" not in block_types(seen)


async def test_a_message_of_which_slack_takes_no_block_becomes_text(pen: Pen) -> None:
    """As the second table of a message might be refused: `invalid_attachments`, slackapi/slack-skills-plugin."""
    plainer = len(list(FEEDBACK.contents("")))
    for method, times in (("chat.startStream", 1), ("chat.postMessage", 2), ("chat.update", plainer)):
        pen.slack.faults.add(method, slack_error("invalid_attachments"), times=times)
    await pen.begin()
    await pen.say("**One** sentence. ")
    await pen.until(lambda: pen.seen() and pen.seen()[0].text == "One sentence.")
    await pen.say("And another.")
    (seen,) = await pen.close()
    assert seen.text == "One sentence. And another."
    assert seen.blocks == []


# -- how old


@pytest.mark.parametrize(("age", "streamed"), [(239.0, True), (240.0, False), (241.0, False)])
async def test_a_stream_is_ended_at_240_seconds(pen: Pen, age: float, streamed: bool) -> None:
    await pen.begin()
    await pen.say("One. ")
    await pen.until(pen.seen)
    await pen.wait(age + 0.001)  # for the clock's rounding
    await pen.say("Two. ")
    await pen.wait(0.0 if streamed else 1.0)
    await pen.until(lambda: markdown_of(pen.seen()[0]) == "One. Two. ")
    (seen,) = pen.seen()
    assert seen.streaming is streamed
    assert actions(seen) == (set() if streamed else {"stop"})
    (seen,) = await pen.close()
    assert markdown_of(seen) == "One. Two. "
    assert seen.edited is not streamed
    assert actions(seen) == {"feedback", "regenerate"}
    assert not seen.error_pill
    assert len(pen.slack.notifications) == 1
    (stopped,) = pen.calls("chat.stopStream")
    (begun,) = pen.calls("chat.startStream")
    assert stopped.at - begun.at == pytest.approx(min(age, 240.0), abs=0.01)


async def test_a_stream_that_slack_does_not_let_end_is_put_right_when_it_is_dead(pen: Pen) -> None:
    """`msg_too_long` on stop because of what is on the screen already: reference/slack-platform.md §2.4."""
    pen.slack.faults.always("chat.stopStream", slack_error("msg_too_long"))
    await pen.begin()
    await pen.say("One. ")
    await pen.wait(2)
    await pen.say("Two.")
    (seen,) = await pen.close()
    assert markdown_of(seen) == "One. Two."
    assert actions(seen) == {"feedback", "regenerate"}
    assert len(pen.calls("chat.stopStream")) == 2
    pen.slack.faults.clear("chat.stopStream")


# -- whatever comes

PIECES = {
    "sentence": "A sentence. And *another* one, with `code`! ",
    "paragraph": "It goes on and on, as answers do, with a [link](https://a.example/x?a=1&b=2). " * 25 + "\n\n",
    "line": "word " * 1_500,
    "no space": "x" * 8_000,
    "korean": "안녕하세요. 반갑습니다. " * 150 + "\n\n",
    "emoji": "👩🏽‍💻🇰🇷e\u0301 " * 300,
    "code": "\n```python\n" + "".join(f"print({n}, '<b> & &lt;')\n" for n in range(160)) + "```\n\n",
    "long code": "\n~~~\n" + "y" * 9_000 + "\n~~~\n",
    "open code": "\n````md\n" + "# not a heading\n\n" * 100,
    "quoted": "\n" + "> quoted. More of it, and <!channel>.\n" * 90 + "\n",
    "quoted code": "\n> ```sh\n" + "> ls -l | less\n" * 200 + "> ```\n\n",
    "list": "".join(f"{'  ' * (n % 3)}- item {n} of a list\n" for n in range(150)) + "\n",
    "numbered": "".join(f"{n}. step {n}\n   goes on\n" for n in range(1, 100)) + "\n",
    "table": "\n| name | value |\n|---|--:|\n" + "".join(f"| row {n} | {n} |\n" for n in range(180)) + "\n",
    "wide table": "\n|" + " wide |" * 30 + "\n|" + "---|" * 30 + "\n" + ("|" + " v |" * 30 + "\n") * 40 + "\n",
    "html": "a <b>bold</b> claim<br>and <https://a.example> &amp;lt; ![i](https://a.example/i.png)\n",
    "mention": "<!channel> <@U0000001002> &lt;!here&gt; `<!here>` ",
    "citation": "It is so【4:0†source】\ue200filecite\ue202turn0file0\ue201. ",
    "blank": "\n\n\n",
}
MARKDOWN = st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=6)
CUTS = st.lists(st.floats(0, 1), max_size=6)
WAITS = st.lists(st.sampled_from([0.0, 0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 245.0]), min_size=8, max_size=8)
FAULTS = st.sampled_from(
    [
        None,
        None,
        ("chat.startStream", slack_error("channel_type_not_supported")),
        ("chat.startStream", Fault(FaultKind.RESET_AFTER)),
        ("chat.appendStream", Fault(FaultKind.RESET_AFTER)),
        ("chat.appendStream", Fault(FaultKind.RESET_BEFORE)),
        ("chat.appendStream", rate_limited(2)),
        ("chat.appendStream", slack_error("msg_too_long")),
        ("chat.stopStream", slack_error("msg_too_long")),
        ("chat.stopStream", Fault(FaultKind.RESET_AFTER)),
        ("chat.postMessage", Fault(FaultKind.RESET_AFTER)),
        ("chat.update", Fault(FaultKind.RESET_AFTER)),
        ("chat.update", rate_limited(2)),
    ]
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(names=MARKDOWN, cuts=CUTS, waits=WAITS, fault=FAULTS)
@example(names=["table", "table"], cuts=[0.5], waits=[1.0] * 8, fault=None)
@example(names=["code", "code", "quoted code"], cuts=[0.3, 0.6], waits=[1.0] * 8, fault=None)
@example(names=["open code", "list", "quoted"], cuts=[0.1], waits=[245.0] * 8, fault=None)
async def test_what_people_read_is_what_the_model_wrote(
    pen: Pen, names: list[str], cuts: list[float], waits: list[float], fault: tuple[str, Fault] | None
) -> None:
    text = "".join(PIECES[name] for name in names)
    whole = safe(text)
    assume(whole.strip())
    if fault:
        pen.slack.faults.clear(fault[0])
        pen.slack.faults.add(*fault)
    await pen.begin()
    places = [0, *sorted(int(cut * len(text)) for cut in cuts), len(text)]
    for start, end, seconds in zip(places, places[1:], waits, strict=False):
        await pen.say(text[start:end])
        if seconds:
            await pen.wait(seconds)
    seen = await pen.close()
    if fault:
        pen.slack.faults.clear(fault[0])
    await pen.clock.advance(61)
    texts = [markdown_of(message) for message in seen]
    assert holds(texts, whole), texts
    assert all(left_open(shown) is None for shown in texts[:-1])
    assert all(len(shown) <= MARKDOWN_CHARS and len(shown.encode()) <= MESSAGE_BYTES for shown in texts)
    assert [actions(message) for message in seen] == [set()] * (len(seen) - 1) + [{"feedback", "regenerate"}]
    assert not any(message.streaming for message in seen)
    if not fault or fault[0] != "chat.stopStream":
        assert not any(message.error_pill for message in seen)


OPENED = re.compile(r"[ >]*(?:`{3,}|~{3,})[^\n]*\n")
QUOTED = re.compile(r"[ >]+")
HEADER = re.compile(r"[^\n]*\|[^\n]*\n[ >|:-]*-[ >|:-]*\n")
CLOSED = re.compile(r"\n?[ >]*(?:`{3,}|~{3,})")


def holds(texts: list[str], whole: str, at: int = 0) -> bool:
    """Whether the messages hold the text from there on once: repeated are only fences, quote marks and headers."""
    first, *rest = texts
    for start in _repeated(first, whole[:at]):
        body, left = first[start:], whole[at:]
        if not rest:
            if body == left:
                return True
            continue
        common = next(
            (n for n, (one, other) in enumerate(zip(body, left, strict=False)) if one != other), len(body)
        )
        for length in range(common, max(0, common - 8), -1):
            closing = body[length:]
            if (not closing or CLOSED.fullmatch(closing)) and holds(rest, whole, at + length):
                return True
    return False


def _repeated(text: str, before: str) -> list[int]:
    """How much of a message's beginning may be a repetition of what stands before it."""
    if not before:
        return [0]
    ends = [0]
    for pattern in (OPENED, QUOTED, HEADER):
        if (found := pattern.match(text)) and found.group().strip() in before:
            ends.append(found.end())
            ends += [quoted.end() for quoted in [QUOTED.match(text, found.end())] if quoted]
    return ends


def test_the_reader_sees_what_is_lost_doubled_or_broken() -> None:
    whole = "a b c\n```py\nx\ny\n```\n"
    assert holds(["a b ", "c\n```py\nx\n```", "```py\ny\n```\n"], whole)
    assert not holds(["a b ", "\n```py\nx\n```", "```py\ny\n```\n"], whole)
    assert not holds(["a b ", "b c\n```py\nx\n```", "```py\ny\n```\n"], whole)
    assert not holds(["a b ", "c\n```py\nx\n```", "```\ny\n```\n"], whole.replace("```\n", "~~~\n"))
    assert not holds(["a b c\n```py\nx\n", "```py\nx\ny\n```\n"], whole)
