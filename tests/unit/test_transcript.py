"""Events folded into what an answer says."""

from dataclasses import replace

import pytest

from bot.assistant.events import (
    ActionRequired,
    Call,
    Cited,
    Commentary,
    Finished,
    FinishStatus,
    RefusalDelta,
    SourceKind,
    Started,
    Step,
    StepFinished,
    StepStarted,
    StepStatus,
    StepType,
    TextBreak,
    TextDelta,
)
from bot.reply.transcript import TimedStep, Transcript, cut_off, further
from storage.records import Usage

SEARCH = Step("fs_1", StepType.FILE_SEARCH, StepStatus.IN_PROGRESS)
SEARCHED = Step("fs_1", StepType.FILE_SEARCH, StepStatus.COMPLETED, queries=("x",))


def told(*events: object, at: float | None = 1.0) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript = transcript.apply(event, at)  # type: ignore[arg-type]
    return transcript


def test_text_is_joined_and_the_first_of_it_timed() -> None:
    transcript = told(TextDelta("Hel")).apply(TextDelta("lo"), 9.0)
    assert (transcript.text, transcript.first_text_at) == ("Hello", 1.0)


def test_a_further_message_is_a_paragraph_of_its_own() -> None:
    assert told(TextDelta("One."), TextBreak(), TextDelta("Two.")).text == "One.\n\nTwo."


def test_a_break_before_any_text_is_nothing() -> None:
    assert told(TextBreak(), TextDelta("One.")).text == "One."


def test_commentary_is_no_text() -> None:
    transcript = told(Commentary("I look."), Commentary("I read."))
    assert (transcript.text, transcript.commentary) == ("", "I read.")


def test_a_refusal_is_text_that_is_marked() -> None:
    transcript = told(RefusalDelta("I "), RefusalDelta("won't."))
    assert (transcript.text, transcript.refused) == ("I won't.", True)


def test_a_step_is_timed_from_its_start_to_its_end() -> None:
    (timed,) = told(StepStarted(SEARCH)).apply(StepFinished(SEARCHED), 3.5).steps
    assert timed == TimedStep(SEARCHED, 1.0, 3.5)
    assert timed.seconds == 2.5


def test_steps_keep_their_order_whichever_ends_first() -> None:
    code = Step("ci_1", StepType.CODE_INTERPRETER, StepStatus.IN_PROGRESS)
    steps = told(StepStarted(SEARCH), StepStarted(code), StepFinished(SEARCHED)).steps
    assert [(timed.step.id, timed.step.status) for timed in steps] == [
        ("fs_1", StepStatus.COMPLETED),
        ("ci_1", StepStatus.IN_PROGRESS),
    ]


def test_how_long_a_step_took_whose_start_was_missed_is_not_known() -> None:
    (timed,) = told(StepFinished(SEARCHED)).steps
    assert timed == TimedStep(SEARCHED, None, 1.0)
    assert timed.seconds is None


def test_a_step_told_afterwards_has_no_times() -> None:
    (timed,) = told(StepStarted(SEARCH), StepFinished(SEARCHED), at=None).steps
    assert timed == TimedStep(SEARCHED)
    assert timed.seconds is None


def test_a_source_counts_once() -> None:
    source = Cited(SourceKind.FILE, "a.pdf", file_id="file-1")
    assert told(source, source, Cited(SourceKind.WEB, "b", url="https://b.example")).sources[0] == source
    assert len(told(source, source).sources) == 1


def test_what_the_model_waits_for_and_how_it_ended_are_kept() -> None:
    call = Call("call_1", "order", "{}")
    end = Finished(FinishStatus.COMPLETED)
    transcript = told(Started("resp_1"), ActionRequired((call,)), end)
    assert (transcript.response_id, transcript.calls, transcript.finished) == ("resp_1", (call,), end)


