"""An answer's message without a forgotten file."""

from typing import Any

import pytest

from bot import words
from bot.assistant.events import Passage, Step, StepStatus, StepType
from bot.reply.blanked import Traces, blanked
from bot.reply.closing import Closing
from bot.reply.sources import Source
from bot.reply.transcript import TimedStep

LINK, OTHER_LINK = (
    "https://acme.slack.com/files/U1/F1/handbook.pdf",
    "https://acme.slack.com/files/U1/F2/handbook.pdf",
)
TRACES = Traces.of(["handbook.pdf"], [LINK])
SEARCH = Step(
    "fs_1",
    StepType.FILE_SEARCH,
    StepStatus.COMPLETED,
    queries=("leave",),
    passages=(Passage("file-1", "handbook.pdf", 0.5, "25 days"), Passage("file-2", "other.md", 0.4, "none")),
)
CODE = Step("ci_1", StepType.CODE_INTERPRETER, StepStatus.COMPLETED, code="print(25)", logs="25")


def message(text: str = "They have 25.", **closing: Any) -> dict[str, Any]:
    """An answer as Slack gives it back."""
    blocks = [{"type": "markdown", "text": text}, *Closing(**closing).blocks()]
    return {"ts": "1.2", "text": text, "blocks": [{**block, "block_id": str(i)} for i, block in enumerate(blocks)]}


def sources(*listed: Source) -> list[dict[str, Any]]:
    return Closing(sources=listed).blocks()


def test_the_answer_keeps_its_words_and_the_headlines_of_its_steps() -> None:
    steps = (TimedStep(SEARCH), TimedStep(CODE, 1.0, 3.0))
    found = blanked(message(steps=steps, seconds=12.0, feedback=True), TRACES)
    assert found is not None
    assert found.text == "They have 25."
    kinds = [block["type"] for block in found.blocks]
    assert kinds == ["markdown", "container", "actions", "context_actions"]
    (child,) = found.blocks[1]["child_blocks"]
    told = ["".join(part["text"] for part in row["elements"]) for row in child["elements"]]
    assert told == [words.STEPS["file_search"], f"{words.STEPS['code_interpreter']} · 2.0 s"]
    assert "handbook" not in str(found)


def test_the_button_to_details_that_are_gone_goes() -> None:
    long = Step("ci_1", StepType.CODE_INTERPRETER, StepStatus.COMPLETED, logs="x" * 20_000)
    before = message(steps=(TimedStep(long),))
    assert "details" in str(before)
    found = blanked(before, TRACES)
    assert found is not None
    assert [block["type"] for block in found.blocks] == ["markdown", "container"]


@pytest.mark.parametrize(
    ("listed", "left"),
    [
        ([Source("handbook.pdf", LINK)], []),
        ([Source("handbook.pdf")], []),
        (
            [Source("handbook.pdf", LINK), Source("Page", "https://example.com"), Source("a.md")],
            [Source("Page", "https://example.com"), Source("a.md")],
        ),
        ([Source("handbook.pdf", OTHER_LINK), Source("a.md", LINK)], [Source("handbook.pdf", OTHER_LINK)]),
    ],
)
def test_the_source_goes_and_the_others_stay(listed: list[Source], left: list[Source]) -> None:
    found = blanked(message(sources=listed), TRACES)
    assert found is not None
    assert found.blocks[1:] == sources(*left)


def test_what_is_left_of_many_sources_still_tells_how_many_more() -> None:
    many = [Source(f"{number}.md") for number in range(30)]
    found = blanked(message(sources=[Source("handbook.pdf", LINK), *many]), TRACES)
    assert found is not None
    assert "handbook" not in str(found)
    assert found.blocks[1]["elements"][0]["elements"][-1]["text"] == " · and 11 more"


def test_a_note_that_names_the_file_goes() -> None:
    found = blanked(message(notes=("“handbook.pdf” could not be read.", "Cut short.")), TRACES)
    assert found is not None
    assert [block["elements"][0]["text"] for block in found.blocks[1:]] == ["Cut short."]


def test_sources_that_stand_in_the_text_go_too() -> None:
    found = blanked(message(f"So it is.\n\n{words.SOURCES} handbook.pdf ({LINK})"), TRACES)
    assert found is not None
    assert (found.text, found.blocks) == ("So it is.", [{"type": "markdown", "text": "So it is."}])


def test_a_message_of_nothing_else_says_what_stood_there() -> None:
    alone = {
        "text": "“handbook.pdf” is empty.",
        "blocks": Closing(notes=("“handbook.pdf” is empty.",)).blocks(alone=True),
    }
    found = blanked(alone, TRACES)
    assert found is not None
    assert (found.text, found.blocks) == (words.FORGOTTEN, [])


@pytest.mark.parametrize(
    "other",
    [
        message(),
        message(sources=[Source("Page", "https://example.com")], feedback=True),
        message("Sources: our own handbook."),
        {"text": "plain"},
    ],
)
def test_a_message_without_the_file_stays_as_it_is(other: dict[str, Any]) -> None:
    assert blanked(other, TRACES) is None


def test_the_plan_of_a_stream_stays_until_the_message_is_edited() -> None:
    plan = {"type": "plan", "title": "", "tasks": []}
    assert blanked({**message(), "blocks": [plan, *message()["blocks"]]}, TRACES) is None
    before = message(sources=[Source("handbook.pdf", LINK)])
    found = blanked({**before, "blocks": [plan, *before["blocks"]]}, TRACES)
    assert found is not None
    assert [block["type"] for block in found.blocks] == ["markdown"]


def test_a_message_that_was_blanked_stays_so() -> None:
    found = blanked(message(steps=(TimedStep(SEARCH),), sources=[Source("handbook.pdf", LINK)]), TRACES)
    assert found is not None
    assert blanked({"text": found.text, "blocks": found.blocks}, TRACES) is None
