"""What was said in the thread that the model has not got."""

import html
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.addressing import SLACK_ITSELF, mentioned, without_mention
from bot.attachments.records import Dropped, FileKey
from bot.errors import SlackError
from bot.files.slack_file import files_of
from bot.people import People
from bot.reading import (
    LEFT_OUT,
    LEFT_OUT_MANY,
    UNREADABLE,
    Line,
    attached,
    background,
    imitates,
    people_in,
    quote,
    readable,
)
from bot.slack import Slack
from bot.tracing import hop
from bot.workspaces import Workspace
from storage.records import Claim, Message, NewMessage, Place, RunStatus

log = logging.getLogger(__name__)

PAGE = 200  # messages a page (reference/slack-platform.md §6: Tier 3, whatever the page holds)
PAGES = 10  # a thread longer than that is cut, and that is said
PATIENCE = 60.0  # seconds: an answer without the history is better than none

UNFINISHED = (RunStatus.FAILED, RunStatus.CANCELLED)
OWN = {
    RunStatus.FAILED: "your own answer, which failed",
    RunStatus.CANCELLED: "your own answer, stopped",
}
NOBODY = "unknown"
TOMBSTONE = "tombstone"  # what a deleted message with replies is changed into (handlers.parse)
TOLD_WITHIN = 3600.0
"""Seconds within which Slack tells of a message: it goes on for six minutes (reference/slack-platform.md §5.2)."""
BARE_MENTION = "(mentioned you without a word: answer what was said)"


@dataclass(frozen=True, slots=True)
class Unseen:
    """Messages of the thread that the model has not got, oldest first."""

    lines: tuple[Line, ...] = ()
    gap: str = ""  # the sentence on what is missing among them
    speakers: frozenset[str] = frozenset()  # who wrote in the thread, as far as it was read
    files: tuple[Dropped, ...] = ()  # what people posted with these lines
    asks: tuple[NewMessage, ...] = ()  # what of it was said to us lately: Slack may be about to tell us of it

    def but(self, taken: Collection[str]) -> "Unseen":
        """The same without the messages of those ts: they are asked."""
        lines = tuple(line for line in self.lines if line.ts not in taken)
        return replace(self, lines=lines, files=tuple(it for it in self.files if it.message_ts not in taken))


