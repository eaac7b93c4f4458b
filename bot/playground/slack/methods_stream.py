"""chat.startStream, chat.appendStream, chat.stopStream: messages that grow (reference/slack-platform.md §2)."""

from collections.abc import Mapping
from copy import deepcopy

from bot.playground.slack.arguments import LIST, METADATA, NAME, TEXT, Method, enum
from bot.playground.slack.blocks import MARKDOWN_CHARS, MOST_IN_MESSAGE, TASK_STATUSES
from bot.playground.slack.elements import SOURCES, typed
from bot.playground.slack.methods_chat import accept_blocks, own_message
from bot.playground.slack.payloads import message_json
from bot.playground.slack.records import Args, CallRefusedError, Channel, Json, Message, Stream, Task
from bot.playground.slack.schema import (
    anything,
    array,
    boolean,
    one_of,
    problems_of,
    string,
    tagged,
)
from bot.playground.slack.state import Workspace

STREAM_SECONDS = 300.0  # a stream dies five minutes after its start, active or not (slack-platform.md §2.3)
TOTAL_CHARS = 40_000  # all text of one streamed message (slack-platform.md §2.4)
TASK_BYTES = 10_600  # with task cards: text and titles once, details and output twice (slack-platform.md §2.4)
FIELD_CHARS = 256  # text fields of task_update and plan_update (slack-platform.md §2.2)
SESSION_STATUSES = ("active", "processing", "suspended", "closed")  # methods/agents.sessions.setStatus

_FIELD = string(FIELD_CHARS)
_CHUNKS = array(
    tagged(
        {
            "markdown_text": typed({"text": string(least=0)}),
            "task_update": typed(
                {"id": string(), "title": _FIELD, "status": one_of(*TASK_STATUSES)},
                {
                    "details": string(FIELD_CHARS, least=0),
                    "output": string(FIELD_CHARS, least=0),
                    "sources": SOURCES,
                    "hide_title": boolean,
                    "icon": anything,
                },
            ),
            "plan_update": typed({"title": _FIELD}),
            "blocks": typed({"blocks": array(anything, 1_000)}),
        }
    ),
    1_000,
    least=0,
)


def _chunks(args: Args) -> list[Json]:
    """What the call adds, as chunks, whichever way it was given."""
    if "markdown_text" in args and "chunks" in args:
        raise CallRefusedError("cannot_provide_both_markdown_text_and_chunks")
    if "markdown_text" in args:
        return [{"type": "markdown_text", "text": args["markdown_text"]}]
    chunks: list[Json] = args.get("chunks", [])
    if wrong := problems_of(_CHUNKS, chunks, "/chunks"):
        raise CallRefusedError("invalid_chunks", *wrong)
    return chunks


def _grown(workspace: Workspace, stream: Stream, chunks: list[Json]) -> Stream:
    """The stream with those chunks added, or why Slack refuses them; the stream itself stays as it is."""
    if sum(len(chunk["text"]) for chunk in chunks if chunk["type"] == "markdown_text") > MARKDOWN_CHARS:
        raise CallRefusedError("msg_too_long")
    grown = deepcopy(stream)
    for chunk in chunks:
        _ADD[chunk["type"]](grown, chunk)
    if len(grown.text) > TOTAL_CHARS or (grown.tasks and _weight(grown) > TASK_BYTES):
        raise CallRefusedError("msg_too_long")
    accept_blocks(workspace, grown.chunk_blocks)
    return grown


def _weight(stream: Stream) -> int:
    """Bytes of text and titles, and twice those of details and output."""
    once = [stream.text, stream.plan_title or "", *(task.title for task in stream.tasks.values())]
    twice = [text for task in stream.tasks.values() for text in (task.details, task.output)]
    return sum(len(text.encode()) for text in once) + 2 * sum(len(text.encode()) for text in twice)


def _add_text(stream: Stream, chunk: Json) -> None:
    stream.text += chunk["text"]


def _add_task(stream: Stream, chunk: Json) -> None:
    """Title and status replace, details and output append (slack-platform.md §2.2)."""
    task = stream.tasks.setdefault(chunk["id"], Task(chunk["title"], chunk["status"]))
    task.title, task.status = chunk["title"], chunk["status"]
    task.details += chunk.get("details", "")
    task.output += chunk.get("output", "")
    task.sources += chunk.get("sources", [])


def _add_plan(stream: Stream, chunk: Json) -> None:
    stream.plan_title = chunk["title"]


