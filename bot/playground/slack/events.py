"""What Slack tells the app: event payloads (reference/slack-platform.md §§1.4, 5)."""

import itertools
from collections.abc import Mapping
from typing import Any

from bot.playground.slack.files import HIDDEN, TOMBSTONE, VISIBLE, File, ids_in, stub
from bot.playground.slack.mentions import live_mentions
from bot.playground.slack.payloads import message_json
from bot.playground.slack.records import Channel, Json, Message
from bot.playground.slack.state import SLACKBOT, Workspace

_SUBSCRIPTION_OF_TYPE = {"channel": "channels", "group": "groups", "mpim": "mpim", "im": "im"}
_MENTIONING = (None, "file_share", "thread_broadcast", "bot_message")  # subtypes that also give app_mention


def subscription_of(event: Mapping[str, Any]) -> str:
    """The name under which an app subscribes to such an event."""
    if event["type"] != "message":
        return str(event["type"])
    return f"message.{_SUBSCRIPTION_OF_TYPE[event['channel_type']]}"


def envelope_payload(workspace: Workspace, event: Json, event_id: str, *, shared: bool) -> Json:
    """The outer payload around an event."""
    authorization = {
        "enterprise_id": None,
        "team_id": workspace.team,
        "user_id": workspace.bot_user,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "deprecated",
        "team_id": workspace.team,
        "context_team_id": workspace.team,
        "context_enterprise_id": None,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(workspace.clock.time()),
        "authorizations": [authorization],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{event_id}",
    }


def posted(workspace: Workspace, channel: Channel, message: Message) -> None:
    """Somebody (the app included) said something: `message`, and `app_mention` when it mentions the bot."""
    base = message_json(workspace, channel, message)
    subtype = message.subtype or ("file_share" if message.files else None)
    event = {**base, "channel": channel.id, "channel_type": channel.type, "event_ts": message.ts}
    for file_id in ids_in(message.files) & workspace.files.keys():
        file_shared(workspace, channel, message, file_id)
    if subtype:
        event["subtype"] = subtype
    workspace.emit(event, channel)
    mentioned = f"<@{workspace.bot_user}>" in live_mentions(message.text)
    if mentioned and channel.kind != "im" and subtype in _MENTIONING:
        mention = {key: value for key, value in base.items() if key != "subtype"}
        workspace.emit({**mention, "type": "app_mention", "channel": channel.id, "event_ts": message.ts}, channel)


def file_shared(workspace: Workspace, channel: Channel, message: Message, file_id: str) -> None:
    """A file came into a conversation: only its id is told."""
    event = {
        "type": "file_shared",
        "channel_id": channel.id,
        "file_id": file_id,
        "user_id": message.user,
        "file": {"id": file_id},
        "event_ts": message.ts,
    }
    workspace.emit(event, channel)


def file_changed(workspace: Workspace, file: File) -> None:
    """Any property of a file changed; told to those who see it (docs.slack.dev/reference/events/file_change)."""
    if workspace.sees(file):
        event = {"type": "file_change", "file_id": file.id, "file": {"id": file.id}}
        workspace.emit({**event, "event_ts": workspace.next_ts()}, None)


def file_deleted(workspace: Workspace, file: File) -> None:
    """Delete a file. Everybody in the workspace is told (docs.slack.dev/reference/events/file_deleted)."""
    places = [(channel, m, message_json(workspace, channel, m)) for channel, m in workspace.carrying(file)]
    file.deleted = True
    file.refresh()
    event = {"type": "file_deleted", "file_id": file.id, "event_ts": workspace.next_ts()}
    seen = {channel.id for channel, _, _ in places if workspace.bot_user in channel.members}
    workspace.emit({**event, **({"channel_ids": sorted(seen)} if seen else {})}, None)
    for channel, message, before in places:
        changed(workspace, channel, message, before)


