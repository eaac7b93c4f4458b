"""What people see of a workspace."""

import html
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.payloads import blocks_of
from bot.playground.slack.records import Call, Channel, Json, Message, Modal, Prompts
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
        files=deepcopy(message.files),
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


class Shown(Workspace):
    """A workspace at which one can look."""

    def thread(self, channel: str, thread_ts: str) -> list[SeenMessage]:
        """The thread from its root on, as a person sees it."""
        self.settle()
        place = self.channels[channel]
        return [seen(self, place, m) for m in place.messages.values() if m.root == thread_ts]

    def replies(self, channel: str, thread_ts: str) -> list[SeenMessage]:
        """Only what our bot said in the thread."""
        return [message for message in self.thread(channel, thread_ts) if message.user == self.bot_user]

    def working(self) -> list[tuple[str, str]]:
        """The sessions (channel, thread) that are shown as working."""
        self.settle()
        return [thread for thread, session in self.sessions.items() if session.status == "processing"]

    def status_text(self, channel: str, thread_ts: str) -> str | None:
        """The sentence of assistant.threads.setStatus below the thread, if there is one."""
        return self.status_of((channel, thread_ts))

    def modal_of(self, user: str) -> Modal | None:
        """The view that this person sees in front of everything; `modals` are all that are open, of all people."""
        return next((modal for modal in reversed(self.modals) if modal.user == user), None)

    def prompts(self, channel: str) -> Prompts | None:
        """The suggested prompts shown there."""
        return self.suggested.get(channel)

    def executed(self, method: str) -> list[Call]:
        """The calls of that method which took effect, answered or not."""
        return [call for call in self.calls if call.method == method and call.executed]
