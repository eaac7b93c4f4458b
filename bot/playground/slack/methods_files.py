"""files.info, .delete, .getUploadURLExternal, .completeUploadExternal (reference/slack-platform.md §4)."""

import secrets

from bot.playground.slack import events, shelf
from bot.playground.slack.arguments import LIST, NAME, TEXT, Method, number
from bot.playground.slack.files import DENIED, TOMBSTONE, File, Upload, describe
from bot.playground.slack.methods_chat import accept_blocks
from bot.playground.slack.payloads import rich_text_of
from bot.playground.slack.records import Args, CallRefusedError, Channel, Json, Message, Notification
from bot.playground.slack.schema import array, problems_of, record, string
from bot.playground.slack.state import Workspace

ALT_CHARS = 1000  # `alt_txt_too_large`, docs.slack.dev/reference/methods/files.getUploadURLExternal
SNIPPET_BYTES = 1_000_000  # `snippet_too_large`, slack-platform.md §4.3
UPLOAD_BYTES = 1_000_000_000  # "1 GB per file" is widely quoted, not verified: slack-platform.md §4.3
MOST_FILES = 14  # one more is answered with internal_error: slackapi/python-slack-sdk#1653
_FILES = array(record({"id": string()}, {"title": string(), "highlight_type": string()}), 1000)


# -- files.info


def info(workspace: Workspace, args: Args) -> Json:
    """What is known of a file; errors: docs.slack.dev/reference/methods/files.info.

    Stricter than documented: what is shared only where the bot is not a member does not exist, public or not.
    """
    file = workspace.files.get(args["file"])
    if file is None:
        raise CallRefusedError("file_not_found")
    if file.mode == TOMBSTONE:
        raise CallRefusedError("file_deleted")
    if file.access == DENIED:
        raise CallRefusedError("access_denied")
    if not workspace.sees(file):
        raise CallRefusedError("file_not_found")
    told = {**file.told(), **(_sharing(workspace, file) if file.ready else {})}
    return {"file": told, "comments": [], "response_metadata": {"next_cursor": ""}}


def _sharing(workspace: Workspace, file: File) -> Json:
    """Where the file is shared, as far as the bot sees; `shares` holds one entry per message."""
    shares: dict[str, dict[str, list[Json]]] = {}
    lists: dict[str, list[str]] = {"channels": [], "groups": [], "ims": []}
    for channel, message in workspace.carrying(file):
        if workspace.bot_user in channel.members:
            public = channel.kind == "channel"
            inside = shares.setdefault("public" if public else "private", {})
            inside.setdefault(channel.id, []).append(_share(workspace, channel, message))
            name = {"channel": "channels", "im": "ims"}.get(channel.kind, "groups")
            lists[name] = sorted({*lists[name], channel.id})
    return {"is_public": "public" in shares, "shares": shares, **lists}


def _share(workspace: Workspace, channel: Channel, message: Message) -> Json:
    replies = [m for m in channel.messages.values() if m.root == message.ts and m is not message]
    users = list(dict.fromkeys(reply.user for reply in replies))
    share: Json = {
        "reply_users": users,
        "reply_users_count": len(users),
        "reply_count": len(replies),
        "ts": message.ts,
        "channel_name": channel.name,
        "team_id": workspace.team,
        "share_user_id": message.user,
    }
    return share if message.thread_ts is None else {**share, "thread_ts": message.thread_ts}


# -- files.delete


def delete(workspace: Workspace, args: Args) -> Json:
    """Delete a file of the bot's own; messages keep a tombstone (docs.slack.dev/reference/methods)."""
    file = workspace.files.get(args["file"])
    if file is None:
        raise CallRefusedError("file_not_found")
    if file.deleted:
        raise CallRefusedError("file_deleted")
    if file.user != workspace.bot_user:
        raise CallRefusedError("cant_delete_file")
    events.file_deleted(workspace, file)
    return {}


# -- uploading


def get_upload_url(workspace: Workspace, args: Args) -> Json:
    """Step 1: an id, and an address for the bytes."""
    length = args["length"]
    if len(args.get("alt_txt", "")) > ALT_CHARS:
        raise CallRefusedError("alt_txt_too_large")
    if args.get("snippet_type") and length > SNIPPET_BYTES:
        raise CallRefusedError("snippet_too_large")
    if length > UPLOAD_BYTES:
        raise CallRefusedError("file_upload_size_restricted")
    file_id, key = workspace.new_id("F"), f"{workspace.new_id('CwABAAAA')}-{secrets.token_hex(12)}"
    upload = Upload(file_id, key, args["filename"], length, args.get("alt_txt"), args.get("snippet_type"))
    workspace.uploads.append(upload)
    return {"upload_url": f"{workspace.origin}/upload/v1/{key}", "file_id": file_id}


