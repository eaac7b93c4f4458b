"""What a piece of traffic is about: a thread, messages, and names that other pieces have too; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Place = tuple[str, str]  # channel, ts of the thread's root
_MESSAGE_FIELDS = ("ts", "message_ts", "deleted_ts", "timestamp")
_CONVERSATION_TS = "conversations.replies"  # here `ts` names the thread


@dataclass(frozen=True, slots=True)
class Marks:
    """`channel` and `thread` are empty where they are not told. `names`: of runs, responses, triggers, files."""

    channel: str = ""
    thread: str = ""
    messages: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def of_delivery(payload: Mapping[str, Any]) -> Marks:
    """Of an event, an interaction or a command."""
    about = _mapping(payload.get("event")) or payload
    inside = [about, *(_mapping(about.get(key)) for key in ("message", "previous_message", "container", "item"))]
    channels = [_channel(one) for one in inside]
    threads = [str(one["thread_ts"]) for one in inside if one.get("thread_ts")]
    messages = frozenset(ts for one in inside for ts in _messages(one))
    view = _mapping(payload.get("view"))
    names = {str(one) for one in (payload.get("trigger_id"), view.get("id"), view.get("root_view_id")) if one}
    return Marks(next(filter(None, channels), ""), next(iter(threads), ""), messages, frozenset(names))


def of_call(method: str, params: Mapping[str, Any], answer: Mapping[str, Any]) -> Marks:
    """Of a Web API call."""
    view = _mapping(answer.get("view"))
    names = {params.get("trigger_id"), params.get("view_id"), view.get("id"), view.get("root_view_id")} - {None}
    thread = str(params.get("thread_ts") or (params.get("ts") if method == _CONVERSATION_TS else "") or "")
    messages = (
        frozenset[str]() if method == _CONVERSATION_TS else frozenset((*_messages(params), *_messages(answer)))
    )
    return Marks(_channel(params), thread, messages, frozenset(map(str, names)))


def of_request(path: str, body: Mapping[str, Any], answer: Mapping[str, Any]) -> Marks:
    """Of a call of OpenAI; the answer is the response where it began one."""
    conversation = body.get("conversation")
    told = [
        *(part for part in path.split("/") if any(mark in part for mark in "_-") and any(map(str.isdigit, part))),
        _mapping(body.get("metadata")).get("run"),
        _mapping(conversation).get("id") or conversation,
        body.get("file_id"),
        answer.get("id"),
    ]
    return Marks(names=frozenset(str(one) for one in told if isinstance(one, str) and one))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _channel(given: Mapping[str, Any]) -> str:
    channel = given.get("channel") or given.get("channel_id") or ""
    return str(_mapping(channel).get("id", "") if isinstance(channel, Mapping) else channel)


def _messages(given: Mapping[str, Any]) -> Iterator[str]:
    for name in _MESSAGE_FIELDS:
        if isinstance(ts := given.get(name), str) and ts:
            yield ts
