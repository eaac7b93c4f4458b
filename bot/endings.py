"""How a run is stored when it has ended. Pure."""

from bot import words
from bot.assistant.events import Finished, FinishStatus, StepStatus, StepType
from bot.attachments.making import brings_files
from bot.errors import (
    AssistantError,
    ContextTooLong,
    FunctionsUnsupported,
    ResponseFailed,
    ServerUnreachable,
    ThreadmateError,
)
from bot.reply.findings import one_line
from bot.reply.markdown import safe
from bot.reply.steps import title
from bot.reply.transcript import TimedStep, Transcript
from storage.records import ANSWERED, Claim, Ending, Response, RunStatus, RunStep

NAME_CHARS = 80
SERVER_FAULTS = frozenset({"http_error", "external_connector_error"})
"""What OpenAI calls a server that it could not ask (plaid.com/docs/resources/mcp); in a stream: UNVERIFIED."""


def ending(
    claim: Claim, transcript: Transcript, responses: list[str], status: RunStatus, error: str | None, *, seen: bool
) -> Ending:
    """Everything about the end. The memory advances only when the model `seen` the messages and answered them."""
    finished = transcript.finished
    advances = seen and status in ANSWERED
    return Ending(
        status=status,
        error=error,
        usage=transcript.usage,
        steps=tuple(_row(position, timed) for position, timed in enumerate(transcript.steps)),
        responses=_final_responses(transcript, responses, status),
        tail_item_id=finished.tail_item_id if finished and advances else None,
        last_seen_ts=claim.messages[-1].ts if advances and claim.messages else None,
        first_text_at=transcript.first_text_at,
    )


def told(transcript: Transcript) -> tuple[RunStatus, list[str]]:
    """How an answer ended that was told to its end, and what people must know of that.

    Raises FunctionsUnsupported, ContextTooLong, ServerUnreachable and ResponseFailed.
    """
    finished = transcript.finished
    if finished is None or transcript.calls:
        raise FunctionsUnsupported("a function call")
    if finished.status is FinishStatus.FAILED:
        if finished.code == "context_length_exceeded":
            raise ContextTooLong(finished.code)
        if finished.code in SERVER_FAULTS:
            raise ServerUnreachable(finished.code, "")
        raise ResponseFailed(finished.code)
    return RunStatus(finished.status.value), [*_unlisted(transcript), *_notes(transcript, finished)]


def _unlisted(transcript: Transcript) -> list[str]:
    """The MCP servers whose tools could not be listed, so that the model went on without them."""
    steps = (timed.step for timed in transcript.steps if timed.step.type is StepType.MCP and not timed.step.name)
    silent = {one_line(step.server, NAME_CHARS): None for step in steps if step.status is StepStatus.FAILED}
    return [words.SERVER_UNREACHABLE.format(label=label) for label in silent]


def _notes(transcript: Transcript, finished: Finished) -> list[str]:
    if finished.status is FinishStatus.INCOMPLETE:
        return [words.CUT_SHORT.get(finished.code, words.CUT_SHORT_OTHERWISE)]
    if transcript.refused:
        return [words.REFUSED]
    if safe(transcript.text).strip():
        return []
    return [words.MADE if brings_files(transcript) else words.EMPTY_ANSWER]


def detail(error: ThreadmateError) -> str:
    """What the log may know of an error: never a body, which could quote what people said."""
    if isinstance(error, ResponseFailed):
        return error.reason
    return type(error).__name__ if isinstance(error, AssistantError) else str(error)


def _final_responses(transcript: Transcript, responses: list[str], status: RunStatus) -> tuple[Response, ...]:
    """How each ended that the answer is made of, and the last one however it did."""
    if not responses:
        return ()
    ended, last = dict(transcript.ended), responses[-1]
    if last not in ended:
        finished = transcript.finished
        states = {last: (finished.status.value, finished.item_ids) if finished else (status.value, ())}
    else:
        states = {}
    states |= {response: (one.status.value, one.item_ids) for response, one in ended.items()}
    return tuple(
        Response(position, response, *states[response])
        for position, response in enumerate(responses)
        if response in states
    )


def _row(position: int, timed: TimedStep) -> RunStep:
    step = timed.step
    return RunStep(
        position=position,
        type=step.type.value,
        title=title(step),
        status=step.status.value,
        started_at=timed.started_at,
        finished_at=timed.finished_at,
        item_id=step.id,
    )
