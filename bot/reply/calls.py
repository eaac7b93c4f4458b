"""The Slack calls of one reply, in its thread: each guarded, so that none is made for a run that is not ours."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from bot.errors import SlackRateLimited, SlackRefused, SlackUnreachable
from bot.pacing import POST, Kept
from bot.reply.closing import Content
from bot.reply.notes import is_note
from bot.reply.steps import Block
from bot.slack import PATIENCE
from bot.surfaces import Surface
from bot.workspaces import Workspace
from storage.records import Claim, Place

log = logging.getLogger(__name__)

T = TypeVar("T")
SessionStatus = Literal["processing", "active", "suspended"]

APPEND_EVERY = 1.0  # seconds between two visible changes at least (design §10)
APPEND_SLOWLY = 3.0  # seconds between them at most, while the budget allows (the same)
EDIT_EVERY = 3.0  # seconds between two edits at least (reference/slack-platform.md §1.3)
EDIT_WITHIN = 15.0  # seconds: a message that could not be edited as often is posted whole instead

APPEND = "chat.appendStream"
DELETE = "chat.delete"
EDIT = "chat.update"
REACT = "reactions.add"
SENTENCE = "assistant.threads.setStatus"
SESSION = "agents.sessions.setStatus"
START = "chat.startStream"
STOP = "chat.stopStream"
UNREACT = "reactions.remove"

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
    """Slack's methods, as one reply uses them, and the calls that are kept for its end (decision 12)."""

    def __init__(self, workspace: Workspace, address: Address, guard: Guard) -> None:
        self.workspace = workspace
        self.address = address
        self.kept = Kept(workspace.slack.budget)
        self.session_works = False  # as far as we know
        self.at_rest: SessionStatus = "active"  # what the session is to be when nothing is under way
        self._guard = guard

    async def _call(self, method: str, *, patience: float = PATIENCE, **arguments: Any) -> Mapping[str, Any]:
        self._guard()
        channel = self.address.place.channel
        return await self.workspace.slack.call(method, patience=patience, channel=channel, **arguments)

    async def _end(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """A call that ends something, before all that does not; with the room that is kept for it, if any."""
        return await self._call(method, final=True, kept=self.kept, **arguments)

    @contextmanager
    def _turning(self, *, works: bool) -> Iterator[None]:
        """A call that turns the session: what was not executed leaves it, after what nobody knows it may work."""
        before = self.session_works
        self.session_works = before or works
        try:
            yield
        except (SlackRefused, SlackRateLimited, SlackUnreachable):
            self.session_works = before
            raise
        self.session_works = works

    # -- messages ---------------------------------------------------------------------------------

    async def start(self, chunks: Sequence[Block]) -> str:
        """Begin a streamed message, now or not at all; its ts. The session works by it (reference §2.3)."""
        with self._turning(works=True):
            answer = await self._call(
                START,
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
        await self._call(APPEND, patience=0, ts=ts, chunks=chunks)

    async def stop(
        self, ts: str, status: SessionStatus, chunks: Sequence[Block] = (), blocks: Sequence[Block] = ()
    ) -> None:
        """End a streamed message, and bring the session to that status with it."""
        more: dict[str, Any] = {}
        if chunks:
            more["chunks"] = chunks
        if blocks:
            more["blocks"] = blocks
        with self._turning(works=status == "processing"):
            await self._end(STOP, ts=ts, session_status=status, **more)
        if status != "processing":
            self.kept.give_back(SESSION)

    async def post(self, content: Content, *, final: bool) -> str:
        """Post a whole message; its ts. Nothing in it is ever unfurled (reference/slack-platform.md §8)."""
        answer = await self._call(
            POST,
            final=final,
            thread_ts=self.address.place.thread_ts,
            unfurl_links=False,
            unfurl_media=False,
            text=content.text,
            blocks=content.shown,
        )
        return str(answer["ts"])

    async def edit(self, ts: str, content: Content) -> None:
        """Replace all that a message says, now or not at all: it will say more."""
        await self._call(EDIT, patience=0, ts=ts, text=content.text, blocks=content.shown)

    async def update(self, ts: str, content: Content) -> None:
        """Replace all that a message says, for good."""
        await self._end(EDIT, ts=ts, text=content.text, blocks=content.shown)

    async def delete(self, ts: str) -> None:
        """Remove a message."""
        await self._end(DELETE, ts=ts)

    # -- room -------------------------------------------------------------------------------------

    def has(self, surface: Surface) -> bool:
        """Whether that surface is worth trying here."""
        return self.workspace.surfaces.has(surface, self.address.place.channel)

    def note_absent(self, surface: Surface, refused: SlackRefused) -> None:
        """Remember for an hour that Slack does not have that surface here."""
        self.workspace.surfaces.note_absent(surface, refused.error, self.address.place.channel)

    def may_stream(self) -> bool:
        """Whether a stream can be begun now, and there is room for its end."""
        slack = self.workspace.slack
        return self.has(Surface.STREAMING) and slack.has_room(START) and slack.has_room(STOP)

    def may_grow(self) -> bool:
        """Whether a message can be posted now and edited every so often, and there is room for its last edit."""
        budget = self.workspace.slack.budget
        often = budget.sharing(EDIT, budget.kept(EDIT) + 1) <= EDIT_WITHIN
        return often and budget.wait(EDIT) == 0 and budget.wait(POST, channel=self.address.place.channel) == 0

    def may_edit(self) -> bool:
        """Whether there is room for an edit now, and for the message's last one."""
        return self.kept.keep(EDIT, before=1)

    def append_every(self) -> float:
        """Seconds between two appends, fair to all streams that are open."""
        budget = self.workspace.slack.budget
        return budget.pace(APPEND, budget.kept(STOP), APPEND_EVERY, APPEND_SLOWLY)

    def edit_every(self) -> float:
        """Seconds between two edits, fair to all messages that grow by edits."""
        budget = self.workspace.slack.budget
        return budget.pace(EDIT, budget.kept(EDIT), EDIT_EVERY, EDIT_EVERY)

    # -- what shows the work ----------------------------------------------------------------------

    def going_on(self) -> SessionStatus:
        """What the session is to be when a stream ends and the answer does not."""
        return "processing" if self.has(Surface.SESSIONS) and self.kept.keep(SESSION) else self.at_rest

    async def set_working(self) -> None:
        """Show the thread as working, now or not at all."""
        with self._turning(works=True):
            await self._set_session("processing", patience=0)

    async def set_idle(self) -> None:
        """Show the thread as not working any more."""
        with self._turning(works=False):
            await self._set_session(self.at_rest, final=True, kept=self.kept)

    async def _set_session(self, status: SessionStatus, **terms: Any) -> None:
        place = self.address.place
        self._guard()
        await self.workspace.slack.call(
            SESSION, channel_id=place.channel, thread_ts=place.thread_ts, status=status, **terms
        )

    async def say_status(self, text: str) -> None:
        """Show a sentence while the thread works; Slack removes it with the next message (§1.5).

        On agent apps it begins a session that works (§1.5, bridge).
        """
        place = self.address.place
        kept = None if text else self.kept
        self._guard()
        with self._turning(works=bool(text) or self.session_works):
            await self.workspace.slack.call(
                SENTENCE,
                patience=0,
                final=not text,
                kept=kept,
                channel_id=place.channel,
                thread_ts=place.thread_ts,
                status=text,
            )

    async def react(self, name: str) -> None:
        """Put a reaction of ours on the question, now or not at all."""
        await self._call(REACT, patience=0, timestamp=self.address.question_ts, name=name)

    async def unreact(self, name: str) -> None:
        """Take it away."""
        await self._end(UNREACT, timestamp=self.address.question_ts, name=name)

    # -- reading ----------------------------------------------------------------------------------

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


def address_of(claim: Claim) -> Address:
    """Where the reply goes; a run whose messages were all deleted only takes its reply away."""
    place = claim.thread.place
    if not claim.messages:
        return Address(place, place.thread_ts, "", place.team)
    newest = claim.messages[-1]
    return Address(place, newest.ts, newest.user, newest.author_team or place.team)
