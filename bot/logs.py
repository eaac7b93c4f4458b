"""Logging: console or JSON lines on stderr; ours at LOG_LEVEL, libraries at warnings, ids on every line."""

import asyncio
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType, TracebackType
from typing import Any, Literal

from pythonjsonlogger.json import JsonFormatter

OURS = ("bot", "handlers", "storage")
LIBRARIES = (
    "aiohttp",
    "alembic",
    "asyncio",
    "httpcore2",
    "httpx2",
    "opentelemetry",
    "openai",  # OPENAI_LOG=debug would make it print what people wrote
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",  # at INFO it prints rows
)
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
STANDARD = (*logging.makeLogRecord({}).__dict__, "message", "asctime")
"""What every log record has; the rest are ids and `extra`."""

log = logging.getLogger(__name__)

_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default=MappingProxyType({}))


@contextmanager
def ids(**more: str) -> Iterator[None]:
    """Put these ids (run, thread_id, channel, thread_ts, event, envelope, …) on all that is logged in the block.

    In tasks that are begun there, too.
    """
    token = _ids.set({**_ids.get(), **more})
    try:
        yield
    finally:
        _ids.reset(token)


def configure(level: str, style: Literal["console", "json"]) -> None:
    """Log to stderr. Libraries never log below WARNING, for below it they print message bodies."""
    handler = logging.StreamHandler()
    handler.addFilter(_add_ids)
    handler.setFormatter(_json() if style == "json" else _console())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_not_about_the_token)


def _not_about_the_token(record: logging.LogRecord) -> bool:
    """Bolt warns that it does not use SLACK_BOT_TOKEN, which it finds by itself: that is as we want it."""
    return not record.getMessage().startswith("As you gave `client` as well, `token`")


def _add_ids(record: logging.LogRecord) -> bool:
    for name, value in _ids.get().items():
        record.__dict__.setdefault(name, value)
    return True


def unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught in the event loop: asyncio's own way prints what the error says."""
    error = context.get("exception")
    log.error("nobody caught what went wrong in a task", exc_info=error if error is not None else None)


class _Wordless(logging.Formatter):
    """Tells of an error where it was and of which kind, never what it says: that may quote people or bodies."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the base class's name
        told: list[str] = []
        error = ei[1]
        while error is not None:
            frames = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nled to:\n".join(reversed(told))


class _Console(_Wordless):
    """The message, then everything else that is known about it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        extras = (f" {name}={value}" for name, value in record.__dict__.items() if name not in STANDARD)
        return super().formatMessage(record) + "".join(extras)


def _console() -> logging.Formatter:
    return _Console("%(asctime)s %(levelname)-7s %(name)s: %(message)s")


class _Json(_Wordless, JsonFormatter):
    """One object a line."""


def _json() -> logging.Formatter:
    return _Json(
        "{asctime}{levelname}{name}{message}",
        style="{",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        reserved_attrs=STANDARD,
    )
