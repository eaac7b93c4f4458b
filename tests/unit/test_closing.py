"""What stands under an answer."""

import pytest

from bot.assistant.events import Step, StepStatus, StepType
from bot.playground.slack.blocks import message_problems
from bot.playground.slack.mentions import mentions_in
from bot.reply.closing import NOTHING, TEXT_MAX, Closing, Content
from bot.reply.transcript import TimedStep

STEPS = (TimedStep(Step("a", StepType.REASONING, StepStatus.COMPLETED), 1.0, 2.0),)
FULL = Closing(("Stopped.",), STEPS, 3.0, try_again=True, feedback=True)


def kinds(content: Content) -> list[str]:
    return [str(block["type"]) for block in content.shown]


def test_the_order_is_answer_note_steps_buttons() -> None:
    first = next(FULL.contents("Hi."))
    assert kinds(first) == ["markdown", "section", "container", "actions", "context_actions"]
    assert message_problems(first.shown) == []


def test_a_note_is_plain_text() -> None:
    (block,) = Closing(("By <!channel> *x*.",)).blocks()
    assert block["text"] == {"type": "plain_text", "text": "By <!channel> *x*."}


def test_nothing_under_a_message_is_nothing() -> None:
    (content,) = NOTHING.contents("Hi.")
    assert kinds(content) == ["markdown"]


def test_where_blocks_are_refused_the_content_becomes_plainer_and_keeps_the_sentence() -> None:
    contents = list(FULL.contents("Hi."))
    assert [kinds(content) for content in contents] == [
        ["markdown", "section", "container", "actions", "context_actions"],
        ["markdown", "section", "actions"],
        ["markdown"],
    ]
    assert contents[-1].markdown == "Hi.\n\nStopped."


def test_an_answer_without_a_note_loses_only_what_is_under_it() -> None:
    contents = list(Closing(steps=STEPS, feedback=True).contents("Hi."))
    assert [kinds(content) for content in contents] == [
        ["markdown", "container", "context_actions"],
        ["markdown"],
    ]


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
