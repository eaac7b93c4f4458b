"""The bytes of Slack's files, streamed to disk: from Slack's hosts only, and no more than asked for."""

import asyncio
import logging
import random
import re
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import aiohttp
from yarl import URL

from bot.clock import Clock
from bot.errors import FileRefused, SlackError
from bot.files.folder import Folder
from bot.files.hosts import SlackHosts
from bot.files.kinds import Policy, Reason, Refused, Sight, at_sight
from bot.files.names import safe_name
from bot.files.slack_file import SlackFile, parse_file
from bot.files.sniffing import HEAD
from bot.slack import NO_ANSWER, Slack

log = logging.getLogger(__name__)

PIECE = 64 * 1024  # bytes in memory at a time
STALLED = 30.0  # seconds without a byte: the connection is given up
WITHIN = 300.0  # seconds for one file, with everything that is tried again
TRIES = 4
REDIRECTS = 5
MOST_PAUSE = 60.0  # seconds, whatever Retry-After says
LOOKS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further look at a new upload, which lacks its type for a moment (slack-platform.md §4.2)."""

NO_TIMEOUT = aiohttp.ClientTimeout(total=None)  # all time-outs are the clock's
_MOVED = frozenset({301, 302, 303, 307, 308})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_STATUS = {
    401: Reason.ACCESS_DENIED,
    403: Reason.ACCESS_DENIED,
    404: Reason.TOMBSTONE,
    410: Reason.TOMBSTONE,
}
_ASKED = {
    "access_denied": Reason.ACCESS_DENIED,
    "file_deleted": Reason.TOMBSTONE,
    "file_not_found": Reason.ACCESS_DENIED,  # there is none that we may see
    "missing_scope": Reason.ACCESS_DENIED,
    "not_visible": Reason.ACCESS_DENIED,
}
"""What files.info refuses (docs.slack.dev/reference/methods/files.info); anything else may pass."""

_LOGIN = re.compile(rb"<title>[^<]*\b(?:sign|log)\s?in\b[^<]*slack", re.IGNORECASE)
"""How Slack's login page begins, where HTML was to be expected. Its wording is documented nowhere."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file on this machine: remove it by `Folder.discard` when it has been used."""

    file: SlackFile  # as it is known now: a stub has its name only from here on
    path: Path
    size: int  # bytes, as they came
    sha256: str  # in hex
    head: bytes  # the first HEAD bytes


class Interrupted(Exception):
    """The bytes did not come, or not all of them; they may the next time. `pause` is in seconds."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause


class Downloads:
    """Fetches files with the bot's token. Every failure is a FileRefused, with a sentence for people."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        slack: Slack,
        token: str,
        slack_api_url: str,
        folder: Folder,
        clock: Clock,
    ) -> None:
        self._session = session
        self._slack = slack
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        self._hosts = SlackHosts(slack_api_url)
        self._folder = folder
        self._clock = clock

    async def fetch(self, file: SlackFile, limit: int) -> Fetched:
        """Bring the file here, at most `limit` bytes of it; Slack is asked first about stubs and new uploads.

        An email is written from what Slack said of it. Raises FileRefused.
        """
        try:
            async with self._clock.timeout(WITHIN):
                return await self._fetched(await self._described(file, limit), limit)
        except OSError as error:  # a time-out is one; so is a full disk
            raise _refused(Reason.UNREACHABLE, file, _loggable(error)) from None

    async def ask(self, file: SlackFile) -> SlackFile:
        """What `files.info` tells of it, looked at again while Slack still processes it. Raises FileRefused."""
        known = await self._asked(file)
        for pause in LOOKS:
            if _is_settled(known):
                break
            await self._clock.sleep(pause)
            known = await self._asked(file)
        return known

    # -- what Slack says of it

    async def _described(self, file: SlackFile, limit: int) -> SlackFile:
        """The file, as far as Slack can tell about it, if there is something to fetch."""
        policy = Policy(max_file_bytes=limit)
        sight = at_sight(file, policy)
        if sight is Sight.ASK or (sight is Sight.FETCH and not file.mimetype):
            file = await self.ask(file)
            sight = at_sight(file, policy, asked=True)
        if isinstance(sight, Refused):
            raise FileRefused(sight.reason, sight.sentence)
        return file

    async def _asked(self, file: SlackFile) -> SlackFile:
        try:
            said = await self._slack.call("files.info", patience=STALLED, file=file.id)
        except SlackError as error:
            raise _refused(_ASKED.get(error.error, Reason.UNREACHABLE), file, str(error)) from None
        return parse_file(said.get("file"))

    # -- its bytes

    async def _fetched(self, file: SlackFile, limit: int) -> Fetched:
        if file.text is not None:
            return await self._written(file, file.text, limit)
        came = await self._tried(file, limit)
        if not came.as_said:  # it was changed meanwhile, or it is no file at all
            self._folder.discard(came.fetched.path)
            fresh = await self._described(await self._asked(file), limit)
            came = await self._tried(fresh, limit)
        if reason := came.doubt:
            self._folder.discard(came.fetched.path)
            raise _refused(reason, file, "another size than Slack said")
        return came.fetched

    async def _written(self, file: SlackFile, text: str, limit: int) -> Fetched:
        content, path = text.encode(), self._folder.new_path()
        if len(content) > limit:
            raise _refused(Reason.TOO_LARGE, file, limit=limit)
        with ExitStack() as undo:
            undo.callback(self._folder.discard, path)
            await asyncio.to_thread(path.write_bytes, content)
            undo.pop_all()
        return Fetched(file, path, len(content), sha256(content).hexdigest(), content[:HEAD])

    async def _tried(self, file: SlackFile, limit: int) -> "_Came":
        for attempt in range(1, TRIES + 1):
            try:
                return await self._attempt(file, limit)
            except (Interrupted, *NO_ANSWER) as error:
                about = {"file": file.id, "error": _loggable(error), "attempt": attempt}
                log.info("a download broke off", extra=about)
                pause = min(max(getattr(error, "pause", 0.0), 0.5 * 2**attempt), MOST_PAUSE)
            if attempt < TRIES:
                await self._clock.sleep(pause * random.uniform(1.0, 1.5))  # noqa: S311 - jitter, no secret
        raise _refused(Reason.UNREACHABLE, file, "broke off too often")

    async def _attempt(self, file: SlackFile, limit: int) -> "_Came":
        path = self._folder.new_path()
        with ExitStack() as undo:
            undo.callback(self._folder.discard, path)
            async with await self._opened(file) as response:
                _check(response, file, limit)
                fetched = await self._stream(response, file, path, limit)
            undo.pop_all()
        framed = response.content_length is not None or "chunked" in response.headers.get("Transfer-Encoding", "")
        return _Came(fetched, html=response.content_type in _HTML, framed=framed)

    async def _opened(self, file: SlackFile) -> aiohttp.ClientResponse:
        """The answer at the end of all redirects; each of them is checked before anything is sent there."""
        url = _url(file.url or "", file)
        for _ in range(REDIRECTS + 1):
            if not self._hosts.trust(url):
                raise _refused(Reason.EXTERNAL, file, f"not one of Slack's hosts: {url.raw_host}")
            async with self._clock.timeout(STALLED):
                response = await self._session.get(
                    url, headers=self._headers, allow_redirects=False, timeout=NO_TIMEOUT
                )
            if response.status not in _MOVED:
                return response
            response.close()  # whatever its body is, nobody wants it
            url = url.join(_url(response.headers.get("Location", ""), file))
            if _is_login(url):
                raise _refused(Reason.ACCESS_DENIED, file, "sent to the login page")
        raise _refused(Reason.UNREACHABLE, file, "too many redirects")

    async def _stream(self, response: aiohttp.ClientResponse, file: SlackFile, path: Path, limit: int) -> Fetched:
        size, head, digest = 0, b"", sha256()
        target = await asyncio.to_thread(path.open, "xb")
        with target:
            while piece := await self._piece(response):
                size += len(piece)
                if size > limit:
                    raise _refused(Reason.TOO_LARGE, file, "larger than it was said to be", limit)
                head += piece[: HEAD - len(head)]
                digest.update(piece)
                await asyncio.to_thread(target.write, piece)
        return Fetched(file, path, size, digest.hexdigest(), head)

    async def _piece(self, response: aiohttp.ClientResponse) -> bytes:
        async with self._clock.timeout(STALLED):
            return await response.content.read(PIECE)


