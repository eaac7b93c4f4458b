"""Everything about the steps of an answer, as the pages of a modal."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import words
from bot.assistant.events import Passage, Step, StepStatus, StepType
from bot.playground.slack.blocks import view_problems
from bot.playground.slack.mentions import mentions_in
from bot.reply.details import (
    FRAME_BLOCKS,
    FRAME_BYTES,
    NEXT,
    PREVIOUS,
    TEXT_CHARS,
    VIEW_BLOCKS,
    VIEW_BYTES,
    Leaf,
    loading,
    paged,
    saying,
    showing,
    split,
    unfolded,
)
from bot.reply.findings import pieces
from bot.reply.rich_text import block, section, text
from bot.reply.steps import Block
from bot.reply.transcript import TimedStep
from bot.step_details import as_seen
from storage.records import RunStep
from tests.unit import findings

LEAF = Leaf("T0000000001", "C0000000001", "1700000000.000100", "U0000000001")
SEARCH = Step(
    "fs_1",
    StepType.FILE_SEARCH,
    StepStatus.COMPLETED,
    queries=("vacation",),
    passages=(Passage("file-1", "handbook.pdf", 0.9, "Thirty days."),),
)


def logs(said: str, key: str = "ci_1") -> TimedStep:
    return TimedStep(Step(key, StepType.CODE_INTERPRETER, StepStatus.COMPLETED, logs=said), 1.0, 3.0)


def texts(blocks: list[Block]) -> list[str]:
    """Each line, quote and piece of code, in order."""
    rich = [element for made in blocks if made["type"] == "rich_text" for element in made["elements"]]
    return ["".join(part["text"] for part in element["elements"]) for element in rich]


def buttons(view: Block) -> list[str]:
    return [one["action_id"] for made in view["blocks"] if made["type"] == "actions" for one in made["elements"]]


def weight(value: object) -> int:
    return len(json.dumps(value))


# -- what it shows


def test_it_opens_with_a_word_that_it_is_loading() -> None:
    view = loading(LEAF)
    assert view["blocks"][0]["text"]["text"] == words.DETAILS_LOADING
    assert view_problems(view) == []


def test_each_step_is_shown_whole_under_its_title() -> None:
    view = showing(LEAF, [TimedStep(SEARCH, 1.0, 3.5), logs("x" * 9_000)])
    assert [made["type"] for made in view["blocks"]] == [*["rich_text"] * 3, "divider", *["rich_text"] * 4]
    said = texts(view["blocks"])
    assert said[:4] == [
        "Searching the files · 2.5 s",
        "Searched for “vacation”",
        "handbook.pdf · 0.90",
        "Thirty days.",
    ]
    assert said[4:6] == ["Running code · 2.0 s", "Output"]
    assert "".join(said[6:]) == "x" * 9_000
    assert buttons(view) == []


def test_nothing_known_is_said_to_be_nothing() -> None:
    assert showing(LEAF, []) == saying(LEAF, words.DETAILS_NONE)
    assert showing(LEAF, [], words.DETAILS_GONE) == saying(LEAF, words.DETAILS_GONE)


def test_a_note_stands_before_everything_else() -> None:
    view = showing(LEAF, [TimedStep(SEARCH)], words.DETAILS_GONE)
    assert view["blocks"][0]["text"] == {"type": "plain_text", "text": words.DETAILS_GONE}


def test_pages_are_turned_forth_and_back_and_one_that_is_not_there_is_the_nearest() -> None:
    steps = [logs("a\n" * 200_000)]
    first, second = showing(LEAF, steps), showing(LEAF.turned(NEXT), steps)
    assert buttons(first) == [NEXT]
    assert buttons(second) == [PREVIOUS, NEXT]
    assert first["blocks"][-2]["elements"][0]["text"].startswith("Page 1 of ")
    leaf = Leaf.read(second["private_metadata"])
    assert leaf == LEAF.turned(NEXT)
    assert showing(leaf.turned(PREVIOUS), steps) == first
    assert showing(LEAF.turned(PREVIOUS), steps) == first
    last = showing(replace(LEAF, page=10**9), steps)
    assert buttons(last) == [PREVIOUS]
    assert LEAF.turned("something else") == LEAF


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{",
        "[]",
        "null",
        '{"team": "T1"}',
        LEAF.written().replace('"page": 0', '"page": "0"'),
        LEAF.written().replace('"page": 0', '"page": true'),
        LEAF.written().replace('"C0000000001"', "7"),
        LEAF.written().replace("{", '{"run": "1", '),
    ],
)
def test_metadata_that_is_not_ours_says_nothing(metadata: str) -> None:
    assert Leaf.read(metadata) is None
    assert Leaf.read(LEAF.written()) == LEAF


# -- its limits


@pytest.mark.parametrize(("length", "parts"), [(TEXT_CHARS - 1, 1), (TEXT_CHARS, 1), (TEXT_CHARS + 1, 2)])
def test_a_text_is_split_at_its_limit(length: int, parts: int) -> None:
    said = texts(unfolded([logs("x" * length)]))[2:]
    assert len(said) == parts
    assert "".join(said) == "x" * length
    assert view_problems(showing(LEAF, [logs("x" * length)])) == []


def test_a_text_is_split_at_the_end_of_a_line_where_one_is_near() -> None:
    assert list(split("aaaa\nbbb\ncc", 8)) == ["aaaa\nbbb", "cc"]
    assert list(split("aaaa\nbbbbb", 8)) == ["aaaa", "bbbbb"]
    assert list(split("a\nbbbbbbbbb", 8)) == ["a\nbbbbbb", "bbb"]
    assert list(split("", 8)) == []


@pytest.mark.parametrize(
    ("count", "pages"),
    [(VIEW_BLOCKS - FRAME_BLOCKS - 1, 1), (VIEW_BLOCKS - FRAME_BLOCKS, 1), (VIEW_BLOCKS - FRAME_BLOCKS + 1, 2)],
)
def test_a_page_has_as_many_blocks_as_a_modal_takes(count: int, pages: int) -> None:
    assert len(paged([{"type": "divider"}] * count)) == pages
    steps = [logs("", str(n)) for n in range((count + 1) // 2)]
    view = showing(LEAF, steps)
    assert len(view["blocks"]) <= VIEW_BLOCKS
    assert view_problems(view) == []


def test_a_page_has_at_most_a_hundred_blocks_and_uses_them() -> None:
    view = showing(LEAF, [logs("", str(n)) for n in range(80)])
    assert len(view["blocks"]) == VIEW_BLOCKS
    assert view_problems(view) == []


@pytest.mark.parametrize(("step", "pages"), [(-1, 1), (0, 1), (1, 2)])
def test_a_page_has_as_many_bytes_as_a_modal_takes(step: int, pages: int) -> None:
    room = VIEW_BYTES - FRAME_BYTES
    one = block([section(text("가" * 1_000))])
    count, rest = divmod(room + step, weight(one) + 2)
    last = block([section(text("x"))])
    last["elements"][0]["elements"][0]["text"] = "x" * (rest - 2 - weight(last) + 1)
    assert len(paged([one] * count + [last])) == pages


@pytest.mark.parametrize("said", ["가" * 3_000, "👩" * 3_000, '"\\' * 1_500, "x" * 3_000])
def test_no_page_is_larger_than_a_modal_may_be_whatever_its_script(said: str) -> None:
    steps = [logs(f"{said}{n}", str(n)) for n in range(60)]
    views = [showing(replace(LEAF, page=page), steps) for page in range(len(paged(unfolded(steps))))]
    assert all(view_problems(view) == [] for view in views)
    assert all(weight(view) <= VIEW_BYTES for view in views)
    contents = [[made for made in view["blocks"] if made["type"] not in ("context", "actions")] for view in views]
    for page, following in pairwise(contents):
        full = len(page) == VIEW_BLOCKS - FRAME_BLOCKS
        assert full or weight(page) + weight(following[0]) > VIEW_BYTES - FRAME_BYTES - 10


def test_the_frame_of_a_page_keeps_to_its_share_of_the_bytes() -> None:
    steps = [logs("x" * 400_000)]
    longest = Leaf("T" * 64, "C" * 64, "1" * 64, "U" * 64, page=1)
    view = showing(longest, steps)
    content = [made for made in view["blocks"] if made["type"] == "rich_text"]
    assert weight({**view, "blocks": view["blocks"][len(content) :]}) < FRAME_BYTES
    assert len(view["blocks"]) - len(content) == FRAME_BLOCKS


@given(findings.steps, st.integers(-2, 9))
@settings(max_examples=15, deadline=None)
def test_whatever_the_steps_say_slack_takes_the_page_and_nothing_in_it_is_live(
    steps: list[TimedStep], page: int
) -> None:
    view = showing(replace(LEAF, page=page), steps, words.DETAILS_GONE)
    assert view_problems(view) == []
    assert weight(view) <= VIEW_BYTES
    assert mentions_in([], view["blocks"]) == []


@given(findings.steps)
@settings(max_examples=15, deadline=None)
def test_nothing_is_lost_doubled_or_broken_from_page_to_page(steps: list[TimedStep]) -> None:
    blocks = unfolded(steps)
    assert [made for page in paged(blocks) for made in page] == blocks
    shown = "".join(texts(blocks)).replace("\n", "")
    for timed in steps:
        for piece in pieces(timed.step):
            assert piece.words.replace("\n", "") in shown


# -- which steps they are


def row(position: int, item_id: str | None, status: str = "completed") -> RunStep:
    return RunStep(position, "code_interpreter", "Running code", status, 5.0, 6.5, item_id)


def test_the_steps_are_those_that_people_saw_with_the_times_at_which_they_did() -> None:
    broken_off, answered = logs("1", "ci_1").step, (logs("2", "ci_2").step, logs("3", "ci_3").step)
    seen = as_seen([[broken_off], answered], [row(0, "ci_3", "incomplete"), row(1, "ci_2")])
    assert [timed.step.logs for timed in seen] == ["3", "2"]
    assert [timed.step.status for timed in seen] == [StepStatus.INCOMPLETE, StepStatus.COMPLETED]
    assert [timed.seconds for timed in seen] == [1.5, 1.5]


def test_where_steps_are_named_anew_the_last_response_is_told() -> None:
    first, last = logs("1", "ci_1").step, logs("2", "ci_2").step
    assert as_seen([[first], [last]], [row(0, "other"), row(1, None)]) == [TimedStep(last)]
    assert as_seen([], [row(0, "ci_1")]) == []
