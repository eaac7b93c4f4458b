"""What must be so at the end, over the database, Slack and the conversations. Each check tells what is not."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot import words
from bot.playground.slack.seen import SeenMessage, seen
from bot.reading import PREFACE
from storage.records import ACTIVE, ANSWERED
from tests.scenario.world import actions, said_below
from tests.soak.model import QUESTION, questions, written
from tests.soak.plan import Kind
from tests.soak.stage import Stage
from tests.soak.story import Posted, Story
from tests.soak.trouble import MADE_UP

Rows = list[dict[str, Any]]
FORGETFUL = 62.0  # seconds after a start in which the budget does not know what was called before it
UNAVOIDABLE = {
    "message_not_in_streaming_state",  # it was ended before, and nobody heard of it
    "message_not_found",  # deleted before, and nobody heard of it
    "stopped_by_user",
    "thread_not_found",  # its author deleted it
    "invalid_thread_ts",  # likewise
    "no_reaction",  # taken away, and nobody heard of it
    "already_reacted",
}
UNCOUNTED = {("conversations.replies", "ratelimited")}
"""aiohttp itself makes a GET again whose line broke (its IDEMPOTENT_METHODS): the budget does not hear of that."""
SENTENCES = frozenset(words.FAILURES.values())


@dataclass(slots=True)
class Ended:
    """Everything that is left at the end, read once."""

    stage: Stage
    story: Story
    messages: dict[tuple[str, str], dict[str, Any]]  # by channel and ts
    runs: dict[str, dict[str, Any]]
    replies: Mapping[str, Rows]  # by run
    threads: dict[int, dict[str, Any]]
    shown: dict[tuple[str, str], SeenMessage]  # our messages in Slack, by channel and ts

    @classmethod
    def read(cls, stage: Stage, story: Story) -> "Ended":
        """Read all of it."""
        replies: dict[str, Rows] = defaultdict(list)
        for row in stage.rows("SELECT * FROM replies ORDER BY run_id, position"):
            replies[row["run_id"]].append(row)
        slack = stage.slack
        own = {
            (place.id, one.ts): seen(slack, place, one)
            for place in slack.channels.values()
            for one in place.messages.values()
            if one.user == slack.bot_user
        }
        return cls(
            stage,
            story,
            {(row["channel"], row["ts"]): row for row in stage.rows("SELECT * FROM messages")},
            {row["id"]: row for row in stage.rows("SELECT * FROM runs ORDER BY created_at")},
            replies,
            {row["id"]: row for row in stage.rows("SELECT * FROM threads")},
            own,
        )

    def where(self, run: Mapping[str, Any]) -> str:
        """Run and thread, for people who look into it."""
        thread = self.threads[run["thread_id"]]
        return f"run {run['id']} ({run['status']}, {thread['channel']} {thread['thread_ts']})"


def violations(ended: Ended) -> list[str]:
    """What is not as it must be."""
    return [f"{check.__name__}: {found}" for check in CHECKS for found in check(ended)]


def every_message_is_answered_once(ended: Ended) -> Iterator[str]:
    for one in ended.story.posted.values():
        row = ended.messages.get((one.channel, one.ts))
        if (row is None or row["state"] == "withdrawn") and one.deleted:
            continue
        about = f"q{one.say.number:05} ({one.say.kind}, {one.channel} {one.ts})"
        if row is None:
            if one.for_us and not _was_overtaken(ended, one):
                yield f"{about} was never heard"
        elif one.for_us is False:
            yield f"{about} was not for us and was taken"
        elif trouble := _not_settled(ended, one, row):
            yield f"{about} {trouble}"


def _was_overtaken(ended: Ended, one: Posted) -> bool:
    """Whether somebody else's later message in the thread may have been told first: then he is followed there."""
    others = (it for it in ended.story.posted.values() if (it.channel, it.root) == (one.channel, one.root))
    return one.say.kind is Kind.FOLLOW_UP and any(it.ts > one.ts and it.user != one.user for it in others)


