"""What was said in the thread that the model has not got."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.addressing import without_mention
from bot.errors import SlackError
from bot.people import People
from bot.reading import Line, background, people_in, quote, readable
from bot.slack import Slack
from bot.workspaces import Workspace
from storage.records import Claim, Message, Place, RunStatus

log = logging.getLogger(__name__)

PAGE = 200  # messages a page (reference/slack-platform.md §6: Tier 3, whatever the page holds)
PAGES = 10  # a thread longer than that is cut, and that is said
PATIENCE = 60.0  # seconds: an answer without the history is better than none

UNFINISHED = (RunStatus.FAILED, RunStatus.CANCELLED)
BARE_MENTION = "(mentioned you without a word: answer what was said)"


@dataclass(frozen=True, slots=True)
class Unseen:
    """Messages of the thread that the model has not got, oldest first."""

    lines: tuple[Line, ...] = ()
    left_out: int | None = 0  # None: unknown how many


class CatchUp:
    """Reads threads of one workspace."""

    def __init__(self, workspace: Workspace, people: People, keep: int) -> None:
        self._workspace = workspace
        self._people = people
        self._keep = keep

    async def question(self, claim: Claim, own: Mapping[str, RunStatus]) -> tuple[str, ...]:
        """The input of a run: what the model missed, then what it is asked.

        `own`: the ts of our replies in the thread, and how their runs ended.
        """
        unseen = await self._unseen(claim, own)
        several = bool(unseen.lines) or len({message.user for message in claim.messages}) > 1
        names = await self._names(unseen.lines, claim.messages, speakers=several)
        asked = (self._asked(message, names, quoted=several) for message in claim.messages)
        missed = (background(unseen.lines, names, unseen.left_out),) if unseen.lines else ()
        return (*missed, *asked)

    def _asked(self, message: Message, names: Mapping[str, str], *, quoted: bool) -> str:
        text = without_mention(message.text or "", self._workspace.bot_user) or BARE_MENTION
        return quote(Line(message.ts, message.user, text), names) if quoted else readable(text, names)

    async def _names(
        self, lines: Sequence[Line], messages: Sequence[Message], *, speakers: bool
    ) -> dict[str, str]:
        """The names of everybody who is quoted or mentioned; without `speakers`, the asker is neither."""
        texts = [line.text for line in lines] + [message.text or "" for message in messages]
        users = set().union(*map(people_in, texts)) - {self._workspace.bot_user}
        if speakers:
            users |= {line.user for line in lines} | {message.user for message in messages}
        return {user: (await self._people.of(user)).name for user in sorted(users)}

    async def _unseen(self, claim: Claim, own: Mapping[str, RunStatus]) -> Unseen:
        place, newest = claim.thread.place, claim.messages[-1].ts
        if newest == place.thread_ts:
            return Unseen()  # the thread begins with the question: nothing was said before
        try:
            messages, complete = await read_thread(self._workspace.slack, place, claim.thread.last_seen_ts, newest)
        except SlackError as error:
            log.warning("the thread could not be read", extra={"error": error.error})
            return Unseen()
        asked = {message.ts for message in claim.messages}
        since = claim.thread.last_seen_ts or ""
        lines = [
            line
            for message in messages
            if since < message["ts"] < newest and message["ts"] not in asked and (line := self._line(message, own))
        ]
        left_out = max(0, len(lines) - self._keep) if complete else None
        kept = lines[len(lines) - self._keep :] if self._keep < len(lines) else lines
        return Unseen(tuple(kept), left_out)

    def _line(self, message: Mapping[str, Any], own: Mapping[str, RunStatus]) -> Line | None:
        """One message as a line; None for an answer of ours that the model knows as its own."""
        ts, text = str(message["ts"]), str(message.get("text") or "")
        ours = message.get("user") == self._workspace.bot_user or message.get("bot_id") == self._workspace.bot_id
        if ours and own.get(ts) not in UNFINISHED:
            return None
        user = str(message.get("user") or message.get("bot_id") or "unknown")
        if ours:
            note = (
                "your own answer, stopped" if own[ts] is RunStatus.CANCELLED else "your own answer, which failed"
            )
        else:
            note = "a bot" if message.get("bot_id") else ""
        return Line(ts, user, text, note)


async def read_thread(
    slack: Slack, place: Place, oldest: str | None, latest: str
) -> tuple[list[Mapping[str, Any]], bool]:
    """The thread's messages between two ts, oldest first, and whether that is all of them."""
    messages: list[Mapping[str, Any]] = []
    more: dict[str, Any] = {"oldest": oldest} if oldest else {}
    for _ in range(PAGES):
        page = await slack.call(
            "conversations.replies",
            patience=PATIENCE,
            channel=place.channel,
            ts=place.thread_ts,
            latest=latest,
            limit=PAGE,
            **more,
        )
        messages += page["messages"]
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return messages, True
        more["cursor"] = cursor
    return messages, False