def sharing_changed(workspace: Workspace, channel: Channel, team: str) -> None:
    """A channel is now, or is no longer, shared with that team: docs.slack.dev/reference/events/channel_shared."""
    event: Json = {"channel": channel.id, "event_ts": workspace.next_ts()}
    if channel.shared:
        event |= {"type": "channel_shared", "connected_team_id": team}
    else:
        event |= {"type": "channel_unshared", "previously_connected_team_id": team, "is_ext_shared": False}
    workspace.emit(event, channel)


def stubbed(workspace: Workspace, event: Json) -> Json:
    """The event as a channel shared with another organisation gives it.

    "The payload will contain a file object with file_access: check_file_info" (docs.slack.dev/apis/slack-connect).
    """
    shown = dict(event)
    for key in ("message", "previous_message"):
        if isinstance(shown.get(key), dict):
            shown[key] = stubbed(workspace, shown[key])
    if isinstance(shown.get("files"), list):
        shown["files"] = [_stub_of(workspace, file) for file in shown["files"]]
    return shown


def _stub_of(workspace: Workspace, file: object) -> object:
    """A stub for a file that the workspace knows and shows."""
    known = next((workspace.files[name] for name in ids_in([file]) & workspace.files.keys()), None)
    hidden = known is None or known.mode in (HIDDEN, TOMBSTONE) or known.access != VISIBLE
    return file if hidden or known is None else stub(known.id)


def changed(workspace: Workspace, channel: Channel, message: Message, before: Json) -> None:
    """A message was edited; `before` is how it was."""
    now = message_json(workspace, channel, message)
    _emit_hidden(workspace, channel, {"subtype": "message_changed", "message": now, "previous_message": before})


def remove(workspace: Workspace, channel: Channel, message: Message) -> None:
    """Delete a message: it goes, but a root with replies stays behind as a tombstone."""
    before = message_json(workspace, channel, message)
    if any(other.root == message.ts and other is not message for other in channel.messages.values()):
        message.subtype, message.text, message.user = "tombstone", "This message was deleted.", SLACKBOT
        message.blocks, message.stream, message.files, message.client_msg_id = None, None, [], None
        message.bot_id = message.app_id = None
        message.extra = {"hidden": True}
        changed(workspace, channel, message, before)
        return
    del channel.messages[message.ts]
    workspace.sessions.pop((channel.id, message.ts), None)  # of a thread that is gone, nothing is shown
    gone = {"subtype": "message_deleted", "deleted_ts": message.ts, "previous_message": before}
    _emit_hidden(workspace, channel, gone)


def _emit_hidden(workspace: Workspace, channel: Channel, fields: Json) -> None:
    ts = workspace.next_ts()
    event = {
        "type": "message",
        **fields,
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.type,
        "ts": ts,
        "event_ts": ts,
    }
    workspace.emit(event, channel)


def stop_pressed(workspace: Workspace, channel: Channel, thread_ts: str, user: str) -> Json:
    """A person pressed Stop; the session's status does not change by that."""
    streams = [message.ts for message in workspace.streaming((channel.id, thread_ts))]
    return {
        "type": "agent_session_stopped",
        "channel": channel.id,
        "thread_ts": thread_ts,
        "user": user,
        "event_ts": workspace.next_ts(),
        "streaming_message_ts": streams,
    }


def messages_tab_opened(workspace: Workspace, channel: Channel, user: str) -> Json:
    """A person opened the app's Messages tab."""
    return {
        "type": "app_home_opened",
        "user": user,
        "channel": channel.id,
        "tab": "messages",
        "event_ts": workspace.next_ts(),
    }


class EventIds:
    """Gives every event its globally unique id; the same event sent again keeps it."""

    def __init__(self) -> None:
        self._count = itertools.count(1)
        self._known: dict[str, str] = {}

    def of(self, event: Json, *, fresh: bool = False) -> str:
        """The id of that inner event, a new one if it is new or `fresh`."""
        key = repr(sorted(event.items(), key=lambda item: item[0]))
        if fresh or key not in self._known:
            self._known[key] = f"Ev{next(self._count):09d}"
        return self._known[key]