def _not_settled(ended: Ended, one: Posted, row: Mapping[str, Any]) -> str | None:
    """What is wrong with the end of a message that was for us."""
    run = ended.runs.get(row["run_id"] or "")
    if row["state"] == "answered":
        good = run is not None and (run["status"] in ANSWERED or run["error"] == "withdrawn")
        return None if good else f"is answered by {run and ended.where(run)}"
    if row["state"] == "withdrawn":
        return "is withdrawn, and nobody deleted it"
    if row["state"] != "unfinished":
        return f"is still {row['state']}"
    if run is None:  # unqueued by a Stop
        return None if ended.story.stops[one.channel, one.root] else "has no run, and nobody pressed Stop"
    return None if run["status"] in ("failed", "cancelled") else f"is unfinished in {ended.where(run)}"


def every_run_has_ended_and_shows_it(ended: Ended) -> Iterator[str]:
    for run in ended.runs.values():
        if run["status"] in ACTIVE or run["withdraw_at"] is not None:
            yield f"{ended.where(run)} is not over"
            continue
        rows = ended.replies.get(run["id"], [])
        thread = ended.threads[run["thread_id"]]
        missing = [row for row in rows if row["ts"] is None or (thread["channel"], row["ts"]) not in ended.shown]
        if missing:
            yield f"{ended.where(run)}: of its messages {missing} are not in Slack"
            continue
        shown = [ended.shown[thread["channel"], row["ts"]] for row in rows]
        yield from _shows(ended, run, shown)


def _shows(ended: Ended, run: Mapping[str, Any], shown: list[SeenMessage]) -> Iterator[str]:
    if run["error"] == "withdrawn":
        if shown:
            yield f"{ended.where(run)} was withdrawn and is still there"
        return
    if not shown:
        yield f"{ended.where(run)} shows nothing"
        return
    text, below = "".join(one.text for one in shown), said_below(shown[-1])
    if run["status"] == "failed":
        if not SENTENCES.intersection(below) or "try_again" not in actions(shown[-1]):
            yield f"{ended.where(run)} failed without a sentence or a button: {below}"
    elif run["status"] == "cancelled":
        if not any(one.startswith("Stopped") for one in below):
            yield f"{ended.where(run)} was stopped without a word: {below}"
    elif _bare(text) not in {_bare(whole) for whole in _told(ended, run)}:
        yield f"{ended.where(run)} is not what the model said: {text[:300]!r} … {text[-80:]!r}"


def _told(ended: Ended, run: Mapping[str, Any]) -> list[str]:
    """What the model answered for that run, as often as it did."""
    responses = ended.stage.openai.responses.values()
    its = [one for one in responses if (one.get("metadata") or {}).get("run") == run["id"]]
    return [
        "".join(written(item) for item in one["output"] if item["type"] == "message")
        for one in its
        if one["status"] in ANSWERED
    ]


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def nothing_is_said_twice(ended: Ended) -> Iterator[str]:
    owners: Counter[tuple[str, str]] = Counter()
    for run in ended.runs.values():
        channel = ended.threads[run["thread_id"]]["channel"]
        owners.update((channel, row["ts"]) for row in ended.replies.get(run["id"], []))
    for place, message in ended.shown.items():
        if owners[place] != 1:
            yield f"{place} belongs to {owners[place]} runs: {message.text[:80]!r}"
        twice = [name for name, count in Counter(QUESTION.findall(message.text)).items() if count > 2]
        if twice:  # the model names each question twice, at the beginning and at the end
            yield f"{place} answers {twice} more than once"


def nothing_is_under_way(ended: Ended) -> Iterator[str]:
    slack = ended.stage.slack
    yield from (f"{thread} is shown as working" for thread in slack.working())
    yield from (f"{envelope.type} was never acknowledged" for envelope in slack.unacknowledged)
    given_up = [(one.payload["event"]["type"], one.payload["event"].get("ts")) for one in slack.lost]
    yield from (f"{kind} {ts} was given up by Slack" for kind, ts in given_up)
    for place, message in ended.shown.items():
        if message.streaming or message.error_pill:
            yield f"{place} is streaming still, or died: {message.text[:80]!r}"
    for run_id, rows in ended.replies.items():
        yield from (f"a message of {run_id} is {row['state']}" for row in rows if row["state"] != "closed")


def texts_are_erased(ended: Ended) -> Iterator[str]:
    for place, row in ended.messages.items():
        if row["text"] is not None and row["state"] != "unfinished":
            yield f"the text of {place} is kept, and it is {row['state']}"


