"""Deliveries, calls and requests, each as a line of the trail and, when somebody asks, in full; pure."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from bot.playground.inspector.marks import Marks, of_call, of_delivery, of_request
from bot.playground.openai.server import Request
from bot.playground.slack.records import Call, Json
from bot.playground.slack.socket_mode import Envelope

EXCERPT = 100  # characters
DELTA = ".delta"  # events that end so come by the hundred, and are told together
_ID = re.compile(r"\b([a-z]+)_[0-9a-f]{16,}([0-9a-f]{4})\b")  # is told in short
GOOD, BUSY, BAD = "", "busy", "bad"

Source = Envelope | Call | Request


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `settled`: it will not change any more."""

    kind: str  # event | call | request
    title: str
    note: str
    state: str
    mood: str
    marks: Marks
    settled: bool


def line(source: Source, pending: Collection[str] = ()) -> Line:
    """How it stands now. `pending`: the ids of the deliveries that are still waited for."""
    match source:
        case Envelope():
            return _delivery(source, source.id in pending)
        case Call():
            return _call(source)
        case Request():
            return _request(source)


def details(source: Source) -> Json:
    """All of it."""
    match source:
        case Envelope():
            sent: Json = {"type": source.type, "sent": source.sent, "acknowledged": source.acked}
            return {**sent, "answer": source.answer, "payload": source.payload}
        case Call():
            return {"arguments": source.params, "status": source.status, "answer": source.answer}
        case Request(run=None):
            return {"body": source.body, "status": source.status, "answer": _json(source.answer)}
        case Request(run=run):
            assert run is not None  # noqa: S101 - the case before
            return {"body": source.body, "status": source.status, "events": _events(run.told)}


# -- deliveries


def _delivery(envelope: Envelope, waiting: bool) -> Line:
    payload = envelope.payload
    about = payload.get("event") or payload
    state, mood = _how_it_went(envelope, waiting)
    text = (
        about.get("text") or (about.get("message") or {}).get("text")
        if "event" in payload
        else payload.get("text")
    )
    settled = envelope.acked or not waiting
    return Line("event", _what(envelope), _excerpt(text), state, mood, of_delivery(payload), settled)


def _what(envelope: Envelope) -> str:
    payload = envelope.payload
    if "event" in payload:
        event = payload["event"]
        return " ".join(filter(None, (event["type"], event.get("subtype"))))
    if "command" in payload:
        return str(payload["command"])
    pressed = [str(action.get("action_id")) for action in payload.get("actions", ())]
    return " ".join([str(payload.get("type")), *pressed, str(payload.get("callback_id") or "")]).strip()


def _how_it_went(envelope: Envelope, waiting: bool) -> tuple[str, str]:
    times = f"sent {envelope.sent} times, " if envelope.sent > 1 else ""
    if envelope.acked:
        return f"{times}acknowledged after {_span(envelope.acked_at - envelope.at)}", GOOD
    if waiting:
        return (f"{times}waiting" if envelope.sent else "not sent yet: no socket"), BUSY
    return (f"{times}given up" if envelope.type == "events_api" else "not acknowledged"), BAD


def _span(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


# -- calls of Slack


def _call(call: Call) -> Line:
    answer = call.answer or {}
    if not call.status:
        state, mood = ("executed, not answered" if call.executed else "not answered"), BUSY
    elif call.error or call.status >= 400:
        state, mood = f"{call.status if call.status >= 400 else ''} {call.error or ''}".strip(), BAD
    else:
        state, mood = "ok", GOOD
    note = call.params.get("markdown_text") or call.params.get("text") or call.params.get("status") or ""
    marks = of_call(call.method, call.params, answer)
    return Line(
        "call", call.method, _excerpt(note or _of_chunks(call.params)), state, mood, marks, bool(call.status)
    )


def _of_chunks(params: Mapping[str, Any]) -> str:
    """What a stream is given, in short."""
    chunks = params.get("chunks")
    read = _json(chunks) if isinstance(chunks, str) else chunks
    if not isinstance(read, list):
        return ""
    return " · ".join(str(one.get("text") or one.get("title") or one.get("type")) for one in read)


# -- requests to OpenAI


def _request(request: Request) -> Line:
    run = request.run
    answer = _json(request.answer) if run is None and request.path != "/responses" else None
    answered = run.response if run is not None else answer if isinstance(answer, dict) else {}
    body = request.body if isinstance(request.body, dict) else {}
    marks = of_request(request.path, body, answered)
    marks = replace(marks, names=marks.names | _containers(answered))
    path = _ID.sub(r"\1_…\2", request.path)
    settled = bool(request.status) and (run is None or run.finished.is_set())
    state, mood = _how_it_was_answered(request)
    return Line("request", f"{request.method} {path}", _excerpt(_asked(body)), state, mood, marks, settled)


def _containers(response: Mapping[str, Any]) -> set[str]:
    """The containers in which the response ran code."""
    return {str(item["container_id"]) for item in response.get("output") or () if item.get("container_id")}


def _how_it_was_answered(request: Request) -> tuple[str, str]:
    run = request.run
    if request.status >= 400:
        return f"{request.status} {_error(request.answer)}".strip(), BAD
    if run is None:
        return (str(request.status), GOOD) if request.status else ("not answered", BUSY)
    count = f"{len(run.told)} events"
    status = str(run.response["status"])
    mood = {"completed": GOOD, "incomplete": GOOD, "in_progress": BUSY}.get(status, BAD)
    return f"{status.replace('_', ' ')}, {count}", mood


def _error(answer: bytes) -> str:
    error = (_json(answer) or {}).get("error") or {}
    return str(error.get("code") or error.get("type") or "")


def _asked(body: Mapping[str, Any]) -> str:
    """The newest words of the input; of an upload the file's name."""
    file = body.get("file")
    if isinstance(file, Mapping):
        return str(file.get("filename") or file.get("name") or "")
    items = body.get("input") or body.get("items") or ()
    for item in reversed(items if isinstance(items, list) else []):
        for part in reversed(item.get("content") or [] if isinstance(item, Mapping) else []):
            if isinstance(part, Mapping) and part.get("text"):
                return str(part["text"])
    return ""


def _events(told: list[tuple[float, Json]]) -> list[Json]:
    """The stream's events, with what belongs together of text in one."""
    began = told[0][0] if told else 0.0
    events: list[Json] = []
    for _, group in groupby(enumerate(told), key=_together):
        those = [one for _, one in group]
        at, first = those[0]
        event: Json = {"after": round(at - began, 2), "type": first["type"], "count": len(those)}
        if len(those) > 1:
            event["delta"] = "".join(str(one.get("delta", "")) for _, one in those)
        else:
            event["event"] = first
        events.append(event)
    return events


def _together(numbered: tuple[int, tuple[float, Json]]) -> tuple[str, Any]:
    number, (_, event) = numbered
    kind = str(event["type"])
    return kind, (event.get("item_id") if kind.endswith(DELTA) else number)


def _json(text: bytes | str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _excerpt(text: object) -> str:
    words = " ".join(str(text or "").split())
    return words if len(words) <= EXCERPT else f"{words[: EXCERPT - 1]}…"
