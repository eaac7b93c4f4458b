"""Slack's payloads -> what they say, or the reason why they say nothing to us. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.addressing import Post
from bot.files.slack_file import files_of
from bot.reply.details import Leaf
from bot.reply.reason import About, reason_in

Payload = Mapping[str, Any]

MESSAGE_SUBTYPES = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes that are a person's message (docs.slack.dev/reference/events/message)."""

BOT_SUBTYPES = frozenset({"bot_message"})

TOMBSTONE = "tombstone"
"""What a deleted message with replies is changed into (docs.slack.dev/reference/events/message), and the mode of
what Slack leaves of a deleted file on messages (docs.slack.dev/reference/objects/file-object).
"""


@dataclass(frozen=True, slots=True)
class Edited:
    """A message was changed; `post` is how it reads now.

    `taken_off` are Slack's ids of files that are not on it any more. `reworded`: its author changed it, not Slack,
    which takes deleted files off.
    """

    post: Post
    taken_off: tuple[str, ...] = ()
    reworded: bool = True


@dataclass(frozen=True, slots=True)
class FileTold:
    """Something happened to a file."""

    team: str
    file_id: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message is gone; `said` is how it read, as far as Slack says that."""

    team: str
    channel: str
    ts: str
    said: Post | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for us; the reason is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody pressed Slack's Stop button."""

    team: str
    channel: str
    thread_ts: str
    user: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened the tab in which they write to us."""

    team: str
    channel: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button under one of our messages."""

    team: str
    channel: str
    message_ts: str
    thread_ts: str | None
    user: str
    external: bool
    value: str
    trigger_id: str = ""  # opens a modal, within three seconds
    action_id: str = ""
    user_team: str = ""  # whoever pressed may belong to another one than `team`


@dataclass(frozen=True, slots=True)
class Turned:
    """Somebody turned the page in a modal of step details; what the modal says of itself is not checked yet."""

    team: str
    user: str
    external: bool
    view_id: str
    leaf: Leaf  # the page to be shown now


@dataclass(frozen=True, slots=True)
class Reasoned:
    """Somebody said what was wrong with an answer."""

    team: str
    user: str
    external: bool
    about: About
    reason: str


def parse_message(body: Payload) -> Post | Edited | Deleted | Ignored:
    """Read the body of a `message` or `app_mention` event."""
    event = body.get("event") or {}
    subtype = event.get("subtype")
    if subtype == "message_changed":
        return _edited(body, event)
    if subtype == "message_deleted":
        return _deleted(body, event)
    return _posted(body, event, event)


def parse_file(body: Payload) -> FileTold | Ignored:
    """Read the body of a `file_deleted` or `file_change` event: the id is all that it is certain to tell."""
    event = body.get("event") or {}
    file = event.get("file")
    file_id = event.get("file_id") or (file.get("id") if isinstance(file, Mapping) else None)
    if not isinstance(file_id, str) or not file_id:
        return Ignored("an event about no file")
    return FileTold(installed_team(body), file_id)


def parse_stop(body: Payload) -> Stopped | Ignored:
    """Read the body of an `agent_session_stopped` event (reference/slack-platform.md §1.4)."""
    event = body.get("event") or {}
    channel, thread_ts = event.get("channel"), event.get("thread_ts")
    if not channel or not thread_ts:
        return Ignored("a stop that names no thread")
    return Stopped(installed_team(body), channel, thread_ts, event.get("user") or "")


def parse_home(body: Payload) -> Opened | Ignored:
    """Read the body of an `app_home_opened` event: people write in the tab "messages" (§1.4)."""
    event = body.get("event") or {}
    tab, channel = event.get("tab"), event.get("channel")
    if tab != "messages" or not channel:
        return Ignored(f"the tab {tab}")
    return Opened(installed_team(body), channel)


def parse_button(body: Payload) -> Pressed | Ignored:
    """Read the body of a `block_actions` payload; the run is found by its message, never by its value.

    Other organisations' people see our buttons too; where Slack does not say whose they are, they count as such.
    """
    container, (team, user, external) = body.get("container") or {}, presser(body)
    channel, message_ts = container.get("channel_id"), container.get("message_ts")
    if not channel or not message_ts or not user:
        return Ignored("a button outside a message")
    action, trigger = pressed_action(body), str(body.get("trigger_id") or "")
    about = str(action.get("value") or ""), trigger, str(action.get("action_id") or "")
    user_team = str((body.get("user") or {}).get("team_id") or "")
    return Pressed(team, channel, message_ts, container.get("thread_ts"), user, external, *about, user_team)


def parse_reason(body: Payload) -> Reasoned | Ignored:
    """Read the body of a `view_submission` payload from the modal behind a thumb down."""
    view, (team, user, external) = body.get("view") or {}, presser(body)
    about = About.read(str(view.get("private_metadata") or ""))
    reason = reason_in(view)
    if about is None or not reason or not user:
        return Ignored("no reason in it")
    return Reasoned(team, user, external, about, reason)