def test_steps_under_way_at_the_end_are_not_finished() -> None:
    code = Step("ci_1", StepType.CODE_INTERPRETER, StepStatus.IN_PROGRESS)
    ended = cut_off(told(StepStarted(SEARCH), StepFinished(SEARCHED), StepStarted(code)), 7.0)
    assert [timed.step.status for timed in ended.steps] == [StepStatus.COMPLETED, StepStatus.INCOMPLETE]
    assert ended.steps[1].seconds == 6.0


def test_of_two_tellings_the_further_one_is_kept() -> None:
    short, long, silent = told(TextDelta("a")), told(TextDelta("abc")), told(StepStarted(SEARCH))
    assert further(short, long) is further(long, short) is long
    assert further(silent, short) is short
    assert further(Transcript(), silent) is silent
    assert further(short, short) is short


CALLED = Step("fc_1", StepType.FUNCTION, StepStatus.COMPLETED, "order", arguments="{}", call_id="call_1")


def test_a_function_is_under_way_until_it_has_been_called() -> None:
    wanted = told(StepStarted(replace(CALLED, status=StepStatus.IN_PROGRESS)), StepFinished(CALLED))
    (timed,) = wanted.steps
    assert (timed.step.status, timed.finished_at) == (StepStatus.IN_PROGRESS, None)
    (timed,) = wanted.answered("call_1", StepStatus.FAILED, "no", 9.0).steps
    assert (timed.step.status, timed.step.result, timed.seconds) == (StepStatus.FAILED, "no", 8.0)


QUESTION = Step("mcpr_1", StepType.MCP, StepStatus.COMPLETED, "read", "docs", arguments="{}", call_id="mcpr_1")
REMOTE = replace(QUESTION, id="mcp_1", result="It says so.")


@pytest.mark.parametrize("named_late", [False, True])
def test_a_call_takes_the_place_of_the_question_about_it(named_late: bool) -> None:
    wanted = told(StepStarted(replace(QUESTION, status=StepStatus.IN_PROGRESS)), StepFinished(QUESTION))
    assert wanted.steps[0].step.status is StepStatus.IN_PROGRESS
    begun = replace(REMOTE, status=StepStatus.IN_PROGRESS, call_id="" if named_late else "mcpr_1")
    made = wanted.continued().apply(StepStarted(begun), 5.0).apply(StepFinished(REMOTE), 7.0)
    (timed,) = made.steps
    assert (timed.step, timed.seconds) == (REMOTE, 2.0)
    (timed,) = wanted.continued().apply(StepFinished(REMOTE), None).steps
    assert (timed.step, timed.seconds) == (REMOTE, None)
    (timed,) = wanted.answered("mcpr_1", StepStatus.INCOMPLETE, "no", 9.0).steps
    assert (timed.step.status, timed.step.result) == (StepStatus.INCOMPLETE, "no")


def test_a_further_response_goes_on_with_the_answer() -> None:
    end = Finished(FinishStatus.COMPLETED, usage=Usage(1, 2, 3, 4), tail_item_id="fc_1")
    first = told(Started("resp_1", 5.0), TextDelta("One."), ActionRequired((Call("call_1", "order", "{}"),)), end)
    second = first.continued()
    assert (second.calls, second.finished, second.text) == ((), None, "One.")
    for event in (Started("resp_2", 7.0), TextDelta("Two."), TextDelta(" Three."), end):
        second = second.apply(event, 1.0)
    assert second.text == "One.\n\nTwo. Three."
    assert second.usage == Usage(2, 4, 6, 8)
    assert [response for response, _ in second.ended] == ["resp_1", "resp_2"]
    assert (second.response_id, second.begun_at) == ("resp_2", 5.0)


def test_a_response_that_says_nothing_leaves_no_gap() -> None:
    silent = told(TextDelta("One.")).continued().continued()
    assert (silent.text, silent.apply(TextBreak(), 1.0).apply(TextDelta("Two."), 1.0).text) == (
        "One.",
        "One.\n\nTwo.",
    )
