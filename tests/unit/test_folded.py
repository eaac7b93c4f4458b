"""The collapsed container under an answer."""

from bisect import bisect
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import words
from bot.assistant.events import Passage, Step, StepStatus, StepType
from bot.playground.slack.blocks import message_problems
from bot.playground.slack.mentions import mentions_in
from bot.reply.folded import CHILDREN, CONTAINER_BYTES, HEADS_BYTES, LISTED_MAX, SHORTEST, cut, fair, fold
from bot.reply.rich_text import size
from bot.reply.steps import Block
from bot.reply.transcript import TimedStep
from tests.unit.findings import steps as any_steps

SEARCH = Step(
    "fs_1",
    StepType.FILE_SEARCH,
    StepStatus.COMPLETED,
    queries=("vacation", "holidays"),
    passages=(
        Passage("file-1", "handbook.pdf", 0.9142, "Thirty days."),
        Passage("file-2", "faq.md", None, "Ask Ann."),
        Passage("file-3", "empty.txt", 0.1, " "),
    ),
)
CODE = Step("ci_1", StepType.CODE_INTERPRETER, StepStatus.FAILED, code="print(1)", logs="1\nTraceback")
WEB = Step(
    "ws_1", StepType.WEB_SEARCH, StepStatus.COMPLETED, queries=("x",), links=("https://a.example/", "ftp://b")
)
CALL = Step("fc_1", StepType.FUNCTION, StepStatus.COMPLETED, name="order", arguments='{"id": 4711}', result="sent")
THOUGHT = Step("rs_1", StepType.REASONING, StepStatus.COMPLETED, summary="**Adding up**\n\nI add up.")
PICTURE = Step("ig_1", StepType.IMAGE_GENERATION, StepStatus.COMPLETED, arguments="a cat")


def timed(*steps: Step) -> list[TimedStep]:
    return [TimedStep(step, 10.0, 12.5) for step in steps]


def logs(text: str, key: str = "ci") -> Step:
    return Step(key, StepType.CODE_INTERPRETER, StepStatus.COMPLETED, logs=text)


def container(steps: list[TimedStep], seconds: float | None = None) -> Block:
    (block,) = fold(steps, seconds).blocks
    return block


def rows(block: Block) -> list[str]:
    """Each line, quote and piece of code in the container, in order."""
    return [
        "".join(part["text"] for part in element["elements"])
        for child in block["child_blocks"]
        for element in child["elements"]
    ]


def shown(step: Step) -> list[str]:
    return rows(container(timed(step)))


# -- what it shows


def test_no_steps_make_no_container() -> None:
    assert fold([], 3.0).blocks == ()
    assert fold([], 3.0).whole


def test_the_container_is_collapsed_and_titled_with_number_and_time() -> None:
    block = container(timed(SEARCH, THOUGHT), 12.4)
    assert block["title"] == {"type": "plain_text", "text": "2 steps · 12 s"}
    assert (block["is_collapsible"], block["default_collapsed"]) == (True, True)
    assert len(block["child_blocks"]) == 2


def test_one_step_is_one_step_and_an_unknown_time_is_left_out() -> None:
    assert container([TimedStep(THOUGHT)])["title"]["text"] == "1 step"
    assert rows(container([TimedStep(replace(THOUGHT, summary=""))])) == ["Thinking"]


def test_a_file_search_shows_its_queries_and_each_result_with_file_score_and_passage() -> None:
    assert shown(SEARCH) == [
        "Searching the files · 2.5 s",
        "Searched for “vacation”, “holidays”",
        "handbook.pdf · 0.91",
        "Thirty days.",
        "faq.md",
        "Ask Ann.",
        "empty.txt · 0.10",
    ]


def test_a_passage_is_a_quote_and_code_is_preformatted() -> None:
    kinds = [element["type"] for element in container(timed(SEARCH))["child_blocks"][0]["elements"]]
    assert kinds[3] == "rich_text_quote"
    code = container(timed(CODE))["child_blocks"][0]["elements"]
    assert [element["type"] for element in code[1:]] == [
        "rich_text_preformatted",
        "rich_text_section",
        "rich_text_preformatted",
    ]
    assert code[1]["language"] == "python"


