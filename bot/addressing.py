"""Is this message for us, and whom does its thread follow from now on? Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from storage.records import NewMessage, Place, Thread, Verdict

FollowThreads = Literal["one-to-one", "always", "mention"]

OLDEST = 24 * 3600.0  # seconds: Slack redelivers for minutes, with delayed events for a day; older is no question
SILENCE = 7 * 24 * 3600.0  # seconds of silence after which a thread is not followed any more
SLACK_ITSELF = frozenset({"USLACK", "USLACKBOT"})  # USLACK: reference/slack-platform.md §1.3

MUTED = "it is muted here"
"""Why nothing is answered in a thread or a channel that people have muted."""

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!(?:subteam\^|here|channel|everyone)")


@dataclass(frozen=True, slots=True)
class Post:
    """A message as posted in Slack, by whomever."""

    team: str  # the installation's
    channel: str
    direct: bool  # a DM with us
    ts: str
    thread_ts: str | None
    user: str
    text: str
    bot_id: str | None = None
    author_team: str | None = None
    shared: bool = False  # its channel is shared with another organisation, or Slack does not say
    external: bool = False  # its author belongs neither to the installation's team nor to its enterprise
    mention: bool = False  # Slack itself said so (app_mention)
    edited: bool = False  # this is how an older message reads now
    files: tuple[Mapping[str, Any], ...] = ()

    @property
    def place(self) -> Place:
        """The thread it is in, or begins."""
        return Place(self.team, self.channel, self.thread_ts or self.ts)

    def message(self) -> NewMessage:
        """What is kept of it when it is for us."""
        return NewMessage(self.place, self.ts, self.user, self.text, self.author_team, self.files, self.shared)


@dataclass(frozen=True, slots=True)
class Manners:
    """Who we are in this workspace, and when the operator wants us to speak."""

    bot_user: str
    bot_id: str
    follow: FollowThreads = "one-to-one"
    allow_external: bool = False


def mentioned(text: str) -> frozenset[str]:
    """The users that a message's text mentions."""
    return frozenset(_MENTION.findall(text))


def without_mention(text: str, user: str) -> str:
    """The text without that user's mentions; empty for a bare mention."""
    return re.sub(rf"<@{re.escape(user)}(?:\|[^>]*)?>", "", text).strip()


def is_a_person(post: Post, manners: Manners) -> bool:
    """Whether somebody wrote it: not we, no other bot, not Slack itself."""
    return bool(post.user) and not post.bot_id and post.user not in SLACK_ITSELF | {manners.bot_user}


def decide(post: Post, thread: Thread | None, manners: Manners, now: float) -> Verdict:
    """Decide on one post: `thread` as it stands before it (None: we were never in it), `now` in seconds."""
    following = _still_following(post, thread, manners)
    if reason := _unanswerable(post, manners, now):
        return Verdict(False, reason, following)
    if thread is not None and thread.muted:
        return Verdict(False, MUTED, following)
    if post.direct:
        return Verdict(True, "a direct message", following)
    if post.mention or manners.bot_user in mentioned(post.text):
        return Verdict(True, "a mention", following if _is_late(post, thread) else post.user)
    if post.edited:
        return Verdict(False, "an edit that adds no mention", following)
    if post.thread_ts is None or thread is None:
        return Verdict(False, "no mention", following)
    return _follow_up(post, following, manners)


def decide_on_press(user: str, thread: Thread | None) -> Verdict:
    """Decide on a question that somebody asked by a button."""
    if thread is not None and thread.muted:
        return Verdict(False, MUTED, thread.following)
    return Verdict(True, "a button", user)


def _unanswerable(post: Post, manners: Manners, now: float) -> str | None:
    if post.user == manners.bot_user or post.bot_id == manners.bot_id:
        return "our own message"
    if post.bot_id:
        return "another bot's message"
    if post.user in SLACK_ITSELF or not post.user:
        return "a message of Slack itself"
    if post.external and not manners.allow_external:
        return "its author is of another organisation"
    if now - float(post.ts) > OLDEST:
        return "older than a day"
    return None


def _still_following(post: Post, thread: Thread | None, manners: Manners) -> str | None:
    """Whom the thread follows after this post, unless the post is a mention of ours."""
    if thread is None or thread.following is None:
        return None
    if post.edited or _is_late(post, thread):
        return thread.following
    if float(post.ts) - float(thread.last_message_ts or post.ts) > SILENCE:
        return None
    somebody_else = is_a_person(post, manners) and post.user != thread.following
    return None if somebody_else else thread.following


def _is_late(post: Post, thread: Thread | None) -> bool:
    """Told after a newer message of its thread (Slack keeps no order): who is talking now is known better."""
    return thread is not None and not post.edited and post.ts < (thread.last_message_ts or "")


def _follow_up(post: Post, following: str | None, manners: Manners) -> Verdict:
    if manners.follow == "mention":
        return Verdict(False, "no mention, and follow-ups are off", following)
    if mentioned(post.text) or _GROUP.search(post.text):
        return Verdict(False, "addressed to somebody else", following)
    if manners.follow == "always" or following == post.user:
        return Verdict(True, "a follow-up", following)
    return Verdict(False, "nobody is followed here", following)