class _Came(NamedTuple):
    """What came, and how far it can be believed to be the file."""

    fetched: Fetched
    html: bool
    framed: bool  # HTTP itself told where it ends

    @property
    def as_said(self) -> bool:
        """Whether it has the size that Slack named; what Slack renders itself has none to be held to."""
        said = self.fetched.file.size
        rendered = self.fetched.file.may_be_html and self.fetched.file.mode not in ("hosted", "snippet")
        return said in (0, self.fetched.size) or rendered

    @property
    def doubt(self) -> Reason | None:
        """Why it is not taken, if it is not: a size that is only wrong does no harm."""
        size_vouches = self.fetched.file.size == self.fetched.size
        if self.html and (not self.as_said or (_LOGIN.search(self.fetched.head) and not size_vouches)):
            return Reason.ACCESS_DENIED
        cut = not self.framed and not self.as_said and self.fetched.size < self.fetched.file.size
        return Reason.UNREACHABLE if cut else None


def _loggable(error: Exception) -> str:
    """What the log may know of it: aiohttp's errors quote the request, token, file name and all."""
    if isinstance(error, Interrupted):
        return str(error)
    number = getattr(error, "errno", None)
    return type(error).__name__ + (f" {number}" if number else "")


def _is_settled(file: SlackFile) -> bool:
    """Whether asking again would tell no more."""
    sight = at_sight(file, Policy())
    return sight is not Sight.ASK and (sight is not Sight.FETCH or bool(file.mimetype))


def _check(response: aiohttp.ClientResponse, file: SlackFile, limit: int) -> None:
    """Refuse what is no file before its first byte is read."""
    if response.status in (408, 425, 429) or response.status >= 500:
        raise Interrupted(str(response.status), _seconds(response.headers.get("Retry-After", "")))
    if response.status != 200:
        raise _refused(_STATUS.get(response.status, Reason.UNREACHABLE), file, f"status {response.status}")
    if response.content_type in _HTML and not file.may_be_html:
        raise _refused(Reason.ACCESS_DENIED, file, "the login page")
    if (response.content_length or 0) > limit:
        raise _refused(Reason.TOO_LARGE, file, "larger than it was said to be", limit)


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdecimal() else 0.0


def _url(text: str, file: SlackFile) -> URL:
    try:
        return URL(text)
    except ValueError:
        raise _refused(Reason.UNREACHABLE, file, "not an address") from None


def _is_login(url: URL) -> bool:
    return url.path in ("", "/", "/signin") or "redir" in url.query


def _refused(reason: Reason, file: SlackFile, why: str = "", limit: int = 0) -> FileRefused:
    log.warning("a file was not fetched", extra={"file": file.id, "reason": reason.value, "error": why})
    return FileRefused(reason, Refused(reason, safe_name(file.name), limit).sentence)
