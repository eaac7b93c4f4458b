"""The Slack calls of one reply, in its thread: each guarded, so that none is made for a run that is not ours."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from bot.errors import SlackRefused
from bot.reply.closing import Content
from bot.reply.notes import is_note
from bot.reply.steps import Block
from bot.slack import PATIENCE
from bot.surfaces import Surface
from bot.workspaces import Workspace
from storage.records import Place

log = logging.getLogger(__name__)

T = TypeVar("T")
SessionStatus = Literal["processing", "active"]

EDITS_KEPT = 10  # edits a minute that answers in the making leave to those that end
PAGE = 200  # messages a page; Slack recommends no more
PAGES = 10

TOO_MUCH = frozenset(
    {"invalid_attachments", "invalid_blocks", "invalid_chunks", "msg_blocks_too_long", "msg_too_long"}
)
"""Refusals of what a message would say, not of saying something (reference/slack-platform.md §2.5, §3.1).

`invalid_attachments` is what Slack calls a second table (slackapi/slack-skills-plugin).
"""

Guard = Callable[[], None]
"""Raises LeaseLost when the run that wants to make a call is not ours any more."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a reply goes, and for whom it is streamed."""

    place: Place
    question_ts: str  # the newest message it answers
    user: str  # its author
    user_team: str  # the author's own team, not ours (reference/slack-platform.md §2.1)


class Bare(Content):
    """The same without any block: formatting is lost, and what is beyond the limit of `text`."""

    @property
    def shown(self) -> list[Block]:
        """Nothing but the text."""
        return []


async def as_rich_as_possible(contents: Iterable[Content], send: Callable[[Content], Awaitable[T]]) -> T:
    """What comes of sending the richest of those contents that Slack takes, the last of all without blocks."""
    plainer = list(contents)
    last = plainer[-1]
    for content in plainer:
        try:
            return await send(content)
        except SlackRefused as error:
            if error.error not in TOO_MUCH:
                raise
            log.warning("Slack refused what a message shows", extra={"error": error.error})
    return await send(Bare(last.markdown, notes=last.notes))


class Calls:
    """Slack's methods, as one reply uses them."""

    def __init__(self, workspace: Workspace, address: Address, guard: Guard) -> None:
        self.workspace = workspace
        self.address = address
        self._guard = guard

    async def _call(self, method: str, *, patience: float = PATIENCE, **arguments: Any) -> Mapping[str, Any]:
        self._guard()
        channel = self.address.place.channel
        return await self.workspace.slack.call(method, patience=patience, channel=channel, **arguments)

    async def start(self, chunks: Sequence[Block]) -> str:
        """Begin a streamed message, now or not at all; its ts."""
        answer = await self._call(
            "chat.startStream",
            patience=0,
            thread_ts=self.address.place.thread_ts,
            recipient_user_id=self.address.user,
            recipient_team_id=self.address.user_team,
            task_display_mode="plan",
            chunks=chunks,
        )
        return str(answer["ts"])

    async def append(self, ts: str, chunks: Sequence[Block]) -> None:
        """Add to a streamed message, now or not at all."""
        await self._call("chat.appendStream", patience=0, ts=ts, chunks=chunks)

    async def stop(
        self, ts: str, status: SessionStatus, chunks: Sequence[Block] = (), blocks: Sequence[Block] = ()
    ) -> None:
        """End a streamed message."""
        more: dict[str, Any] = {}
        if chunks:
            more["chunks"] = chunks
        if blocks:
            more["blocks"] = blocks
        await self._call("chat.stopStream", ts=ts, session_status=status, **more)

    async def post(self, content: Content) -> str:
        """Post a whole message; its ts. Nothing in it is ever unfurled (reference/slack-platform.md §8)."""
        answer = await self._call(
            "chat.postMessage",
            thread_ts=self.address.place.thread_ts,
            unfurl_links=False,
            unfurl_media=False,
            text=content.text,
            blocks=content.shown,
        )
        return str(answer["ts"])

    async def update(self, ts: str, content: Content, *, patience: float = PATIENCE) -> None:
        """Replace all that a message says."""
        await self._call("chat.update", patience=patience, ts=ts, text=content.text, blocks=content.shown)

    def has(self, surface: Surface) -> bool:
        """Whether that surface is worth trying here."""
        return self.workspace.surfaces.has(surface, self.address.place.channel)

    def note_absent(self, surface: Surface, refused: SlackRefused) -> None:
        """Remember for an hour that Slack does not have that surface here."""
        self.workspace.surfaces.note_absent(surface, refused.error, self.address.place.channel)

    def may_edit(self) -> bool:
        """Whether an edit that could be left out leaves room for those that cannot."""
        return self.workspace.slack.has_room("chat.update", 1 + EDITS_KEPT)

    async def delete(self, ts: str) -> None:
        """Remove a message."""
        await self._call("chat.delete", ts=ts)

    async def set_session(self, status: SessionStatus, *, patience: float = PATIENCE) -> None:
        """Show the thread as working, or as not working any more."""
        self._guard()
        await self.workspace.slack.call(
            "agents.sessions.setStatus",
            patience=patience,
            channel_id=self.address.place.channel,
            thread_ts=self.address.place.thread_ts,
            status=status,
        )

    async def say_status(self, text: str) -> None:
        """Show a sentence while the thread works; Slack removes it with the next message (§1.5)."""
        self._guard()
        await self.workspace.slack.call(
            "assistant.threads.setStatus",
            patience=0,
            channel_id=self.address.place.channel,
            thread_ts=self.address.place.thread_ts,
            status=text,
        )

    async def react(self, name: str, *, remove: bool = False) -> None:
        """Put a reaction of ours on the question, or take it away."""
        method = "reactions.remove" if remove else "reactions.add"
        await self._call(method, patience=PATIENCE if remove else 0, timestamp=self.address.question_ts, name=name)

    async def own_messages(self) -> list[str]:
        """The ts of every message of ours in the thread that is newer than the question, oldest first.

        Those that share a file are no replies: they have our user, but no bot_id (reference §4.3).
        """
        own = (self.workspace.bot_user, self.workspace.bot_id)
        return [
            str(message["ts"])
            async for message in self._messages()
            if message["ts"] > self.address.question_ts
            and not message.get("files")
            and message.get("subtype") != "file_share"
            and (message.get("user") == own[0] or message.get("bot_id") == own[1])
            and not is_note(message)
        ]

    async def _messages(self) -> AsyncIterator[Mapping[str, Any]]:
        cursor: dict[str, Any] = {}
        for _ in range(PAGES):
            try:
                page = await self._call(
                    "conversations.replies",
                    ts=self.address.place.thread_ts,
                    oldest=self.address.question_ts,
                    limit=PAGE,
                    **cursor,
                )
            except SlackRefused as error:
                if error.error == "thread_not_found":
                    return
                raise
            for message in page["messages"]:
                yield message
            following = (page.get("response_metadata") or {}).get("next_cursor")
            if not following:
                return
            cursor = {"cursor": following}
