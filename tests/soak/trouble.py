"""The faults of single calls, by their names in the plan. Those that answer say that they were made up."""

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.emulated import EmulatedOpenAI
from bot.playground.slack.workspace import EmulatedSlack

SLACK = (
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "agents.sessions.setStatus",
    "conversations.replies",
)
OPENAI = (
    "POST /responses",
    "POST /conversations",
    "GET /conversations/{id}/items",
    "DELETE /conversations/{id}/items/{item_id}",
    "GET /responses/{id}",
)
MADE_UP = "made_up"  # stands in the body of a refusal that nobody has earned
KINDS = {
    "reset before": FaultKind.RESET_BEFORE,
    "reset after": FaultKind.RESET_AFTER,
    "delay": FaultKind.DELAY,
    "hold": FaultKind.HOLD,
}


def on_slack(slack: EmulatedSlack, name: str, seconds: float, pick: int) -> Fault:
    """Let one of the next calls meet that."""
    fault = _broken(name, seconds) or _refused_by_slack(name, seconds)
    return slack.faults.either(_some(SLACK, pick), fault)


def on_openai(openai: EmulatedOpenAI, name: str, seconds: float, pick: int) -> Fault:
    """Let one of the next calls meet that."""
    fault = _broken(name, seconds) or _refused_by_openai(name, seconds)
    return openai.faults.either(_some(OPENAI, pick), fault)


def on_an_envelope(slack: EmulatedSlack, name: str, seconds: float) -> Fault:
    """Let the next delivery meet that."""
    return slack.faults.add("envelope", _broken(name, seconds) or Fault(FaultKind.RESET_BEFORE))


def _some(calls: tuple[str, ...], pick: int) -> tuple[str, ...]:
    """One of the calls, so that the rare ones have their turn too; or any."""
    return (calls[pick % len(calls)],) if pick % 3 else calls


def _broken(name: str, seconds: float) -> Fault | None:
    return Fault(KINDS[name], seconds=seconds) if name in KINDS else None


def _refused_by_slack(name: str, seconds: float) -> Fault:
    if name == "429":
        body = {"ok": False, "error": "ratelimited", MADE_UP: True}
        return Fault(FaultKind.REFUSE, 429, body, {"Retry-After": str(1 + int(seconds))})
    if name == "503":
        return Fault(FaultKind.REFUSE, 503, "<html>")
    return Fault(FaultKind.REFUSE, 200, {"ok": False, "error": name, MADE_UP: True})


def _refused_by_openai(name: str, seconds: float) -> Fault:
    status = int(name)
    if status == 429:
        body = {
            "error": {"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded", "param": None}
        }
        return Fault(FaultKind.REFUSE, 429, {**body, MADE_UP: True}, {"retry-after": str(1 + int(seconds))})
    if status == 503:
        return Fault(FaultKind.REFUSE, 503, "<html>", {"Content-Type": "text/html"})
    body = {"error": {"message": "Oh.", "type": "server_error", "code": None, "param": None}}
    return Fault(FaultKind.REFUSE, status, {**body, MADE_UP: True})