class CatchUp:
    """Reads threads of one workspace."""

    def __init__(self, workspace: Workspace, people: People, keep: int) -> None:
        self._workspace = workspace
        self._people = people
        self._keep = keep

    async def question(self, claim: Claim, unseen: Unseen, heard: Mapping[FileKey, str]) -> tuple[str, ...]:
        """The input of a run: what the model missed, then what it is asked; `heard` are the recordings' words."""
        unseen = replace(unseen, lines=tuple(_with_words(line, heard) for line in unseen.lines))
        asked = [_with_words(self._asked(message), heard) for message in claim.messages]
        speakers = unseen.speakers | {line.user for line in asked}
        several = bool(unseen.lines) or len(speakers) > 1 or any(imitates(readable(it.text, {})) for it in asked)
        names = await self._names([*unseen.lines, *asked] if several else [], asked)
        missed = (background(unseen.lines, names, unseen.gap),) if unseen.lines or unseen.gap else ()
        return (*missed, *(quote(line, names) if several else readable(line.text, names) for line in asked))

    def _asked(self, message: Message) -> Line:
        said = without_mention(message.text or "", self._workspace.bot_user)
        text = "\n".join(part for part in (said, attached(message.files)) if part)
        return Line(message.ts, message.user, text or BARE_MENTION)

    async def _names(self, quoted: Sequence[Line], plain: Sequence[Line]) -> dict[str, str]:
        """The names of everybody who is quoted or mentioned; who asks without being quoted is neither."""
        mentioned = set().union(*(people_in(line.text) for line in (*quoted, *plain)))
        speaking = {line.user for line in quoted if not line.name and line.user != NOBODY}
        return await self._people.names(mentioned | speaking)

    @hop("catch-up")
    async def unseen(
        self, claim: Claim, own: Mapping[str, RunStatus], ours: Collection[str], about: str | None = None
    ) -> Unseen:
        """What was said before the question, that the model has not got.

        `own`: the ts of our replies in the thread, and how their runs ended. `ours`: those of what was said to us,
        which is never left out. `about`: the ts of the message that is asked about, which is told in any case.
        """
        place, newest = claim.thread.place, claim.messages[-1].ts
        if newest == place.thread_ts:
            return Unseen()  # the thread begins with the question: nothing was said before
        since = claim.thread.last_seen_ts
        try:
            messages, complete = await read_thread(self._workspace.slack, place, since, newest)
            if about is not None and about <= (since or ""):
                meant, _ = await read_thread(self._workspace.slack, place, about, about, inclusive=True)
                messages = _oldest_first({str(one["ts"]): one for one in (*meant, *messages)})
        except SlackError as error:
            log.warning("the thread could not be read", extra={"error": error.error})
            return Unseen(gap=UNREADABLE)
        asked = {message.ts for message in claim.messages}
        lines = [
            line
            for message in messages
            if ((since or "") < message["ts"] < newest or message["ts"] == about)
            and message["ts"] not in asked
            and (line := self._line(message, own, remembered=since is not None and message["ts"] != about))
        ]
        always = {*ours, about}
        kept = [line for at, line in enumerate(lines) if at >= len(lines) - self._keep or line.ts in always]
        left_out = len(lines) - len(kept)
        gap = LEFT_OUT.format(count=left_out) if left_out else ""
        files = self._dropped(place, messages, {line.ts for line in kept}, ours)
        answers = (str(one["ts"]) for one in messages if self._is_ours(one))
        before = max((ts for ts in answers if ts not in own), default="")
        asks = self._asks(claim, messages, {line.ts for line in kept if line.ts > before})
        return Unseen(tuple(kept), gap if complete else LEFT_OUT_MANY, self._speakers(messages), files, asks)

    def _asks(
        self, claim: Claim, messages: Sequence[Mapping[str, Any]], kept: Collection[str]
    ) -> tuple[NewMessage, ...]:
        """What people of ours said to us among those messages, and may be told of after what was said later.

        Not what was said before an answer that no row of ours knows: that was answered in an earlier life.
        """
        place, newest = claim.thread.place, claim.messages[-1]
        return tuple(
            NewMessage(
                place,
                str(message["ts"]),
                str(message["user"]),
                str(message.get("text") or ""),
                files=tuple(files_of(message)),
                shared=newest.shared,
            )
            for message in messages
            if message["ts"] in kept
            and message.get("user")
            and not message.get("bot_id")
            and message.get("user_team", place.team) == place.team
            and float(newest.ts) - float(message["ts"]) < TOLD_WITHIN
            and self._workspace.bot_user in mentioned(str(message.get("text") or ""))
        )

    def _dropped(
        self, place: Place, messages: Sequence[Mapping[str, Any]], kept: Collection[str], ours: Collection[str]
    ) -> tuple[Dropped, ...]:
        """The files on those messages, but for our own. Who posted them to us has been told about them."""
        own = (self._workspace.bot_user, self._workspace.bot_id)
        return tuple(
            Dropped(place, ts, str(message.get("user") or NOBODY), file, told=ts in ours)
            for message in messages
            if (ts := str(message["ts"])) in kept
            and message.get("user") != own[0]
            and message.get("bot_id") != own[1]
            for file in files_of(message)
        )

    def _speakers(self, messages: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """Who wrote in the thread: its root says it of the messages that were not read, too."""
        users = {str(message["user"]) for message in messages if message.get("user")}
        replied = {str(user) for message in messages for user in message.get("reply_users") or ()}
        return frozenset((users | replied) - SLACK_ITSELF - {self._workspace.bot_user})

    def _is_ours(self, message: Mapping[str, Any]) -> bool:
        return message.get("user") == self._workspace.bot_user or message.get("bot_id") == self._workspace.bot_id

    def _line(self, message: Mapping[str, Any], own: Mapping[str, RunStatus], *, remembered: bool) -> Line | None:
        """One message as a line; None for what is gone, and for an answer that the model knows as its own."""
        if message.get("subtype") == TOMBSTONE:
            return None
        ts = str(message["ts"])
        text = "\n".join(part for part in (str(message.get("text") or ""), attached(files_of(message))) if part)
        user = str(message.get("user") or message.get("bot_id") or NOBODY)
        if self._is_ours(message):
            status = own.get(ts, RunStatus.COMPLETED)
            known = remembered and status not in UNFINISHED
            return None if known else Line(ts, self._workspace.bot_user, text, OWN.get(status, "your own answer"))
        if not message.get("bot_id"):
            return Line(ts, user, text)
        profile = message.get("bot_profile") or {}
        return Line(ts, user, text, "a bot", str(message.get("username") or profile.get("name") or user))


def _with_words(line: Line, heard: Mapping[FileKey, str]) -> Line:
    """The line with what was recorded on its message: that is what the person said."""
    said = [html.escape(text, quote=False) for (ts, _), text in heard.items() if ts == line.ts]
    return replace(line, text="\n".join([line.text, *said])) if said else line


async def read_thread(
    slack: Slack, place: Place, oldest: str | None, latest: str | None, *, inclusive: bool = False
) -> tuple[list[Mapping[str, Any]], bool]:
    """The thread's messages between two ts, oldest first, and whether that is all of them."""
    messages: dict[str, Mapping[str, Any]] = {}  # by ts: the root heads every page
    bounds = {"oldest": oldest, "latest": latest}
    more: dict[str, Any] = {name: ts for name, ts in bounds.items() if ts}
    if inclusive:
        more["inclusive"] = True
    for _ in range(PAGES):
        page = await slack.call(
            "conversations.replies",
            patience=PATIENCE,
            channel=place.channel,
            ts=place.thread_ts,
            limit=PAGE,
            **more,
        )
        messages.update((message["ts"], message) for message in page["messages"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return _oldest_first(messages), True
        more["cursor"] = cursor
    return _oldest_first(messages), False


def _oldest_first(messages: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [messages[ts] for ts in sorted(messages)]