def conversations_are_consistent(ended: Ended) -> Iterator[str]:
    """Each answered question stands there once, in the order of the runs, with its answer; nothing dangles."""
    expected: dict[int, list[str]] = defaultdict(list)
    numbers = {(one.channel, one.ts): f"q{one.say.number:05}" for one in ended.story.posted.values()}
    by_run: dict[str, Rows] = defaultdict(list)
    for row in sorted(ended.messages.values(), key=lambda row: str(row["ts"])):
        if row["state"] == "answered":
            by_run[row["run_id"]].append(row)
    for run in sorted(ended.runs.values(), key=lambda run: run["finished_at"] or 0.0):
        if run["status"] in ANSWERED:
            asked = [numbers[row["channel"], row["ts"]] for row in by_run[run["id"]]]
            expected[run["thread_id"]] += asked
    for thread in ended.threads.values():
        memory = ended.stage.openai.conversations.get(thread["memory"] or "")
        if memory is None:
            if expected[thread["id"]]:
                yield f"{thread['channel']} {thread['thread_ts']} has no memory of {expected[thread['id']]}"
            continue
        yield from _remembers(thread, memory.items, expected[thread["id"]])
        if thread["tail_item_id"] not in (None, *(item["id"] for item in memory.items)):
            yield f"the memory of {thread['channel']} {thread['thread_ts']} has lost its tail"


def _remembers(thread: Mapping[str, Any], items: list[dict[str, Any]], expected: list[str]) -> Iterator[str]:
    """What stands behind the tail is of a turn that did not end well: the next one takes it away first."""
    where = f"{thread['channel']} {thread['thread_ts']}"
    ids = [item["id"] for item in items]
    items = items[: ids.index(thread["tail_item_id"]) + 1] if thread["tail_item_id"] in ids else []
    found = list(questions(items))
    if found != expected:
        yield f"the memory of {where} holds {found}, and {expected} were answered"
    told = Counter(
        name
        for item in items
        if item.get("role") == "user" and written(item).startswith(PREFACE)
        for name in QUESTION.findall(written(item))
        if '"note"' not in written(item)
    )
    if twice := [name for name, count in told.items() if count > 1]:
        yield f"the memory of {where} was told of {twice} more than once"
    calls = {item.get("call_id") for item in items if item["type"] == "function_call"}
    if dangling := calls - {item.get("call_id") for item in items if item["type"] == "function_call_output"}:
        yield f"the memory of {where} has dangling calls: {dangling}"


def nobody_is_pinged(ended: Ended) -> Iterator[str]:
    slack = ended.stage.slack
    yield from (f"{mention}" for mention in slack.live_mentions)
    yield from (f"{unfurl}" for unfurl in slack.unfurls)


def the_rules_are_kept(ended: Ended) -> Iterator[str]:
    """Nothing is refused but what was made up, or cannot be known beforehand."""
    refused: Counter[str] = Counter()
    for call in ended.stage.slack.calls:
        made_up = MADE_UP in (call.answer or {}) or call.error is None or call.error in UNAVOIDABLE
        new = any(0 <= call.at - start < FORGETFUL for start in ended.stage.started_at)
        unknown = (call.method, call.error) in UNCOUNTED or (call.error == "ratelimited" and new)
        if not made_up and not unknown:
            refused[f"{call.method}: {call.error}"] += 1
    for one in ended.stage.openai.requests:
        if 400 <= one.status < 500 and MADE_UP.encode() not in one.answer:
            code = re.search(rb'"code": ?"?(\w+)', one.answer)
            what = code[1].decode() if code else one.answer[:120].decode()
            path = re.sub(r"/(\w+?)_\w+", r"/\1", one.path)
            if what not in ("conversation_locked", "rate_limit_exceeded") and not (
                one.status == 404 and one.method == "DELETE"
            ):
                refused[f"{one.method} {path}: {one.status} {what}"] += 1
    yield from (f"{what} ({count} times)" for what, count in refused.items())


def the_process_did_not_die(ended: Ended) -> Iterator[str]:
    if ended.stage.died:
        yield "it ended by itself"


CHECKS: tuple[Callable[[Ended], Iterator[str]], ...] = (
    the_process_did_not_die,
    every_message_is_answered_once,
    every_run_has_ended_and_shows_it,
    nothing_is_said_twice,
    nothing_is_under_way,
    texts_are_erased,
    conversations_are_consistent,
    nobody_is_pinged,
    the_rules_are_kept,
)
