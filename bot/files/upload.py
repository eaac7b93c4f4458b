"""Files of ours into Slack, in its three steps, streamed from disk (reference/slack-platform.md §4.3)."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from bot.clock import Clock
from bot.errors import SlackOutcomeUnknown, SlackRefused, SlackUnreachable
from bot.files import sentences
from bot.files.names import safe_name
from bot.slack import NO_ANSWER, Slack

log = logging.getLogger(__name__)

PIECE = 64 * 1024  # bytes in memory at a time
WITHIN = 300.0  # seconds for the bytes of one file
TRIES = 3
PATIENCE = 60.0  # seconds that one Web API call is tried for
AT_ONCE = 10  # files in one message: with fifteen Slack answers internal_error (slackapi/python-slack-sdk#1653)
LOOKS = (1.0, 1.0, 2.0, 4.0, 8.0)  # seconds before each further look: sharing is asynchronous (§4.3)
NO_TIMEOUT = aiohttp.ClientTimeout(total=None)  # all time-outs are the clock's
TOO_LARGE = "file_upload_size_restricted"
GONE = frozenset({"file_deleted", "file_not_found", "message_not_found"})

BEGIN, SEND, COMPLETE = "files.getUploadURLExternal", "upload", "files.completeUploadExternal"


class Uploaded(NamedTuple):
    """A file that Slack has the bytes of: nobody sees it before `Uploads.share`."""

    id: str
    title: str


class Sharing(NamedTuple):
    """What became of `Uploads.share`."""

    completed: bool  # whether Slack knows the file: otherwise it was not executed
    ts: str | None = None  # of the message that shares it, once there is one


class Uploads:
    """Uploads files and shares them in threads."""

    def __init__(self, slack: Slack, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._slack = slack
        self._session = session
        self._clock = clock

    async def send(
        self, path: Path, name: str, *, title: str | None = None, alt_text: str | None = None
    ) -> Uploaded:
        """Give Slack the bytes: steps one and two. Nobody sees anything, so all of it may be done again.

        Raises SlackRefused (Slack's code in `error`; `not_uploaded` says it in words), SlackRateLimited and
        SlackUnreachable, but never SlackOutcomeUnknown.
        """
        safe = safe_name(name)
        for attempt in range(1, TRIES + 1):
            try:
                return Uploaded(await self._sent(path, safe, alt_text), safe_name(title or name))
            except SlackUnreachable as error:
                if attempt == TRIES or error.method != SEND:  # calls were tried again already
                    raise
                log.info("an upload is tried again", extra={"error": error.error, "attempt": attempt})
            await self._clock.sleep(2.0**attempt * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
        raise SlackUnreachable(SEND, "tried too often")

    async def share(
        self, files: Sequence[Uploaded], channel: str, thread_ts: str, comment: str | None = None
    ) -> None:
        """Show them (at most AT_ONCE) in one message of the thread: step three. It appears a moment later.

        `comment` is Slack's mrkdwn, with nothing in it that could ping anybody.
        Raises SlackRefused, SlackRateLimited, SlackUnreachable, and SlackOutcomeUnknown at once: then `became`
        tells whether it was executed, from the ids that the caller kept before.
        """
        await self._slack.call(
            COMPLETE,
            patience=PATIENCE,
            files=[file._asdict() for file in files],
            channel_id=channel,
            thread_ts=thread_ts,
            initial_comment=comment,
        )

    async def became(self, file_id: str, channel: str) -> Sharing:
        """Whether that upload was completed, and the message that shares it there, waiting a little for both.

        Raises SlackError.
        """
        sharing = await self._look(file_id, channel)
        for pause in LOOKS:
            if sharing.ts is not None:
                break
            await self._clock.sleep(pause)
            sharing = await self._look(file_id, channel)
        return sharing

    async def take_back(self, file_ids: Sequence[str], channel: str, messages: Iterable[str]) -> None:
        """Delete files of ours, and the messages that share them. Gone already is fine; raises SlackError."""
        for ts in messages:
            await self._unless_gone(self._slack.call("chat.delete", patience=PATIENCE, channel=channel, ts=ts))
        for file_id in file_ids:
            await self._unless_gone(self._slack.call("files.delete", patience=PATIENCE, file=file_id))

    @staticmethod
    async def _unless_gone(call: Awaitable[object]) -> None:
        try:
            await call
        except SlackRefused as error:
            if error.error not in GONE:
                raise

    async def _look(self, file_id: str, channel: str) -> Sharing:
        try:
            said = await self._slack.call("files.info", patience=PATIENCE, file=file_id)
        except SlackRefused as error:
            if error.error in ("file_not_found", "file_deleted"):
                return Sharing(completed=error.error == "file_deleted")
            raise
        return Sharing(completed=True, ts=_shared(said.get("file"), channel))

    # -- steps one and two

    async def _sent(self, path: Path, name: str, alt_text: str | None) -> str:
        size = (await asyncio.to_thread(path.stat)).st_size
        more: dict[str, Any] = {"alt_txt": alt_text} if alt_text else {}
        try:
            begun = await self._slack.call(BEGIN, patience=PATIENCE, filename=name, length=size, **more)
        except SlackOutcomeUnknown as error:
            raise SlackUnreachable(error.method, error.error) from None
        await self._stream(path, size, str(begun["upload_url"]))
        return str(begun["file_id"])

    async def _stream(self, path: Path, size: int, url: str) -> None:
        """The bytes: the address is all the permission they need, so no token goes with them."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        try:
            async with self._clock.timeout(WITHIN):
                response = await self._session.post(
                    url, data=_pieces(path), headers=headers, allow_redirects=False, timeout=NO_TIMEOUT
                )
        except NO_ANSWER as error:
            raise SlackUnreachable(SEND, type(error).__name__) from None
        status = response.status
        response.release()
        if status == 413:
            raise SlackRefused(SEND, TOO_LARGE)
        if status == 429 or status >= 500:
            raise SlackUnreachable(SEND, str(status))
        if status != 200:
            raise SlackRefused(SEND, str(status))


def not_uploaded(error: SlackRefused, name: str) -> str:
    """Why a file of ours is not in Slack: one plain sentence."""
    said = sentences.UPLOADS.get(error.error, sentences.NOT_UPLOADED)
    return said.format(name=safe_name(name))


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as source:
        while piece := await asyncio.to_thread(source.read, PIECE):
            yield piece


def _shared(file: Any, channel: str) -> str | None:
    """The ts of the newest message that shares the file there, in a public or a private place."""
    shares = file.get("shares") if isinstance(file, Mapping) else None
    kinds = shares.values() if isinstance(shares, Mapping) else ()
    found = [share["ts"] for kind in kinds for share in kind.get(channel, ())]
    return max(found, default=None)
