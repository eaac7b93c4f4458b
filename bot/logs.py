"""Logging: console or JSON lines on stderr; ours at LOG_LEVEL, libraries at warnings, ids on every line."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

OURS = ("bot", "handlers", "storage")
LIBRARIES = (
    "aiohttp",
    "alembic",
    "asyncio",
    "httpcore2",
    "httpx2",
    "openai",  # OPENAI_LOG=debug would make it print what people wrote
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",  # at INFO it prints rows
)
STANDARD = (*logging.makeLogRecord({}).__dict__, "message", "asctime")
"""What every log record has; the rest are ids and `extra`."""

_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default=MappingProxyType({}))


@contextmanager
def ids(**more: str) -> Iterator[None]:
    """Put these ids (team, channel, thread_ts, run, event) on every line logged in the block and in its tasks."""
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


def _add_ids(record: logging.LogRecord) -> bool:
    for name, value in _ids.get().items():
        record.__dict__.setdefault(name, value)
    return True


class _Console(logging.Formatter):
    """The message, then everything else that is known about it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        extras = (f" {name}={value}" for name, value in record.__dict__.items() if name not in STANDARD)
        return super().formatMessage(record) + "".join(extras)


def _console() -> logging.Formatter:
    return _Console("%(asctime)s %(levelname)-7s %(name)s: %(message)s")


def _json() -> logging.Formatter:
    return JsonFormatter(
        "{asctime}{levelname}{name}{message}",
        style="{",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        reserved_attrs=STANDARD,
    )
