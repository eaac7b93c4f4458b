"""A message as the Web API and events carry it."""

import html
import re
from copy import deepcopy
from typing import Any

from bot.playground.slack.records import Channel, Json, Message, Stream
from bot.playground.slack.state import Workspace

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


def rich_text_of(text: str) -> list[Json]:
    """The rich_text block that Slack's client sends beside a person's text."""
    parts: list[Json] = []
    for index, part in enumerate(_MENTION.split(text)):
        if index % 2:
            parts.append({"type": "user", "user_id": part})
        elif part:
            parts.append({"type": "text", "text": html.unescape(part)})
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}]


def stream_blocks(stream: Stream) -> list[Json]:
    """What a streamed message shows as blocks: tasks, text, blocks of its chunks, blocks of its end."""
    tasks: list[Json] = [
        {"type": "task_card", "task_id": name, "title": task.title, "status": task.status}
        for name, task in stream.tasks.items()
    ]
    if tasks and stream.display_mode == "plan":
        tasks = [{"type": "plan", "title": stream.plan_title or "", "tasks": tasks}]
    text = [{"type": "markdown", "text": stream.text}] if stream.text else []
    return [*tasks, *text, *stream.chunk_blocks, *stream.final_blocks]


def blocks_of(message: Message) -> list[Json]:
    """The blocks of a message, streamed or not."""
    return stream_blocks(message.stream) if message.stream else message.blocks or []


def message_json(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """A message as conversations.replies and event payloads show it."""
    person = workspace.people[message.user]
    text = message.stream.text if message.stream else message.text
    shown: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": text, "team": person.team}
    optional: dict[str, Any] = {
        "subtype": message.subtype,
        "client_msg_id": message.client_msg_id,
        "thread_ts": message.thread_ts,
        "blocks": blocks_of(message),
        "files": deepcopy(message.files),
        "bot_id": message.bot_id,
        "app_id": message.app_id if message.bot_id else None,
        "metadata": message.metadata,
        "reactions": _reactions(message),
        "edited": message.edited and {"user": message.user, "ts": message.edited},
        "bot_profile": message.bot_id and _bot_profile(workspace, message),
        "streaming_state": message.stream and ("in_progress" if message.stream.open else "completed"),
    }
    shown.update({key: value for key, value in optional.items() if value})
    if message.files:
        shown |= {"upload": False, "display_as_bot": False}
    return {**shown, **_thread_fields(channel, message), **message.extra}


def _reactions(message: Message) -> list[Json]:
    return [
        {"name": name, "users": sorted(users), "count": len(users)} for name, users in message.reactions.items()
    ]


def _bot_profile(workspace: Workspace, message: Message) -> Json:
    person = workspace.people[message.user]
    return {
        "id": person.bot_id,
        "app_id": message.app_id,
        "name": person.name,
        "team_id": person.team,
        "deleted": False,
    }


def _thread_fields(channel: Channel, message: Message) -> Json:
    root = channel.messages.get(message.root)
    if message.ts != message.root:
        return {"parent_user_id": root.user} if root else {}
    replies = [m for m in channel.messages.values() if m.root == message.ts and m.ts != message.ts]
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": True,
    }