def test_code_shows_what_was_run_and_what_it_printed_and_that_it_failed() -> None:
    assert shown(CODE) == ["Running code · failed · 2.5 s", "print(1)", "Output", "1\nTraceback"]


def test_a_web_search_shows_its_queries_and_links_only_what_leads_to_the_web() -> None:
    elements = container(timed(WEB))["child_blocks"][0]["elements"]
    assert elements[2]["elements"] == [{"type": "link", "url": "https://a.example/", "text": "https://a.example/"}]
    assert elements[3]["elements"] == [{"type": "text", "text": "ftp://b"}]


def test_a_call_shows_its_arguments_and_its_result() -> None:
    assert shown(CALL) == ["Calling order · 2.5 s", "Arguments", '{"id": 4711}', "Result", "sent"]
    assert shown(replace(CALL, type=StepType.MCP)) == shown(CALL)


def test_thoughts_are_shown_without_their_markdown_and_an_image_with_its_prompt() -> None:
    assert shown(THOUGHT)[1:] == ["Adding up\n\nI add up."]
    assert shown(PICTURE)[1:] == ["Prompt", "a cat"]


def test_only_the_title_is_bold() -> None:
    elements = container(timed(CALL))["child_blocks"][0]["elements"]
    styled = [part["text"] for element in elements for part in element["elements"] if "style" in part]
    assert styled == ["Calling order"]


def test_control_characters_are_taken_out() -> None:
    assert shown(logs("a\r\nb\x1b[0m\u202ec\ud800"))[-1] == "a\nb[0mc\ufffd"


# -- its limits


@pytest.mark.parametrize(
    ("steps", "children"), [(9, 9), (10, 10), (11, 10), (20, 10), (21, 10), (LISTED_MAX + 5, 10)]
)
def test_more_steps_than_children_share_them(steps: int, children: int) -> None:
    block = container([TimedStep(replace(THOUGHT, summary=""))] * steps)
    assert len(block["child_blocks"]) == children <= CHILDREN
    assert block["title"]["text"] == f"{steps} steps"
    assert message_problems([block]) == []


def test_steps_beyond_those_listed_are_counted() -> None:
    listed = container([TimedStep(replace(THOUGHT, summary=""))] * (LISTED_MAX + 5))
    assert rows(listed)[-1] == words.STEPS_MORE.format(count=5)
    assert len(rows(listed)) == LISTED_MAX + 1
    assert not fold([TimedStep(replace(THOUGHT, summary=""))] * (LISTED_MAX + 1), None).whole
    assert fold([TimedStep(replace(THOUGHT, summary=""))] * LISTED_MAX, None).whole


def test_headlines_leave_room_for_details_however_long_their_names_are() -> None:
    block = container(timed(*[replace(CALL, name="이" * 200, result="r" * 500)] * 40))
    assert size(block) <= CONTAINER_BYTES
    assert rows(block)[-1].startswith("and ")
    assert any("4711" in row for row in rows(block))


def test_what_fits_is_whole_and_one_character_more_is_cut() -> None:
    whole = range(CONTAINER_BYTES)
    room = bisect(whole, 0, key=lambda n: not fold([TimedStep(logs("x" * n))], None).whole) - 1
    assert CONTAINER_BYTES - 1_500 < room < CONTAINER_BYTES
    assert size(container([TimedStep(logs("x" * room))])) <= CONTAINER_BYTES
    folded = fold([TimedStep(logs("x" * (room + 1)))], None)
    assert not folded.whole
    assert size(folded.blocks[0]) <= CONTAINER_BYTES
    assert rows(folded.blocks[0])[-1].endswith(" more characters)")


