"""Steps as tasks while they run."""

import pytest

from bot.assistant.events import Step, StepStatus, StepType
from bot.reply.layout import TASK_BYTES
from bot.reply.shown import Shown, chunks_of, last_chunks_of
from bot.reply.steps import TASK_TITLE_MAX, duration, plain_line, standing, tasks, title, weight
from bot.reply.transcript import TimedStep


def step(
    kind: StepType = StepType.FILE_SEARCH, status: StepStatus = StepStatus.COMPLETED, name: str = ""
) -> TimedStep:
    return TimedStep(Step("id", kind, status, name=name), 10.0, 12.5)


@pytest.mark.parametrize("kind", list(StepType))
def test_every_kind_of_step_has_a_short_title(kind: StepType) -> None:
    shown = title(step(kind, name="look_up_order").step)
    assert 0 < len(shown) <= TASK_TITLE_MAX
    assert shown[0].isupper()


def test_a_hostile_name_in_a_title_means_nothing() -> None:
    shown = title(step(StepType.FUNCTION, name="<!channel>\n<@U0000000001>" + "x" * 500).step)
    assert shown.startswith("Calling ‹!channel› ‹@U0000000001›")
    assert len(shown) == TASK_TITLE_MAX


def test_a_plain_line_is_one_line_of_that_length() -> None:
    assert plain_line(" a\n\tb ", 10) == "a b"
    assert plain_line("abcdef", 4) == "abc…"
    assert plain_line("a\u202eb\x00c\ud800", 9) == "abc\ufffd"


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (StepStatus.IN_PROGRESS, "in_progress"),
        (StepStatus.COMPLETED, "complete"),
        (StepStatus.INCOMPLETE, "complete"),
        (StepStatus.NOT_MADE, "complete"),
        (StepStatus.FAILED, "error"),
    ],
)
def test_every_status_has_slacks_word_for_a_task(status: StepStatus, shown: str) -> None:
    assert [task["status"] for task in tasks([step(status=status)])] == [shown]


def test_a_task_is_named_by_its_place_so_that_a_second_telling_replaces_the_first() -> None:
    assert [task["id"] for task in tasks([step(), step()])] == ["step-1", "step-2"]


def test_an_append_holds_only_what_is_new() -> None:
    message = Shown(0, "1.0", "", streaming=True, begun_at=0.0)
    running = [step(status=StepStatus.IN_PROGRESS)]
    first = chunks_of(running, message.tasks, "Hi")
    message.note("Hi", first)
    assert [chunk["type"] for chunk in first] == ["task_update", "markdown_text"]
    assert chunks_of(running, message.tasks, "") == []
    (update,) = chunks_of([step()], message.tasks, "")
    assert update["status"] == "complete"
    assert message.text == "Hi"


def test_tasks_that_stand_elsewhere_are_not_shown_again() -> None:
    assert [chunk["id"] for chunk in chunks_of([step(), step()], {}, "", {"step-1"})] == ["step-2"]


def test_tasks_beyond_their_budget_are_left_out() -> None:
    many = [step(StepType.FUNCTION, name="n" * 60) for _ in range(100)]
    shown = chunks_of(many, {}, "")
    assert 10 < len(shown) < 100
    assert weight(shown) <= TASK_BYTES
    assert chunks_of(many, {chunk["id"]: chunk for chunk in shown}, "") == []


def test_at_the_end_of_a_message_no_task_is_under_way() -> None:
    gone = {"type": "task_update", "id": "step-2", "title": "Thinking", "status": "in_progress"}
    last = last_chunks_of([step(status=StepStatus.IN_PROGRESS)], {"step-2": gone}, "End.")
    assert {chunk["id"]: chunk["status"] for chunk in last[:-1]} == {"step-1": "complete", "step-2": "complete"}
    assert last[-1] == {"type": "markdown_text", "text": "End."}
    waiting = last_chunks_of([step(), step(status=StepStatus.IN_PROGRESS)], {}, "", waits=True)
    assert [chunk["status"] for chunk in waiting] == ["complete", "pending"]


@pytest.mark.parametrize(
    ("timed", "said"),
    [
        (step(), "2.5 s"),
        (step(status=StepStatus.FAILED), "failed · 2.5 s"),
        (step(status=StepStatus.INCOMPLETE), "not finished · 2.5 s"),
        (step(status=StepStatus.NOT_MADE), "not made · 2.5 s"),
        (TimedStep(step().step), ""),
        (TimedStep(step().step, 1.0, 1.04), ""),
        (TimedStep(step().step, 1.0, 1.06), "0.1 s"),
        (TimedStep(step(status=StepStatus.FAILED).step), "failed"),
    ],
)
def test_a_step_says_how_it_ended_unless_well_and_how_long_it_took_where_that_is_known(
    timed: TimedStep, said: str
) -> None:
    assert standing(timed) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (125.0, "2 min 5 s")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