def complete_upload(workspace: Workspace, args: Args) -> Json:
    """Step 3: the files exist; the message that shares them appears a moment later.

    Without a channel the files stay private. Without this step they are discarded.
    """
    if wrong := problems_of(_FILES, args["files"], "/files"):
        raise CallRefusedError("invalid_arguments", *wrong)
    if len(args["files"]) > MOST_FILES:
        raise CallRefusedError("internal_error")
    uploads = [_uploaded(workspace, given["id"]) for given in args["files"]]
    channels = [_target(workspace, name) for name in _targets(args)]
    if "thread_ts" in args:
        _check_thread(workspace, channels, args["thread_ts"])
    comment, blocks = _comment(workspace, channels, args)
    files = [
        _file(workspace, upload, given.get("title")) for upload, given in zip(uploads, args["files"], strict=True)
    ]
    for channel in channels:
        _share_later(workspace, channel, files, args.get("thread_ts"), comment, blocks)
    return {"files": [{"id": file.id, "title": file.fields["title"]} for file in files]}


def _uploaded(workspace: Workspace, file_id: str) -> Upload:
    """The upload whose bytes are there and that nobody completed, or "could not find the file"."""
    for upload in workspace.uploads:
        if upload.file_id == file_id and upload.content is not None and not upload.completed:
            return upload
    raise CallRefusedError("file_not_found")


def _targets(args: Args) -> list[str]:
    several = [name.strip() for name in args.get("channels", "").split(",") if name.strip()]
    return [args["channel_id"], *several] if "channel_id" in args else several


def _target(workspace: Workspace, name: str) -> Channel:
    """A channel by its id; names are not taken (slack-platform.md §4.3)."""
    if name[:1] not in "CDG":
        raise CallRefusedError("invalid_channel")
    return workspace.writable(name)


def _check_thread(workspace: Workspace, channels: list[Channel], thread_ts: str) -> None:
    """No reply's ts, and only one channel (methods page); which errors say so is not documented."""
    if len(channels) != 1:
        raise CallRefusedError(
            "invalid_arguments", "[ERROR] thread_ts needs one channel [json-pointer:/thread_ts]"
        )
    workspace.root_of(channels[0], thread_ts, "invalid_thread_ts")


def _comment(workspace: Workspace, channels: list[Channel], args: Args) -> tuple[str, list[Json]]:
    """What the message says beside the files: blocks are ignored where there is a comment (methods page).

    A markdown block is answered with internal_error: slackapi/python-slack-sdk#1756.
    """
    method, comment = "files.completeUploadExternal", args.get("initial_comment", "")
    blocks = [] if comment else accept_blocks(workspace, args.get("blocks"))
    if any(block["type"] == "markdown" for block in blocks):
        raise CallRefusedError("internal_error")
    for channel in channels:
        workspace.refuse_mentions(method, channel.id, [comment], blocks)
        workspace.suspect_unfurls(method, channel.id, [comment], blocks)
    return comment, blocks


def _file(workspace: Workspace, upload: Upload, title: str | None) -> File:
    """The file that was uploaded; Slack looks into it later."""
    upload.completed = True
    content = upload.content or b""
    base = describe(upload.filename, None, content)
    if upload.snippet_type:
        base |= {"mode": "snippet", "filetype": upload.snippet_type, "editable": True}
    more: Json = {"title": title or upload.filename}
    if upload.alt_txt:
        more["alt_txt"] = upload.alt_txt
    file = shelf.keep(workspace, workspace.bot_user, content, base, more, upload.file_id)
    file.ready = False
    file.refresh()
    workspace.later(workspace.process_seconds, file.processed)
    return file


def _share_later(
    workspace: Workspace,
    channel: Channel,
    files: list[File],
    thread_ts: str | None,
    comment: str,
    blocks: list[Json],
) -> None:
    if workspace.drop_shares:
        workspace.drop_shares -= 1
        return

    def share() -> None:
        """Say it; unless the bot, the thread or the files are gone by now."""
        gone = thread_ts is not None and thread_ts not in channel.messages
        left = [file for file in files if not file.deleted]
        if gone or not left or workspace.bot_user not in channel.members:
            return
        message = workspace.new_bot_message(thread_ts, comment)
        message.blocks = rich_text_of(comment) if comment else blocks
        message.files = [file.shown for file in left]
        message.bot_id = None  # a file is shared by the bot's user, with neither bot_id nor app_id
        workspace.add(channel, message)
        workspace.notifications.append(Notification(channel.id, message.ts, "post"))
        events.posted(workspace, channel, message)

    workspace.later(workspace.share_seconds, share)


METHODS = {
    "files.delete": Method(delete, {"file": NAME}, {}, "files:write"),
    "files.info": Method(
        info,
        {"file": NAME},
        {"count": number(0, 1000), "cursor": TEXT, "limit": number(0, 1000), "page": number(1, 1000)},
        "files:read",
    ),
    "files.getUploadURLExternal": Method(
        get_upload_url,
        {"filename": NAME, "length": number(1, 10**12)},
        {"alt_txt": TEXT, "snippet_type": TEXT},
        "files:write",
    ),
    "files.completeUploadExternal": Method(
        complete_upload,
        {"files": LIST},
        {"channel_id": NAME, "channels": TEXT, "thread_ts": NAME, "initial_comment": TEXT, "blocks": LIST},
        "files:write",
    ),
}