def _add_blocks(stream: Stream, chunk: Json) -> None:
    """At most 50 in all; what is over is dropped (slack-platform.md §2.2)."""
    stream.chunk_blocks = [*stream.chunk_blocks, *chunk["blocks"]][:MOST_IN_MESSAGE]


_ADD = {
    "markdown_text": _add_text,
    "task_update": _add_task,
    "plan_update": _add_plan,
    "blocks": _add_blocks,
}


def _refuse_mentions(workspace: Workspace, method: str, channel: Channel, stream: Stream) -> None:
    """Looked for in the joined text, so that a token split over two appends is found."""
    texts = [stream.text, stream.plan_title or ""]
    for task in stream.tasks.values():
        texts += [task.title, task.details, task.output]
    workspace.refuse_mentions(method, channel.id, texts, [stream.chunk_blocks, stream.final_blocks])


def _check_recipient(workspace: Workspace, args: Args) -> None:
    """Both ids are needed, DMs included, and the team is the recipient's own (slack-platform.md §2.1)."""
    for name in ("recipient_user_id", "recipient_team_id"):
        if name not in args:
            raise CallRefusedError(f"missing_{name}")
    person = workspace.people.get(args["recipient_user_id"])
    if person is None or args["recipient_team_id"] != person.team:
        raise CallRefusedError("user_not_found")


def start(workspace: Workspace, args: Args) -> Json:
    """Begin a message that grows."""
    channel = workspace.writable(args["channel"])
    workspace.root_of(channel, args["thread_ts"], "invalid_thread_ts")
    _check_recipient(workspace, args)
    dies_at = workspace.clock.monotonic() + STREAM_SECONDS
    empty = Stream(dies_at, args.get("task_display_mode", "timeline"))
    stream = _grown(workspace, empty, _chunks(args))
    _refuse_mentions(workspace, "chat.startStream", channel, stream)
    message = workspace.new_bot_message(args["thread_ts"], "")
    message.stream, message.unfurl_off = stream, True  # "links are never unfurled", slack-platform.md §2.1
    workspace.open_stream(channel, message)
    return {"channel": channel.id, "ts": message.ts}


def _open_stream(workspace: Workspace, args: Args) -> tuple[Channel, Message, Stream]:
    channel = workspace.writable(args["channel"])
    message = own_message(workspace, channel, args["ts"], "message_not_owned_by_app")
    if message.stream is None or not message.stream.open:
        raise CallRefusedError("message_not_in_streaming_state")
    return channel, message, message.stream


def append(workspace: Workspace, args: Args) -> Json:
    """Add to an open stream; nothing more after its person pressed Stop (slack-platform.md §2.3)."""
    channel, message, stream = _open_stream(workspace, args)
    if stream.stop_pressed:
        raise CallRefusedError("stopped_by_user")
    if not args.keys() & {"markdown_text", "chunks"}:
        raise CallRefusedError("invalid_arguments", "[ERROR] missing required field: markdown_text")
    grown = _grown(workspace, stream, _chunks(args))
    _refuse_mentions(workspace, "chat.appendStream", channel, grown)
    message.stream = grown
    return {"channel": channel.id, "ts": message.ts}


def stop(workspace: Workspace, args: Args) -> Json:
    """End a stream, with a last piece and with blocks below it."""
    channel, message, stream = _open_stream(workspace, args)
    grown = _grown(workspace, stream, _chunks(args))
    grown.final_blocks = accept_blocks(workspace, args.get("blocks"))
    _refuse_mentions(workspace, "chat.stopStream", channel, grown)
    message.stream = grown
    message.metadata = args.get("metadata")
    workspace.end_stream(channel, message, args.get("session_status", "active"))
    shown: Mapping[str, object] = message_json(workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


_PIECE = {"markdown_text": TEXT, "chunks": LIST}
METHODS = {
    "chat.startStream": Method(
        start,
        {"channel": NAME, "thread_ts": NAME},
        {
            **_PIECE,
            "recipient_user_id": NAME,
            "recipient_team_id": NAME,
            "task_display_mode": enum("timeline", "plan"),
        },
        "chat:write",
    ),
    "chat.appendStream": Method(append, {"channel": NAME, "ts": NAME}, _PIECE, "chat:write"),
    "chat.stopStream": Method(
        stop,
        {"channel": NAME, "ts": NAME},
        {**_PIECE, "blocks": LIST, "metadata": METADATA, "session_status": enum(*SESSION_STATUSES)},
        "chat:write",
    ),
}
