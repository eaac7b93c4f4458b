"""The methods of chat.* for messages that are not streamed."""

from bot.playground.slack import events
from bot.playground.slack.arguments import FLAG, LIST, METADATA, NAME, TEXT, Method
from bot.playground.slack.blocks import MARKDOWN_CHARS, message_problems
from bot.playground.slack.payloads import message_json
from bot.playground.slack.pictures import picture_problems
from bot.playground.slack.records import (
    Args,
    CallRefusedError,
    Channel,
    Ephemeral,
    Json,
    Message,
    Notification,
)
from bot.playground.slack.state import WORKSPACE_URL, Workspace

TEXT_CHARS = 40_000  # chat.postMessage cuts beyond that (slack-platform.md §3.1)
UPDATE_CHARS = 4_000  # chat.update refuses more (slack-platform.md §3.1)


def accept_blocks(workspace: Workspace, blocks: object) -> list[Json]:
    """The blocks of a call, or `invalid_blocks` with what is wrong where."""
    if wrong := message_problems(blocks or []) or picture_problems(workspace, blocks):
        raise CallRefusedError("invalid_blocks", *wrong, errors=wrong)
    return list(blocks) if isinstance(blocks, list) else []


def content_of(workspace: Workspace, method: str, args: Args) -> tuple[str, list[Json]]:
    """The text and blocks of a call, vetted."""
    text, markdown = args.get("text", ""), args.get("markdown_text", "")
    if markdown and (text or "blocks" in args):
        raise CallRefusedError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_CHARS:
        raise CallRefusedError("msg_too_long")
    given = [{"type": "markdown", "text": markdown}] if markdown else args.get("blocks")
    blocks = accept_blocks(workspace, given)
    if not (text or blocks):
        raise CallRefusedError("no_text")
    workspace.refuse_mentions(method, args["channel"], [text], blocks)
    return text or markdown, blocks


def post_message(workspace: Workspace, args: Args) -> Json:
    """Say something in a channel or thread."""
    return say(workspace, workspace.writable(args["channel"]), args)


def say(workspace: Workspace, channel: Channel, args: Args) -> Json:
    """Say something in a channel in which the app may, a member or not."""
    if "thread_ts" in args:
        workspace.root_of(channel, args["thread_ts"], "thread_not_found")
    text, blocks = content_of(workspace, "chat.postMessage", args)
    unfurl_off = args.get("unfurl_links") is False and args.get("unfurl_media") is False
    if not unfurl_off:
        workspace.note_unfurls("chat.postMessage", channel.id, [text], blocks)
    message = workspace.new_bot_message(args.get("thread_ts"), text[:TEXT_CHARS])
    message.blocks, message.metadata, message.unfurl_off = blocks, args.get("metadata"), unfurl_off
    workspace.add(channel, message)
    workspace.notifications.append(Notification(channel.id, message.ts, "post"))
    events.posted(workspace, channel, message)
    answer: Json = {
        "channel": channel.id,
        "ts": message.ts,
        "message": message_json(workspace, channel, message),
    }
    if len(text) > TEXT_CHARS:
        answer["response_metadata"] = {"warnings": ["message_truncated"]}
    return answer


def own_message(workspace: Workspace, channel: Channel, ts: str, not_ours: str) -> Message:
    """A message of the app, or that error."""
    message = channel.messages.get(ts)
    if message is None or message.subtype == "tombstone":
        raise CallRefusedError("message_not_found")
    if not workspace.is_ours(message):
        raise CallRefusedError(not_ours)
    return message


def update(workspace: Workspace, args: Args) -> Json:
    """Replace a message of our own; what was streamed before is replaced as well (slack-platform.md §2.3)."""
    channel = workspace.writable(args["channel"])
    message = own_message(workspace, channel, args["ts"], "cant_update_message")
    if message.stream is not None and message.stream.open:
        raise CallRefusedError("streaming_state_conflict")
    if len(args.get("text", "")) > UPDATE_CHARS:
        raise CallRefusedError("msg_too_long")
    text, blocks = content_of(workspace, "chat.update", args)
    if not message.unfurl_off:
        workspace.suspect_unfurls("chat.update", channel.id, [text], blocks)
    before = message_json(workspace, channel, message)
    message.text, message.blocks, message.stream = text, blocks, None
    message.edited = workspace.next_ts()
    if "metadata" in args:
        message.metadata = args["metadata"]
    events.changed(workspace, channel, message, before)
    shown = message_json(workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": shown}


def delete(workspace: Workspace, args: Args) -> Json:
    """Take back a message of our own."""
    channel = workspace.channel_of(args["channel"])
    message = own_message(workspace, channel, args["ts"], "cant_delete_message")
    if message.stream is not None and message.stream.open:
        raise CallRefusedError("cant_delete_message")
    events.remove(workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(workspace: Workspace, args: Args) -> Json:
    """Say something that one person sees."""
    return tell(workspace, workspace.writable(args["channel"]), args)


def tell(workspace: Workspace, channel: Channel, args: Args) -> Json:
    """Tell one person something in a channel in which the app may, a member or not."""
    if args["user"] not in channel.members:
        raise CallRefusedError("user_not_in_channel")
    thread = args.get("thread_ts")
    if thread is not None:
        workspace.root_of(channel, thread, "thread_not_found")
    text, blocks = content_of(workspace, "chat.postEphemeral", args)
    told = Ephemeral(channel.id, args["user"], text, thread, blocks, workspace.next_ts())
    workspace.ephemerals.append(told)
    return {"message_ts": told.ts}


def get_permalink(workspace: Workspace, args: Args) -> Json:
    """The address of a message; that of a reply names its thread (docs.slack.dev/reference/methods)."""
    channel = workspace.readable(args["channel"])
    message = channel.messages.get(args["message_ts"])
    if message is None:
        raise CallRefusedError("message_not_found")
    link = f"{WORKSPACE_URL}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


_CONTENT = {"text": TEXT, "blocks": LIST, "markdown_text": TEXT}
METHODS = {
    "chat.postMessage": Method(
        post_message,
        {"channel": NAME},
        {
            **_CONTENT,
            "thread_ts": NAME,
            "unfurl_links": FLAG,
            "unfurl_media": FLAG,
            "mrkdwn": FLAG,
            "metadata": METADATA,
        },
        "chat:write",
    ),
    "chat.update": Method(update, {"channel": NAME, "ts": NAME}, {**_CONTENT, "metadata": METADATA}, "chat:write"),
    "chat.delete": Method(delete, {"channel": NAME, "ts": NAME}, {}, "chat:write"),
    "chat.postEphemeral": Method(
        post_ephemeral, {"channel": NAME, "user": NAME}, {**_CONTENT, "thread_ts": NAME}, "chat:write"
    ),
    "chat.getPermalink": Method(get_permalink, {"channel": NAME, "message_ts": NAME}),
}