def test_a_long_step_takes_nothing_from_a_short_one_and_two_long_ones_get_the_same() -> None:
    first, second, short = logs("z" * 90_000, "1"), logs("y" * 30_000, "2"), logs("x" * 500, "3")
    said = rows(container([TimedStep(one) for one in (first, second, short)]))
    long, other = said[2], said[5]
    assert said[-1] == "x" * 500
    assert abs(long.count("z") - other.count("y")) < 10
    assert long.endswith(words.CUT.format(count=90_000 - long.count("z")))


def test_passages_that_nobody_could_read_are_left_out_and_counted() -> None:
    many = tuple(Passage(f"file-{n}", f"{n}.txt", 0.5, f"{n:02} " + "x" * 3_000) for n in range(50))
    said = shown(replace(SEARCH, passages=many))
    told = [row for row in said if row.endswith("more characters)")]
    assert 5 < len(told) < 50
    assert all(len(row) > SHORTEST for row in told)
    assert said[-1] == words.PIECES_LEFT_OUT.format(count=50 - len(told), button=words.DETAILS)


def test_a_link_is_never_cut() -> None:
    urls = tuple(f"https://a.example/{n}/{'p' * 900}" for n in range(20))
    block = container(timed(replace(WEB, links=urls)))
    links = [part for child in block["child_blocks"] for row in child["elements"] for part in row["elements"]]
    shown_urls = [part["url"] for part in links if part["type"] == "link"]
    assert shown_urls == list(urls[: len(shown_urls)])
    assert 0 < len(shown_urls) < 20


@given(any_steps, st.none() | st.floats(0, 100_000))
@settings(max_examples=15, deadline=None)
def test_whatever_the_steps_say_slack_takes_the_container_and_nothing_in_it_is_live(
    steps: list[TimedStep], seconds: float | None
) -> None:
    folded = fold(steps, seconds)
    blocks = list(folded.blocks)
    assert message_problems(blocks) == []
    assert mentions_in([], blocks) == []
    assert all(size(block) <= CONTAINER_BYTES for block in blocks)
    inner = [element for block in blocks for child in block["child_blocks"] for element in child["elements"]]
    assert {part["type"] for element in inner for part in element["elements"]} <= {"text", "link"}


# -- sharing and cutting


@given(st.lists(st.integers(0, 10_000)), st.integers(-5, 20_000))
def test_a_budget_is_shared_fairly(wanted: list[int], budget: int) -> None:
    shares = fair(wanted, budget)
    assert all(0 <= share <= want for share, want in zip(shares, wanted, strict=True))
    assert sum(shares) <= max(budget, 0)
    cut_down = [share for share, want in zip(shares, wanted, strict=True) if share < want]
    if cut_down:
        assert sum(shares) > budget - len(wanted)
        assert max(shares) - min(cut_down) <= 1


@given(st.text(max_size=2_000), st.integers(-10, 3_000))
@settings(deadline=None)
def test_a_cut_text_keeps_to_its_budget_and_says_how_much_is_missing(whole: str, budget: int) -> None:
    whole = whole.encode("utf-8", "replace").decode()
    short = cut(whole, budget)
    assert size(short) <= max(budget, size(cut(whole, 0)))
    kept, mark, _ = short.rpartition("… (")
    if short != whole:
        assert mark
        assert whole.startswith(kept)
        assert len(kept) >= SHORTEST
        assert short == kept + words.CUT.format(count=len(whole) - len(kept))


def test_half_the_container_at_least_is_for_headlines_and_some_of_it_for_the_rest() -> None:
    most: Any = HEADS_BYTES
    assert CONTAINER_BYTES / 2 < most < CONTAINER_BYTES - 1_000


def test_who_answered_stands_first_and_is_folded_away_even_without_a_step() -> None:
    (steps,) = fold([TimedStep(THOUGHT)], 12.0, "Counsel").blocks
    (alone,) = fold([], None, "Counsel").blocks
    assert steps["title"]["text"] == "Answered by Counsel · 1 step · 12 s"
    assert alone["title"]["text"] == "Answered by Counsel"
    assert words.STEPS_NONE in str(alone["child_blocks"])
    assert message_problems([alone]) == []
