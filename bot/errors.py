"""What can fail, whether trying again helps, and what the person reads.

ThreadmateError
├── AssistantError                the OpenAI side
│   ├── AssistantRefused          the call was not executed, and we know it
│   │   ├── AssistantBusy         429: too many requests or tokens              (again)
│   │   ├── AssistantUnavailable  5xx with an error body, connection refused     (again)
│   │   ├── MemoryLocked          another turn holds the conversation            (again)
│   │   ├── OutOfQuota            no credit
│   │   ├── KeyRejected           401, 403
│   │   ├── ModelUnavailable      no such model
│   │   ├── MemoryLost            the conversation is gone
│   │   ├── FileLost              a File is gone that we have uploaded
│   │   ├── ContextTooLong        the input does not fit the model
│   │   ├── ContainerExpired      the code interpreter's container is gone        (again)
│   │   ├── DanglingCall          a call in the memory was never answered
│   │   ├── QuestionNotRepeated   a question about a call has to stand beside what was decided
│   │   ├── ServerUnreachable     the tools of an MCP server could not be listed
│   │   ├── ParameterRejected     the model does not take this parameter
│   │   ├── ContentRefused        OpenAI's policies forbid it
│   │   └── RequestRejected       any other 4xx
│   ├── OutcomeUnknown            no answer: it may have been executed
│   ├── ResponseFailed            the model ended its turn with an error
│   └── FunctionsUnsupported      the model called a function that nobody offered
├── SlackError                    the Slack side
│   ├── SlackRefused              ok: false; not executed
│   ├── SlackRateLimited          429; not executed                              (again)
│   ├── SlackUnreachable          nobody answered the door; not executed          (again)
│   └── SlackOutcomeUnknown       no answer: it may have been executed
├── FileRefused                   a file that somebody posted cannot be taken
├── RunTimedOut                   longer than RUN_TIMEOUT
├── RunPoisoned                   three leases lapsed without an end
├── TooManyRuns                   more than MAX_RUNS_PER_PERSON_HOUR
└── SettingsError                 a setting is missing or malformed

The database's errors are in `storage/errors.py`: storage imports nobody of ours.
"""

from typing import ClassVar

from bot import words


class ThreadmateError(Exception):
    """Anything we know how to speak about. Its text is for the log; people read `user_text`."""

    code: ClassVar[str] = "unexpected"
    retry: ClassVar[bool] = False

    @property
    def user_text(self) -> str:
        """One sentence: what happened and what to do."""
        return words.FAILURES[self.code]


class AssistantError(ThreadmateError):
    """Something on the OpenAI side."""

    code = "failed"


class AssistantRefused(AssistantError):
    """The call was refused: it was not executed, so making it again cannot double anything."""

    code = "rejected"


class AssistantBusy(AssistantRefused):
    """Too many requests or tokens. `retry_after` is in seconds, None where OpenAI did not say."""

    code = "busy"
    retry = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AssistantUnavailable(AssistantRefused):
    """OpenAI answered with an error of its own, or nobody answered the door."""

    code = "unavailable"
    retry = True


class MemoryLocked(AssistantRefused):
    """Another turn is under way on this conversation."""

    code = "locked"
    retry = True


class OutOfQuota(AssistantRefused):
    """The account has no credit, or its quota is used up."""

    code = "quota"


class KeyRejected(AssistantRefused):
    """The key is wrong, or may not do this."""

    code = "key"


class ModelUnavailable(AssistantRefused):
    """There is no such model for this key."""

    code = "model"


class MemoryLost(AssistantRefused):
    """The conversation does not exist any more."""

    code = "failed"


class FileLost(AssistantRefused):
    """OpenAI has a File no more that we have uploaded there."""

    code = "failed"


class ContextTooLong(AssistantRefused):
    """The input does not fit into the model's context."""

    code = "too_long"


class ContainerExpired(AssistantRefused):
    """The code interpreter's container is gone."""

    code = "failed"
    retry = True


class DanglingCall(AssistantRefused):
    """The memory holds a function call without its output, or a question about a call that nobody answered."""

    code = "failed"

    def __init__(self, message: str, call_id: str, *, asked_about: bool = False) -> None:
        super().__init__(message)
        self.call_id = call_id
        self.asked_about = asked_about


class QuestionNotRepeated(AssistantRefused):
    """What people decided about a call was brought without the question, which the memory holds, beside it."""


class ServerUnreachable(AssistantRefused):
    """OpenAI could not list the tools of an MCP server. `label` is "" where it does not say which."""

    code = "server"

    def __init__(self, message: str, label: str) -> None:
        super().__init__(message)
        self.label = label


class ParameterRejected(AssistantRefused):
    """The model does not take this parameter."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


class ContentRefused(AssistantRefused):
    """OpenAI's policies forbid an answer."""

    code = "refused"


class RequestRejected(AssistantRefused):
    """A request that OpenAI does not accept, for a reason we have no name for."""


class OutcomeUnknown(AssistantError):
    """No answer, or a broken one: the call may or may not have been executed."""

    code = "unknown_outcome"


class ResponseFailed(AssistantError):
    """The model ended its turn with an error. `reason` is OpenAI's code for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FunctionsUnsupported(AssistantError):
    """The model called a function that nobody offered."""

    code = "functions"


class SlackError(ThreadmateError):
    """Something on the Slack side."""

    code = "slack"

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"{method}: {error}")
        self.method = method
        self.error = error


class SlackRefused(SlackError):
    """Slack said no (`ok: false`): not executed."""


class SlackRateLimited(SlackError):
    """Too many calls of this method. `retry_after` is in seconds."""

    retry = True

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(method, "ratelimited")
        self.retry_after = retry_after


class SlackUnreachable(SlackError):
    """No connection to Slack could be made: not executed."""

    retry = True


class SlackOutcomeUnknown(SlackError):
    """No answer: the call may or may not have been executed."""


class FileRefused(ThreadmateError):
    """A file cannot be taken. `reason` is one of bot/files/kinds.py, `sentence` names the file and says why."""

    code = "file"

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = sentence

    @property
    def user_text(self) -> str:
        """The sentence about this very file."""
        return self.sentence


class RunTimedOut(ThreadmateError):
    """The run took longer than RUN_TIMEOUT."""

    code = "timed_out"


class RunPoisoned(ThreadmateError):
    """The run was taken three times and never came to an end."""

    code = "poisoned"


class TooManyRuns(ThreadmateError):
    """The person asked more than MAX_RUNS_PER_PERSON_HOUR."""

    code = "too_many_runs"


class SettingsError(ThreadmateError):
    """Settings are missing or malformed. `faults` is one line each, with no secret in it."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
