"""What a person sees of a thread."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.payloads import blocks_of
from bot.playground.slack.records import Channel, Json, Message
from bot.playground.slack.state import Workspace


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """One message as it is shown: entities decoded, a stream's pieces joined."""

    ts: str
    user: str
    is_bot: bool  # ours or another app's
    text: str
    tasks: list[tuple[str, str]]  # title, status
    plan_title: str | None
    blocks: list[Json]
    files: list[Json]
    streaming: bool
    error_pill: bool
    reactions: dict[str, set[str]]
    deleted: bool  # a root that was deleted, its replies still there
    edited: bool


def seen(workspace: Workspace, channel: Channel, message: Message) -> SeenMessage:
    """That message, as a person sees it now."""
    blocks = blocks_of(message)
    stream = message.stream
    raw = stream.text if stream else "\n".join(_texts(blocks)) or message.text
    plan = next((block for block in blocks if block["type"] == "plan"), {})
    return SeenMessage(
        ts=message.ts,
        user=message.user,
        is_bot=workspace.people[message.user].is_bot,
        text=html.unescape(raw),
        tasks=list(_tasks(blocks)),
        plan_title=(stream.plan_title if stream else None) or plan.get("title"),
        blocks=blocks,
        files=message.files,
        streaming=stream is not None and stream.open,
        error_pill=message.error_pill,
        reactions={name: set(users) for name, users in message.reactions.items()},
        deleted=message.subtype == "tombstone",
        edited=message.edited is not None,
    )


def _texts(blocks: list[Json]) -> Iterator[str]:
    """The text of blocks that hold an answer: markdown, section, header, rich_text."""
    for block in blocks:
        text = block.get("text")
        if block["type"] == "rich_text":
            yield "".join(_rich(block["elements"]))
        elif isinstance(text, Mapping):
            yield str(text["text"])
        elif isinstance(text, str):
            yield text


def _rich(elements: list[Any]) -> Iterator[str]:
    for element in elements:
        if "elements" in element:
            yield from _rich(element["elements"])
        else:
            yield str(element.get("text") or element.get("url") or f"@{element.get('user_id', '')}")


def _tasks(blocks: list[Json]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        cards = block.get("tasks", []) if block["type"] == "plan" else [block]
        yield from ((card["title"], card["status"]) for card in cards if "task_id" in card)
