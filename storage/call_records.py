"""Function calls, as frozen records: no SQLAlchemy, no Slack, no OpenAI in here."""

from dataclasses import dataclass
from enum import StrEnum


class CallKind(StrEnum):
    """Who would execute it."""

    FUNCTION = "function"  # we do
    MCP = "mcp"  # a remote server, after OpenAI has been told that it may


class CallState(StrEnum):
    """Where a call stands. The first three may still be made."""

    PROPOSED = "proposed"  # the model wants it
    APPROVED = "approved"  # and somebody has said yes
    STARTED = "started"  # it is being made; found so after a crash, nobody knows what became of it
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    DENIED = "denied"
    UNKNOWN = "unknown"  # it was begun, and then the process died


ENDED = (CallState.COMPLETED, CallState.FAILED, CallState.TIMED_OUT, CallState.DENIED, CallState.UNKNOWN)
"""States in which a call has an output for the model."""


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call that the model wants, before it has a row."""

    call_id: str  # of a tool of an MCP server: of the question about it
    response_id: str
    name: str  # of a tool of an MCP server: the server's label, a slash, and what it calls the tool
    arguments: str  # as the model wrote them
    kind: CallKind = CallKind.FUNCTION
    approval: bool = False  # people are asked before
    approvers: tuple[str, ...] = ()  # Slack's user ids; none: whoever asked


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call of a run. Times in seconds since the epoch, by the database's clock."""

    run_id: str
    position: int
    call_id: str
    response_id: str
    name: str
    arguments: str
    kind: CallKind
    approval: bool
    approvers: tuple[str, ...]
    state: CallState
    decided_by: str | None = None
    decided_at: float | None = None
    approved: bool | None = None
    output: str | None = None
    started_at: float | None = None
    finished_at: float | None = None

    @property
    def undecided(self) -> bool:
        """Whether somebody has to say yes or no."""
        return self.approval and self.state is CallState.PROPOSED

    @property
    def settled(self) -> bool:
        """Whether nothing more is done about it before the model goes on: others may be making it."""
        return self.output is not None or (self.kind is CallKind.MCP and self.state is CallState.STARTED)


class Decision(StrEnum):
    """What became of somebody's yes or no."""

    DECIDED = "decided"
    ALREADY = "already"  # somebody has decided before
    OVER = "over"  # the run does not wait any more: it has ended, or the wait has
    NOT_YOURS = "not_yours"  # others are asked
