"""Who is answered, and why not: one table, through `parse` and `decide`."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from bot.addressing import Manners, Post, decide, mentioned, without_mention
from handlers.parse import Deleted, Edited, Ignored, parse_message
from storage.records import Place, Thread, Verdict

NOW = 1_700_000_000.0
TS, ROOT = "1700000000.000000", "1699999000.000000"
US = Manners("UBOT", "BBOT")
DAY = 24 * 3600


def body(event: dict[str, Any] | None = None, **outer: Any) -> dict[str, Any]:
    """An event as Slack delivers it; None takes a field out of it."""
    said = {
        "type": "message",
        "channel": "C1",
        "channel_type": "channel",
        "user": "UANN",
        "team": "T1",
        "text": "hello",
        "ts": TS,
        **(event or {}),
    }
    return {
        "team_id": "T1",
        "authorizations": [{"team_id": "T1", "enterprise_id": outer.pop("enterprise", None)}],
        "is_ext_shared_channel": False,
        **outer,
        "event": {key: value for key, value in said.items() if value is not None},
    }


def edited(text: str, before: str = "hello", **more: Any) -> dict[str, Any]:
    """A `message_changed` event."""
    message = {"type": "message", "user": "UANN", "team": "T1", "ts": TS, **more}
    return body(
        {
            "subtype": "message_changed",
            "message": {**message, "text": text},
            "previous_message": {**message, "text": before},
            "user": None,
            "text": None,
            "hidden": True,
        }
    )


def thread(following: str | None = None, last: str = ROOT) -> Thread:
    """A thread we were mentioned in."""
    return Thread(1, Place("T1", "C1", ROOT), following=following, last_message_ts=last)


def verdict(payload: dict[str, Any], known: Thread | None = None, manners: Manners = US) -> Verdict:
    """What becomes of an event."""
    match parse_message(payload):
        case Ignored(reason):
            return Verdict(False, reason, known.following if known else None)
        case Deleted():
            return Verdict(False, "a deletion")
        case Edited(post):
            return decide(post, known, manners, NOW)
        case post:
            return decide(post, known, manners, NOW)


class Case(NamedTuple):
    """One row: an event, the thread before it, and what becomes of both."""

    payload: dict[str, Any]
    accept: bool
    reason: str
    thread: Thread | None = None
    follows: str | None = None
    manners: Manners = US


IN_THREAD = {"thread_ts": ROOT}
OUTSIDER = {"team": "T9", "user_team": "T9", "text": "<@UBOT> hi"}
ANNS = thread("UANN")
MUTED = replace(ANNS, muted=True)
DM = {"channel": "D1", "channel_type": "im"}
MPIM = {"channel": "G1", "channel_type": "mpim"}
ALWAYS, MENTION = Manners("UBOT", "BBOT", "always"), Manners("UBOT", "BBOT", "mention")
OPEN = Manners("UBOT", "BBOT", allow_external=True)
ABROAD = "its author is of another organisation"

CASES = {
    # a mention
    "in the text": Case(body({"text": "<@UBOT> hi"}), True, "a mention", follows="UANN"),
    "with a label": Case(body({"text": "hi <@UBOT|bot>"}), True, "a mention", follows="UANN"),
    "as app_mention": Case(body({"type": "app_mention", "text": "hi"}), True, "a mention", follows="UANN"),
    "in a known thread": Case(
        body({"text": "<@UBOT> hi", "user": "UBO", **IN_THREAD}), True, "a mention", ANNS, "UBO"
    ),
    "by an edit": Case(edited("<@UBOT> hello"), True, "a mention", follows="UANN"),
    "with others": Case(
        body({"text": "<@UBO> <@UBOT> hi", **IN_THREAD}), True, "a mention", thread(), follows="UANN"
    ),
    # subtypes that are messages
    "a file": Case(body({"subtype": "file_share", **DM}), True, "a direct message"),
    "also to the channel": Case(
        body({"subtype": "thread_broadcast", **IN_THREAD}), True, "a follow-up", ANNS, "UANN"
    ),
    "/me": Case(body({"subtype": "me_message", "text": "asks <@UBOT>"}), True, "a mention", follows="UANN"),
    # a DM
    "top-level in a DM": Case(body(DM), True, "a direct message"),
    "in a DM's thread": Case(body({**DM, **IN_THREAD}), True, "a direct message", thread()),
    "a DM without channel_type": Case(
        body({"channel": "D1", "channel_type": None}), True, "a direct message", thread()
    ),
    # follow-ups
    "nobody asked us": Case(body(), False, "no mention"),
    "a thread we were never in": Case(body(IN_THREAD), False, "no mention"),
    "the person we follow": Case(body(IN_THREAD), True, "a follow-up", ANNS, "UANN"),
    "somebody else": Case(body({"user": "UBO", **IN_THREAD}), False, "nobody is followed here", ANNS),
    "nobody is followed any more": Case(body(IN_THREAD), False, "nobody is followed here", thread()),
    "to another person": Case(
        body({"text": "<@UBO> look", **IN_THREAD}), False, "addressed to somebody else", ANNS, "UANN"
    ),
    "to a group": Case(
        body({"text": "<!subteam^S1> look", **IN_THREAD}), False, "addressed to somebody else", ANNS, "UANN"
    ),
    "to everybody": Case(
        body({"text": "<!here> look", **IN_THREAD}), False, "addressed to somebody else", ANNS, "UANN"
    ),
    "within seven silent days": Case(
        body(IN_THREAD), True, "a follow-up", thread("UANN", f"{NOW - 7 * DAY + 1:.6f}"), "UANN"
    ),
    "after seven silent days": Case(
        body(IN_THREAD), False, "nobody is followed here", thread("UANN", f"{NOW - 7 * DAY - 1:.6f}")
    ),
    "always": Case(body({"user": "UBO", **IN_THREAD}), True, "a follow-up", ANNS, None, ALWAYS),
    "always, but to another": Case(
        body({"text": "<@UBO> look", **IN_THREAD}),
        False,
        "addressed to somebody else",
        thread(),
        None,
        ALWAYS,
    ),
    "always, but not our thread": Case(body(IN_THREAD), False, "no mention", None, None, ALWAYS),
    "only mentions": Case(body(IN_THREAD), False, "no mention, and follow-ups are off", ANNS, "UANN", MENTION),
    "group DM without mention": Case(body(MPIM), False, "no mention"),
    "group DM with mention": Case(body({**MPIM, "text": "<@UBOT> hi"}), True, "a mention", follows="UANN"),
    "group DM, follow-up": Case(body({**MPIM, **IN_THREAD}), True, "a follow-up", ANNS, "UANN"),
    "another bot does not interrupt": Case(
        body({"user": "UAPP", "bot_id": "BAPP", **IN_THREAD}), False, "another bot's message", ANNS, "UANN"
    ),
    "told late, it does not interrupt": Case(
        body({"user": "UBO", **IN_THREAD}),
        False,
        "nobody is followed here",
        thread("UANN", f"{NOW + 5:.6f}"),
        "UANN",
    ),
    "a mention told late does not change who is followed": Case(
        body({"user": "UBO", "text": "<@UBOT> hi", **IN_THREAD}),
        True,
        "a mention",
        thread("UANN", f"{NOW + 5:.6f}"),
        "UANN",
    ),
    "a mention by an edit does": Case(
        edited("<@UBOT> hello", user="UBO", **IN_THREAD),
        True,
        "a mention",
        thread("UANN", f"{NOW + 5:.6f}"),
        "UBO",
    ),
    "an edit is no follow-up": Case(
        edited("hello!", **IN_THREAD), False, "an edit that adds no mention", ANNS, "UANN"
    ),
    "another's edit does not interrupt": Case(
        edited("hello!", user="UBO", **IN_THREAD), False, "an edit that adds no mention", ANNS, "UANN"
    ),
    # where people have muted us: `storage.muting` says so of a channel's threads, too
    "a mention in a muted thread": Case(
        body({"text": "<@UBOT> hi", "user": "UBO", **IN_THREAD}), False, "it is muted here", MUTED
    ),
    "whom we follow, in a muted thread": Case(body(IN_THREAD), False, "it is muted here", MUTED, "UANN"),
    "a mention that would begin a thread in a muted channel": Case(
        body({"text": "<@UBOT> hi"}), False, "it is muted here", Thread(0, Place("T1", "C1", TS), muted=True)
    ),
    "a muted DM": Case(body(DM), False, "it is muted here", Thread(0, Place("T1", "D1", TS), muted=True)),
    "ourselves, in a muted thread": Case(
        body({"user": "UBOT", **IN_THREAD}), False, "our own message", MUTED, "UANN"
    ),
    # whom we never answer
    "ourselves": Case(body({"user": "UBOT", "bot_id": "BBOT", **DM}), False, "our own message"),
    "ourselves by bot_id": Case(body({"user": None, "bot_id": "BBOT"}), False, "our own message"),
    "ourselves by user": Case(body({"user": "UBOT", **IN_THREAD}), False, "our own message", ANNS, "UANN"),
    "another bot": Case(
        body({"user": "UAPP", "bot_id": "BAPP", "text": "<@UBOT>"}), False, "another bot's message"
    ),
    "another bot in a DM": Case(body({"user": "UAPP", "bot_id": "BAPP", **DM}), False, "another bot's message"),
    "a workflow": Case(
        body({"subtype": "bot_message", "user": None, "bot_id": "BFLOW", "text": "<@UBOT>"}),
        False,
        "another bot's message",
    ),
    "USLACK": Case(body({"user": "USLACK", **DM}), False, "a message of Slack itself"),
    "Slackbot": Case(body({"user": "USLACKBOT", **DM}), False, "a message of Slack itself"),
    "nobody": Case(body({"user": None, **DM}), False, "a message of Slack itself"),
    "who joined": Case(body({"subtype": "channel_join", "text": "<@UBOT> joined"}), False, "subtype channel_join"),
    "a legacy root": Case(body({"subtype": "assistant_app_thread", **DM}), False, "subtype assistant_app_thread"),
    "hidden": Case(body({"hidden": True, **DM}), False, "not a visible message"),
    "too old": Case(body({**DM, "ts": f"{NOW - DAY - 1:.6f}"}), False, "older than a day"),
    "just young enough": Case(body({**DM, "ts": f"{NOW - DAY + 1:.6f}"}), True, "a direct message"),
    "nothing changed": Case(edited("<@UBOT> hi", "<@UBOT> hi"), False, "an edit without other text or files"),
    "deleted": Case(body({"subtype": "message_deleted", "deleted_ts": ROOT}), False, "a deletion"),
    "deleted with replies": Case(edited("This message was deleted.", subtype="tombstone"), False, "a deletion"),
    # other organisations
    "another organisation": Case(body(OUTSIDER, is_ext_shared_channel=True), False, ABROAD),
    "another organisation, allowed": Case(
        body(OUTSIDER, is_ext_shared_channel=True), True, "a mention", follows="UANN", manners=OPEN
    ),
    "another workspace of our enterprise": Case(
        body({**OUTSIDER, "user_profile": {"enterprise_id": "E1"}}, enterprise="E1"),
        True,
        "a mention",
        follows="UANN",
    ),
    "our enterprise in place of a team": Case(
        body({"user_team": "E1", "text": "<@UBOT>"}, enterprise="E1"), True, "a mention", follows="UANN"
    ),
    "another enterprise": Case(
        body({**OUTSIDER, "user_profile": {"enterprise_id": "E2"}}, enterprise="E1"), False, ABROAD
    ),
    "who knows, in a shared channel": Case(
        body({"team": None, "text": "<@UBOT>"}, is_ext_shared_channel=True), False, ABROAD
    ),
    "who knows, in our own channel": Case(
        body({"team": None, "text": "<@UBOT>"}), True, "a mention", follows="UANN"
    ),
    "who knows at all": Case(body({"team": None, "text": "<@UBOT>"}, is_ext_shared_channel=True), False, ABROAD),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_who_is_answered(case: Case) -> None:
    assert verdict(case.payload, case.thread, case.manners) == Verdict(case.accept, case.reason, case.follows)


def test_mentions_are_found_and_taken_out() -> None:
    assert mentioned("<@U1> and <@W2|bo>, not <#C3> or @U4") == {"U1", "W2"}
    assert without_mention(" <@UBOT> what, <@UBOT|bot>? ", "UBOT") == "what, ?"
    assert without_mention("<@UBOT>", "UBOT") == ""


@pytest.mark.parametrize(("thread_ts", "root"), [(None, TS), (ROOT, ROOT)])
@pytest.mark.parametrize("channel", ["C1", "D1", "G1"])
def test_the_thread_is_thread_ts_or_ts(channel: str, thread_ts: str | None, root: str) -> None:
    post = parse_message(body({"channel": channel, "channel_type": None, "thread_ts": thread_ts}))
    assert isinstance(post, Post)
    assert post.place == Place("T1", channel, root)
