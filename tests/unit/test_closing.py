"""What stands under an answer."""

import pytest

from bot.assistant.events import Step, StepStatus, StepType
from bot.playground.slack.blocks import message_problems
from bot.playground.slack.mentions import mentions_in
from bot.reply.closing import NOTHING, TEXT_MAX, Closing, Content
from bot.reply.sources import Source
from bot.reply.transcript import TimedStep

STEPS = (TimedStep(Step("a", StepType.REASONING, StepStatus.COMPLETED), 1.0, 2.0),)
FULL = Closing(("Stopped.",), STEPS, 3.0, try_again=True, feedback=True)


def kinds(content: Content) -> list[str]:
    return [str(block["type"]) for block in content.shown]


def buttons(content: Content) -> dict[str, str]:
    """By action, what the buttons under the message say."""
    rows = [block for block in content.shown if block["type"] == "actions"]
    assert message_problems(content.shown) == []
    return {button["action_id"]: button["text"]["text"] for row in rows for button in row["elements"]}


def test_the_order_is_answer_note_steps_buttons() -> None:
    first = next(FULL.contents("Hi."))
    assert kinds(first) == ["markdown", "context", "container", "actions", "context_actions"]
    assert message_problems(first.shown) == []


def test_a_note_is_plain_text() -> None:
    (block,) = Closing(("By <!channel> *x*.",)).blocks()
    assert block["elements"] == [{"type": "plain_text", "text": "By <!channel> *x*."}]


def test_nothing_under_a_message_is_nothing() -> None:
    (content,) = NOTHING.contents("Hi.")
    assert kinds(content) == ["markdown"]


def test_where_blocks_are_refused_the_content_becomes_plainer_and_keeps_the_sentence() -> None:
    contents = list(FULL.contents("Hi."))
    assert [kinds(content) for content in contents] == [
        ["markdown", "context", "container", "actions", "context_actions"],
        ["markdown", "context", "actions"],
        ["markdown"],
    ]
    assert [buttons(content) for content in contents] == [
        {"try_again": "Try again", "regenerate": "Regenerate"},
        {"try_again": "Try again", "details": "Show steps", "regenerate": "Regenerate"},
        {},
    ]
    assert contents[-1].markdown == "Hi.\n\nStopped."


def test_an_answer_without_a_note_loses_only_what_is_under_it() -> None:
    contents = list(Closing(steps=STEPS, feedback=True).contents("Hi."))
    assert [kinds(content) for content in contents] == [
        ["markdown", "container", "actions", "context_actions"],
        ["markdown", "actions"],
        ["markdown"],
    ]
    assert [kinds(content) for content in Closing(feedback=True).contents("Hi.")] == [
        ["markdown", "actions", "context_actions"],
        ["markdown", "actions"],
        ["markdown"],
    ]


def test_sources_stand_right_under_the_answer_and_stay_where_blocks_are_refused() -> None:
    closing = Closing(("Stopped.",), STEPS, 3.0, sources=(Source("a.pdf"), Source("*b* <!here>")))
    contents = list(closing.contents("Hi."))
    assert [kinds(content) for content in contents] == [
        ["markdown", "rich_text", "context", "container"],
        ["markdown", "rich_text", "context", "actions"],
        ["markdown"],
    ]
    assert contents[-1].markdown == "Hi.\n\nSources: a.pdf · *b* &lt;!here&gt;\n\nStopped."


def test_everything_about_the_steps_is_one_press_away_where_the_container_does_not_say_it() -> None:
    assert buttons(next(Closing(steps=STEPS).contents("Hi."))) == {}
    long = TimedStep(Step("b", StepType.FUNCTION, StepStatus.COMPLETED, result="x" * 20_000))
    first, plainer, bare = Closing(steps=(*STEPS, long)).contents("Hi.")
    assert buttons(first) == {"details": "All details"}
    assert kinds(first) == ["markdown", "container", "actions"]
    assert buttons(plainer) == {"details": "Show steps"}
    assert kinds(bare) == ["markdown"]


def test_a_message_without_an_answer_is_its_note() -> None:
    first = next(Closing(("It failed.",), try_again=True).contents(""))
    assert kinds(first) == ["section", "actions"]
    assert first.text == "It failed."


def test_notifications_get_the_answer_and_the_note_within_the_limit() -> None:
    first = next(FULL.contents("**Hi** " + "x " * 5_000))
    assert first.text.startswith("Hi x")
    assert len(first.text) <= TEXT_MAX
    assert next(FULL.contents("Hi.")).text == "Hi.\n\nStopped."


@pytest.mark.parametrize("name", ["<!channel>", "<@U0000000001>", "&lt;!here&gt;"])
def test_no_note_can_ping_anybody(name: str) -> None:
    for content in Closing((f"Stopped by {name}.",), try_again=True).contents("Hi."):
        assert mentions_in([content.text], content.shown) == []
