"""Settings from the environment and .env: read once and checked. Nobody else reads the environment."""

import os
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from bot.assistants import DEFAULT_INSTRUCTIONS, Assistant, Tool
from bot.errors import SettingsError

ASSISTANTS_FILE = "assistants.toml"
"""The file of the assistants, where it is in the working directory and no other one is named."""

IN_THE_FILE = (
    *("assistant_instructions", "assistant_instructions_file", "assistant_tools", "vector_store_ids"),
    *("openai_temperature", "openai_top_p", "openai_reasoning_effort", "openai_verbosity"),
    *("openai_max_output_tokens", "openai_background"),
)
"""What describes the one assistant of an installation without such a file."""

DATABASES = ("sqlite+aiosqlite:///", "postgresql+asyncpg://")
"""How a DATABASE_URL may begin."""


def _commas(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


def _printable(value: SecretStr) -> SecretStr:
    """Refuse what no HTTP header can carry, before an error deep in a client prints it."""
    secret = value.get_secret_value()
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise ValueError("holds a blank or a character that no token has")
    return value


def _starting(prefix: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefix):
            raise ValueError(f"should start with {prefix}")
        return value

    return AfterValidator(check)


def _split(value: str) -> SplitResult:
    """Split a URL; the error never quotes it, for it may hold a password."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("should be a URL that starts with https://")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _slack_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("should start with https:// (http only to this very machine)")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("should end with its path, and hold no user")
    return value.rstrip("/") + "/"


def _openai_url(value: str) -> str:
    _split(value)
    return value


def _database_url(value: str) -> str:
    if not value.startswith(DATABASES):
        raise ValueError(f"should start with {' or '.join(DATABASES)}")
    return value


def _address(value: str) -> str:
    try:
        return value if value == "localhost" else str(ip_address(value))
    except ValueError:
        raise ValueError("should be an IP address of this machine, or localhost") from None


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Token = Annotated[SecretStr, Field(min_length=1), AfterValidator(_printable)]
Tools = Annotated[tuple[Tool, ...], BeforeValidator(_commas)]
Names = Annotated[tuple[str, ...], BeforeValidator(_commas)]
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,149}$")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """Everything that can be set from outside, under the upper-case name of its field.

    A field's description says where its value comes from; it ends the line that reports a fault. Built by
    keyword this class reads nothing: only `read` looks at the environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack_bot_token: Annotated[Token, _starting("xoxb-")] = Field(
        description="api.slack.com/apps → your app → OAuth & Permissions → Bot User OAuth Token"
    )
    slack_app_token: Annotated[Token, _starting("xapp-")] = Field(
        description="api.slack.com/apps → your app → Basic Information → App-Level Tokens, scope connections:write"
    )
    slack_api_url: Annotated[str, AfterValidator(_slack_url)] = Field(
        "https://slack.com/api/", description="Slack's own address; another one only for GovSlack or an emulator"
    )
    openai_api_key: Token = Field(
        description="platform.openai.com/api-keys (a server of your own that asks for none takes any value)"
    )
    openai_base_url: Annotated[str, AfterValidator(_openai_url)] | None = Field(
        None, description="unset for OpenAI; else a server that has Responses and Conversations, with its /v1"
    )
    openai_model: str = Field("gpt-6.2-sol", description="platform.openai.com/docs/models")
    assistants_file: Path | None = Field(
        None, description="a TOML file with several assistants; unset: assistants.toml, where there is one"
    )
    assistant_instructions: str | None = Field(None, description="what the assistant is told about its job")
    assistant_instructions_file: Path | None = Field(None, description="a UTF-8 text file with the instructions")
    assistant_tools: Tools = Field(
        (),
        description="a comma list of file_search, code_interpreter, web_search, image_generation; "
        "unset: file_search where VECTOR_STORE_IDS is set, else none",
    )
    vector_store_ids: Names = Field(
        (),
        max_length=2,
        validate_default=True,  # file_search needs one
        description="at most two ids from platform.openai.com/storage/vector_stores, with a comma",
    )
    openai_temperature: float | None = Field(None, ge=0, le=2, description="0 to 2; unset: the model's own")
    openai_top_p: float | None = Field(None, ge=0, le=1, description="0 to 1; unset: the model's own")
    openai_reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = Field(
        None, description="what the model allows is on its page; unset: the model's own"
    )
    openai_verbosity: Literal["low", "medium", "high"] | None = Field(None, description="unset: the model's own")
    openai_max_output_tokens: int | None = Field(
        None, ge=16, description="the longest answer, reasoning included; unset: the model's own"
    )
    openai_background: bool = Field(
        False, description="true: answers go on at OpenAI while this program is away, which stores them there"
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "sqlite+aiosqlite:///threadmate.db",
        repr=False,  # may hold a password
        description="sqlite+aiosqlite:///file.db, or with four slashes /an/absolute/path.db; "
        "or postgresql+asyncpg://user:password@host/database",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="how much this program says; libraries never say less than warnings"
    )
    log_format: Literal["console", "json"] = Field("console", description="console for people, json for machines")
    health_port: int | None = Field(
        None, ge=0, le=65535, description="where /healthz, /readyz and /metrics are served; unset: nowhere; 0: any"
    )
    health_host: Annotated[str, AfterValidator(_address)] = Field(
        "127.0.0.1", description="127.0.0.1: for this machine alone; 0.0.0.0 in a container that is probed"
    )
    max_concurrent_runs: int = Field(32, ge=1, description="answers in the making at one time")
    shutdown_grace: float = Field(
        30, ge=0, allow_inf_nan=False, description="seconds that answers get to finish after SIGTERM"
    )
    lease_seconds: Seconds = Field(30, description="seconds after which the work of a dead process is taken over")
    run_timeout: Seconds = Field(900, description="seconds after which an answer is given up")
    slack_budget_share: float = Field(
        1, gt=0, le=1, description="the part of Slack's rates that is this process's: 1/N each for N replicas"
    )
    follow_threads: Literal["one-to-one", "always", "mention"] = Field(
        "one-to-one", description="when a thread's next message needs no mention"
    )
    allow_external: bool = Field(False, description="true: people of other organisations are answered too")
    catch_up_messages: int = Field(50, ge=0, description="messages of a thread that are read at most at a mention")
    max_runs_per_person_hour: int = Field(
        60, ge=1, description="questions of one person that are answered per hour"
    )
    max_function_rounds: int = Field(12, ge=1, description="rounds of function calls in one answer")
    approval_timeout: Seconds = Field(
        86_400, description="seconds that people have to approve or deny a function call"
    )

    max_file_bytes: int = Field(
        100_000_000, ge=1, le=512_000_000, description="bytes of a file that is taken at most (OpenAI: 512 MB)"
    )
    max_files_per_thread: int = Field(100, ge=0, description="files of one thread that are taken at most")
    inline_file_max_bytes: int = Field(
        1_000_000, ge=0, le=50_000_000, description="documents up to that size are also given to the model whole"
    )
    inline_file_max_pages: int = Field(20, ge=0, description="and up to that many pages or slides")
    file_idle_days: float = Field(
        30,
        gt=0,
        allow_inf_nan=False,
        description="days after which a thread's file that nobody asked for is removed",
    )
    web_search_with_files: bool = Field(
        False, description="true: web_search stays on where files can be read, whose words may leave with a query"
    )
    transcription_model: str = Field("gpt-transcribe", description="the model that transcribes recordings")
    admins: Names = Field((), description="a comma list of Slack user ids that may remove anybody's files")
    allowed_models: Annotated[tuple[ModelName, ...], BeforeValidator(_commas)] = Field(
        (),
        max_length=99,
        description="a comma list of models that “Ask with options…” offers beside the assistant's own",
    )
    retention_days: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="days after which our rows of old answers go; unset: never"
    )

    @field_validator("assistant_instructions_file")
    @classmethod
    def _readable(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("assistant_instructions") is not None:
            raise ValueError("and ASSISTANT_INSTRUCTIONS are both set: keep one")
        if value is not None:
            _instructions(value)
        return value

    @field_validator("assistants_file")
    @classmethod
    def _there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("names no file that is there")
        return value

    @field_validator("vector_store_ids")
    @classmethod
    def _searched(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        tools = info.data.get("assistant_tools", ())
        if "file_search" in tools and not value:
            raise ValueError("is missing, and ASSISTANT_TOOLS names file_search")
        if value and tools and "file_search" not in tools:
            raise ValueError("is set, but ASSISTANT_TOOLS does not name file_search")
        return value

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, env_file: str | Path | None = ".env") -> Self:
        """Read the environment, and under it the file; an empty value counts as not set.

        Without a file, none of the assistants is looked for either. Raises `SettingsError` with one line per
        fault, none of which repeats a value.
        """
        found = _given(_file(env_file)) | _given(os.environ if environ is None else environ)
        if env_file is not None and Path(ASSISTANTS_FILE).is_file():
            found.setdefault("assistants_file", ASSISTANTS_FILE)
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            raise SettingsError(tuple(dict.fromkeys(map(_fault, faults)))) from None

    @property
    def passed_over(self) -> tuple[str, ...]:
        """What is set in vain beside a file of the assistants, by the names of the variables."""
        beside = self.assistants_file is not None
        return tuple(field.upper() for field in IN_THE_FILE if beside and field in self.model_fields_set)

    def assistant(self) -> Assistant:
        """The one assistant that these settings describe, where no file describes several."""
        file = self.assistant_instructions_file
        return Assistant(
            model=self.openai_model,
            instructions=_instructions(file) if file else self.assistant_instructions or DEFAULT_INSTRUCTIONS,
            tools=self.assistant_tools or (("file_search",) if self.vector_store_ids else ()),
            vector_store_ids=self.vector_store_ids,
            temperature=self.openai_temperature,
            top_p=self.openai_top_p,
            reasoning_effort=self.openai_reasoning_effort,
            verbosity=self.openai_verbosity,
            max_output_tokens=self.openai_max_output_tokens,
            background=self.openai_background,
        )


def traces_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Whether OpenTelemetry's own variables name where traces go; its SDK reads these and all others itself."""
    found = os.environ if environ is None else environ
    off = found.get("OTEL_SDK_DISABLED", "").lower() == "true" or found.get("OTEL_TRACES_EXPORTER") == "none"
    named = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return not off and any(found.get(name) for name in named)


def variable(name: str) -> SecretStr | None:
    """What a variable that assistants.toml names holds now, in the environment or in .env; None: it is not set."""
    value = (os.environ.get(name) or _file(".env").get(name) or "").strip()
    return SecretStr(value) if value else None


def openai_environ(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The OPENAI_* of the environment that are ours and not empty: all that the playground takes from it."""
    found = _given(os.environ if environ is None else environ)
    return {field.upper(): value for field, value in found.items() if field.startswith("openai_")}


def named_variables(names: Iterable[str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Those of these variables of the environment that are set; no .env is read."""
    found = os.environ if environ is None else environ
    return {name: found[name] for name in names if found.get(name)}


def _given(found: Mapping[str, str | None]) -> dict[str, str]:
    """By field, what is ours and not empty."""
    values = {field: (found.get(field.upper()) or "").strip() for field in Settings.model_fields}
    return {field: value for field, value in values.items() if value}


def _file(path: str | Path | None) -> Mapping[str, str | None]:
    if path is None:
        return {}
    try:
        return dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            (f"{path} cannot be read ({type(error).__name__}): it should be UTF-8 text",)
        ) from None


def _instructions(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read ({type(error).__name__})") from None
    if not text:
        raise ValueError("is an empty file")
    return text


def _fault(error: ErrorDetails) -> str:
    """One line: which variable, what is wrong, where its value comes from; never the value."""
    field = str(error["loc"][0])
    return f"{field.upper()} {_wrong(error)}: {Settings.model_fields[field].description}"


def _wrong(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "too_long":
        return f"names more than {error['ctx']['max_length']}"
    return error["msg"].replace("Input should", "should")
