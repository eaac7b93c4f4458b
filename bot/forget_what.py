"""What `threadmate forget` is to forget: a thread by its link, a person or a channel by their ids. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

SLACK = ("slack.com", "slack-gov.com")
"""Slack's domains and all below them: acme.slack.com, acme.enterprise.slack.com, app.slack-gov.com."""

LINK = re.compile(r"/archives/(?P<channel>[CDG][A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})/?")
"""A message's link, as "Copy link" and chat.getPermalink make it."""

CLIENT = re.compile(
    r"/client/(?P<team>[TE][A-Z0-9]+)/(?P<channel>[CDG][A-Z0-9]+)"
    r"/thread/(?P<thread_channel>[CDG][A-Z0-9]+)-(?P<ts>\d{10}\.\d{6})/?"
)
"""A thread in the address bar of the web client; Slack does not document it, so what it shows may change."""

TS = re.compile(r"\d{10}\.\d{6}")
USER = re.compile(r"[UW][A-Z0-9]+")
CHANNEL = re.compile(r"[CDG][A-Z0-9]+")

NO_LINK = (
    "--thread: that is no link to a Slack message. Take the one from “Copy link” on any message of the thread: "
    "https://….slack.com/archives/C…/p1700000000000100"
)
NO_USER = "--user: that is no Slack member id, such as U0123ABCD. A person's profile shows it: “Copy member ID”."
NO_CHANNEL = "--channel: that is no Slack channel id, such as C0123ABCD. A channel's details show it at their end."
NOT_ONE = "Say what to forget: one of --thread URL, --user ID, --channel ID."


@dataclass(frozen=True, slots=True)
class OneThread:
    """A Slack thread, in whatever workspace."""

    channel: str
    thread_ts: str

    def __str__(self) -> str:
        return f"the thread {self.thread_ts} in {self.channel}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody."""

    user: str

    def __str__(self) -> str:
        return f"the person {self.user}"


@dataclass(frozen=True, slots=True)
class WholeChannel:
    """A channel or DM."""

    channel: str

    def __str__(self) -> str:
        return f"the channel {self.channel}"


Target = OneThread | Person | WholeChannel


class NotATargetError(ValueError):
    """What was given names nothing that can be forgotten; the text is a sentence for whoever gave it."""


def target(thread: str | None, user: str | None, channel: str | None) -> Target:
    """What the three options name, of which exactly one must be given. Raises NotATargetError."""
    if sum(one is not None for one in (thread, user, channel)) != 1:
        raise NotATargetError(NOT_ONE)
    if thread is not None:
        return thread_in(thread)
    if user is not None:
        return Person(_matching(USER, user, NO_USER))
    return WholeChannel(_matching(CHANNEL, channel or "", NO_CHANNEL))


def thread_in(url: str) -> OneThread:
    """The thread that a link to any of its messages leads to. Raises NotATargetError.

    A reply's link names its thread in `thread_ts` and, since it may be read elsewhere, its channel in `cid`;
    a link without them leads to the message that begins the thread.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        raise NotATargetError(NO_LINK) from None
    if parts.scheme != "https" or not any(host == one or host.endswith(f".{one}") for one in SLACK):
        raise NotATargetError(NO_LINK)
    if found := LINK.fullmatch(parts.path):
        return _linked(found, parse_qs(parts.query, keep_blank_values=True))
    if found := CLIENT.fullmatch(parts.path):
        return OneThread(found["thread_channel"], found["ts"])
    raise NotATargetError(NO_LINK)


def _linked(found: re.Match[str], query: dict[str, list[str]]) -> OneThread:
    (thread_ts,) = query.get("thread_ts", [f"{found['seconds']}.{found['rest']}"])[-1:]
    (channel,) = query.get("cid", [found["channel"]])[-1:]
    if channel != found["channel"]:
        raise NotATargetError(NO_LINK)
    return OneThread(channel, _matching(TS, thread_ts, NO_LINK))


def _matching(pattern: re.Pattern[str], text: str, sentence: str) -> str:
    if not pattern.fullmatch(text.strip()):
        raise NotATargetError(sentence)
    return text.strip()