def parse_page(body: Payload) -> Turned | Ignored:
    """Read the body of a `block_actions` payload from a modal of step details."""
    view, (team, user, external) = body.get("view") or {}, presser(body)
    leaf = Leaf.read(str(view.get("private_metadata") or ""))
    if leaf is None or not view.get("id") or not user:
        return Ignored("no modal of step details")
    return Turned(team, user, external, view["id"], leaf.turned(str(pressed_action(body).get("action_id"))))


def pressed_action(body: Payload) -> Payload:
    """What was pressed."""
    actions: list[Payload] = body.get("actions") or [{}]
    return actions[0]


def presser(body: Payload) -> tuple[str, str, bool]:
    """The team it is about, who pressed ("" where Slack does not say), and whether they belong elsewhere."""
    user = body.get("user") or {}
    team = (body.get("team") or {}).get("id") or user.get("team_id") or ""
    home = {team, (body.get("enterprise") or {}).get("id")} - {None, ""}
    return team, user.get("id") or "", user.get("team_id") not in home


def installed_team(body: Payload) -> str:
    """The team whose installation this event is for, which is not always its author's."""
    authorizations = body.get("authorizations") or [{}]
    return str(authorizations[0].get("team_id") or body.get("team_id") or "")


def _posted(body: Payload, event: Payload, message: Payload) -> Post | Ignored:
    subtype = message.get("subtype")
    if subtype in BOT_SUBTYPES:
        return Ignored("another bot's message")
    if subtype not in MESSAGE_SUBTYPES:
        return Ignored(f"subtype {subtype}")
    if message.get("hidden") or not message.get("ts") or not event.get("channel"):
        return Ignored("not a visible message")
    channel = str(event["channel"])
    return Post(
        team=installed_team(body),
        channel=channel,
        direct=_is_direct(event, channel),
        ts=str(message["ts"]),
        thread_ts=message.get("thread_ts"),
        user=str(message.get("user") or ""),
        text=str(message.get("text") or ""),
        bot_id=message.get("bot_id"),
        author_team=_author_team(message),
        shared=bool(body.get("is_ext_shared_channel", True)),
        external=_is_external(body, message),
        mention=event.get("type") == "app_mention",
        files=tuple(files_of(message)),
    )


def _edited(body: Payload, event: Payload) -> Edited | Deleted | Ignored:
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("subtype") == TOMBSTONE:
        return _deleted(body, {**event, "deleted_ts": message.get("ts")})
    there = _files(message)
    was_there = {_id(file) for file in (_files(before) if before else files_of(message))}
    taken_off = tuple(sorted(was_there - {_id(file) for file in there}))
    reworded = not before or _content(message) != _content(before)
    if not reworded and not taken_off:
        return Ignored("an edit without other text or files")  # Slack unfurled a link, or counted a reply
    post = _posted(body, event, message)
    if isinstance(post, Ignored):
        return post
    return Edited(replace(post, edited=True, files=tuple(there)), taken_off, reworded)


def _content(message: Payload) -> tuple[str, list[str]]:
    return str(message.get("text") or ""), [_id(file) for file in files_of(message)]


def _files(message: Payload) -> list[Payload]:
    """The files on a message, but for what Slack leaves there of deleted ones."""
    return [file for file in files_of(message) if file.get("mode") != TOMBSTONE]


def _id(file: Payload) -> str:
    return str(file.get("id"))


def _deleted(body: Payload, event: Payload) -> Deleted | Ignored:
    ts = event.get("deleted_ts") or (event.get("previous_message") or {}).get("ts")
    if not ts or not event.get("channel"):
        return Ignored("a deletion that names no message")
    said = _posted(body, event, event.get("previous_message") or {})
    return Deleted(installed_team(body), str(event["channel"]), str(ts), said if isinstance(said, Post) else None)


def _is_direct(event: Payload, channel: str) -> bool:
    """`channel_type` may be missing (reference/testing.md); a DM's id begins with D."""
    return event.get("channel_type") == "im" or channel.startswith("D")


def _author_team(message: Payload) -> str | None:
    return message.get("user_team") or message.get("source_team") or message.get("team")


def _is_external(body: Payload, message: Payload) -> bool:
    """Of neither our team nor our enterprise. Where Slack does not say, only a channel that is not shared is ours.

    Fields: reference/slack-platform.md §7.4; `user_team` may hold an enterprise.
    """
    author, ours = _author_team(message), _enterprise(body)
    if author is None:
        return bool(body.get("is_ext_shared_channel", True))
    if author in {installed_team(body), ours}:
        return False
    profile = message.get("user_profile") or {}
    theirs = message.get("user_enterprise") or message.get("enterprise") or profile.get("enterprise_id")
    return not ours or ours != theirs


def _enterprise(body: Payload) -> str | None:
    authorizations = body.get("authorizations") or [{}]
    return authorizations[0].get("enterprise_id") or body.get("enterprise_id")
