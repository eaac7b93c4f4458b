"""What `threadmate check` finds out: one line each, what to do, and where. No secret is in any of them."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.assistant.engine import Engine
from bot.assistant.probe import BACKGROUND, CONVERSATIONS, KEY, MODEL, RESPONSES, Finding, probe
from bot.assistant.probe_assistants import probe_assistants
from bot.assistants import Assistants
from bot.assistants_open import assistants_of
from bot.clock import SystemClock
from bot.errors import ThreadmateError
from bot.manifest import read_manifest
from bot.settings import Settings
from storage.errors import StorageError
from storage.inspection import inspect_database
from storage.schema import SchemaState

PATIENCE = 10.0  # seconds for one answer; whoever takes longer is as good as gone for a check
MODEL_PATIENCE = 60.0  # seconds for the model, which may think before it says hello

TOKEN_REFUSED = {
    "account_inactive": "its app or its user was removed; install the app again",
    "invalid_auth": "copy it again",
    "missing_scope": "it lacks a scope; make one with the scope that the README names",
    "not_allowed_token_type": "it is of another kind; copy the right one",
    "not_authed": "copy it again",
    "token_expired": "switch token rotation off, install the app again and copy it",
    "token_revoked": "install the app again and copy the new one",
}
"""Slack's codes for "never with this token" (docs.slack.dev/reference/methods/auth.test), and what to do."""


SCHEMAS = {
    SchemaState.ABSENT: "which `run` will create",
    SchemaState.OLDER: "whose schema `run` will bring up to date",
    SchemaState.CURRENT: "schema up to date",
}


ASK = {False: "is the file a database of ours?", True: "is the server up, and do its user and database exist?"}
GIVE = {False: "give us the file and its folder", True: "grant CREATE on its schema, on the primary"}
"""What to do about a file, and about a server."""


class Mark(StrEnum):
    """How it stands."""

    GOOD = "✓"
    ODD = "!"  # it may well run all the same
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    mark: Mark
    name: str
    text: str
    todo: str = ""
    refused: bool = False  # somebody answered, and the answer was no: starting is pointless

    def __str__(self) -> str:
        """The line as printed."""
        return f"{self.mark} {self.name}: {self.text}" + (f" — {self.todo}" if self.todo else "")


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at, in the order of setting it up."""

    lines: tuple[Line, ...]

    @property
    def failed(self) -> bool:
        """Whether anything is ✗."""
        return any(line.mark is Mark.BAD for line in self.lines)

    @property
    def refused(self) -> tuple[Line, ...]:
        """What makes starting pointless."""
        return tuple(line for line in self.lines if line.refused)


class ChecksFailed(ThreadmateError):
    """What was looked at before starting makes starting pointless."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__("; ".join(map(str, lines)))
        self.lines = tuple(lines)


async def check(settings: Settings, *, cheap: bool = False) -> Report:
    """Look at everything at once. `cheap`: only whether Slack and OpenAI accept what we would start with.

    Raises SettingsError with the faults of the assistants' file.
    """
    assistants = assistants_of(settings).assistants
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http:
        slack = _Slack(settings, http)
        looks = [slack.bot_token(), slack.app_token(cheap), _openai(settings, assistants, cheap)]
        if not cheap:
            looks.append(_database(settings))
        found = await asyncio.gather(*looks)
    return Report((*_passed_over(settings), *(line for lines in found for line in lines)))


class _Slack:
    """The Slack half. App ids, which are no secret, are part of app tokens and lead to the right page."""

    def __init__(self, settings: Settings, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._bot_token = settings.slack_bot_token.get_secret_value()
        self._app_token = settings.slack_app_token.get_secret_value()
        self._client = AsyncWebClient(base_url=settings.slack_api_url, session=http, retry_handlers=[])
        app = re.match(r"xapp-\d+-(A[A-Z0-9]+)-", self._app_token)
        self._page = f"https://api.slack.com/apps/{app[1]}" if app else "https://api.slack.com/apps"
        self._app_known = app is not None

    async def bot_token(self) -> list[Line]:
        """The bot token, and the scopes that came with it."""
        try:
            answer = await self._client.auth_test(token=self._bot_token)
        except (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            return [self._no_answer("bot token", error, self._at("oauth")), _not_asked("scopes")]
        who = f"{answer.get('user')} in {answer.get('team')}"
        return [Line(Mark.GOOD, "bot token", who), self._scopes(answer)]

    def _scopes(self, answer: AsyncSlackResponse) -> Line:
        granted = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",") if scope.strip()}
        if not granted:
            return Line(Mark.ODD, "scopes", "Slack did not say which", f"compare them: {self._at('oauth')}")
        needed = read_manifest().scopes
        if missing := [scope for scope in needed if scope not in granted]:
            todo = f"add them and reinstall the app: {self._at('oauth')}"
            return Line(Mark.BAD, "scopes", f"missing {', '.join(missing)}", todo)
        return Line(Mark.GOOD, "scopes", f"all {len(needed)} of the manifest")

    async def app_token(self, cheap: bool) -> list[Line]:
        """The app token and, unless cheap, whether a socket opened with it says hello.

        While it is open Slack may send it an event meant for a running bot; unacknowledged, the event is
        sent again (reference/slack-platform.md §5).
        """
        try:
            answer = await self._client.apps_connections_open(app_token=self._app_token)
        except (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            lines = [self._no_answer("app token", error, self._at("general"))]
            return lines if cheap else [*lines, _not_asked("Socket Mode")]
        line = Line(Mark.GOOD, "app token", "accepted")
        return [line] if cheap else [line, await self._socket(str(answer["url"]))]

    async def _socket(self, url: str) -> Line:
        try:
            async with self._http.ws_connect(url, proxy=self._client.proxy) as socket:
                first = await socket.receive(timeout=PATIENCE)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = type(error).__name__
        else:
            if _is_hello(first):
                return Line(Mark.GOOD, "Socket Mode", "Slack said hello")
            problem = "Slack did not say hello"
        todo = f"let WebSockets out; is Socket Mode on? {self._at('socket-mode')}"
        return Line(Mark.BAD, "Socket Mode", problem, todo)

    def _no_answer(self, name: str, error: Exception, page: str) -> Line:
        if not isinstance(error, SlackApiError):
            todo = "is the network up, and SLACK_API_URL right? https://slack-status.com"
            return Line(Mark.BAD, name, f"Slack cannot be reached ({type(error).__name__})", todo)
        code = _code(error.response)
        if code in TOKEN_REFUSED:
            return Line(Mark.BAD, name, f"refused ({code})", f"{TOKEN_REFUSED[code]}: {page}", refused=True)
        return Line(Mark.BAD, name, f"Slack answered {code}", "try again in a minute: https://slack-status.com")

    def _at(self, page: str) -> str:
        return f"{self._page}/{page}" if self._app_known else self._page


async def _openai(settings: Settings, assistants: Assistants, cheap: bool) -> list[Line]:
    """The OpenAI half: with the default assistant's model. What could not be asked any more has its line too."""
    key, default, file = settings.openai_api_key.get_secret_value(), assistants.default, settings.assistants_file
    patience = PATIENCE if cheap else MODEL_PATIENCE
    engine = Engine.connect(key, settings.openai_base_url, SystemClock(), read_timeout=patience)
    in_background, named_by = default.background, f"its model in {file.name}" if file else "OPENAI_MODEL"
    try:
        findings = await probe(engine, default.model, cheap=cheap, background=in_background, named_by=named_by)
        accepted = any(finding.name == KEY and finding.ok for finding in findings)
        each = await _each(engine, settings, assistants) if accepted and not cheap else ()
    finally:
        await engine.close()
    found = {finding.name: finding for finding in findings}
    names = [KEY, MODEL] if cheap else [KEY, MODEL, CONVERSATIONS, RESPONSES, *[BACKGROUND] * in_background]
    return [*(_told(found[name]) if name in found else _not_asked(name) for name in names), *map(_told, each)]


async def _each(engine: Engine, settings: Settings, assistants: Assistants) -> tuple[Finding, ...]:
    """A finding for each assistant; the only one has been looked at, but for its vector stores."""
    if settings.assistants_file is None and not assistants.default.vector_store_ids:
        return ()
    return await probe_assistants(engine, tuple(assistants.by_key.values()))


def _passed_over(settings: Settings) -> list[Line]:
    if not settings.passed_over:
        return []
    names, file = ", ".join(settings.passed_over), settings.assistants_file
    return [Line(Mark.ODD, "settings", f"{names} count for nothing beside {file}", "say it in the file")]


def _told(finding: Finding) -> Line:
    mark = Mark.BAD if not finding.ok else Mark.ODD if finding.warn else Mark.GOOD
    return Line(mark, finding.name, finding.text, refused=not finding.ok and not finding.unreachable)


def _not_asked(name: str) -> Line:
    return Line(Mark.ODD, name, "not known", "first put right what is above")


def _is_server(url: str) -> bool:
    return not url.startswith("sqlite")


async def _database(settings: Settings) -> list[Line]:
    """Whether the database could be written to, and whether this version knows its schema. Changes nothing."""
    url = settings.database_url
    try:
        found = await inspect_database(url)
    except StorageError as error:
        return [Line(Mark.BAD, "database", str(error), f"DATABASE_URL names it; {ASK[_is_server(url)]}")]
    if not found.writable:
        return [Line(Mark.BAD, "database", f"{found.what} cannot be written to", GIVE[_is_server(url)])]
    if found.schema is SchemaState.NEWER:
        todo = "install that version again, or set another DATABASE_URL"
        return [Line(Mark.BAD, "database", f"{found.what} was written by a newer version", todo)]
    return [Line(Mark.GOOD, "database", f"{found.what}, {SCHEMAS[found.schema]}")]


def _code(response: object) -> str:
    """Slack's code for a refusal. Where a proxy answered instead, slack_sdk hands on what it got from there."""
    if isinstance(response, AsyncSlackResponse):
        code = response.data.get("error") if isinstance(response.data, dict) else None
        return str(code or response.status_code)
    return "no JSON"


def _is_hello(message: aiohttp.WSMessage) -> bool:
    try:
        return message.type is aiohttp.WSMsgType.TEXT and json.loads(message.data)["type"] == "hello"
    except (ValueError, TypeError, KeyError):
        return False
