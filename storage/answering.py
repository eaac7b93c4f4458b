"""What the holder of a lease writes while it answers: responses, replies, and the end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, Table, and_, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.call_records import CallState
from storage.claims import read_claim
from storage.database import insert, now
from storage.leases import hold, hold_with_thread
from storage.messages import ERASED, remember_message
from storage.records import (
    ACTIVE,
    ANSWERED,
    Claim,
    Ending,
    Lease,
    MessageState,
    NewMessage,
    Reply,
    ReplyState,
    RunStatus,
    Usage,
)
from storage.rows import all_rows
from storage.tables import is_waiting, messages, replies, responses, run_steps, runs, threads
from storage.tables_calls import function_calls


async def remember(connection: AsyncConnection, thread_id: int, memory: str) -> None:
    """Store the thread's memory. One that replaces another has seen nothing yet."""
    seen_nothing = {"its_id": thread_id, "another": memory, "tail_item_id": None, "last_seen_ts": None}
    await connection.execute(_OF_ANOTHER, seen_nothing)
    await connection.execute(_OF_THREAD, {"its_id": thread_id, "memory": memory})


async def response_started(connection: AsyncConnection, lease: Lease, response_id: str) -> None:
    """Store a response's id, once."""
    await hold(connection, lease)
    values = {
        "run_id": lease.run_id,
        "position": await _next(connection, _LAST_RESPONSE, lease.run_id),
        "response_id": response_id,
        "state": "in_progress",
        "item_ids": [],
    }
    once = ["run_id", "response_id"]
    await connection.execute(
        insert(connection, responses).values(values).on_conflict_do_nothing(index_elements=once)
    )


async def reply_intended(connection: AsyncConnection, lease: Lease, from_char: int) -> Reply:
    """Store that a Slack message is about to be begun."""
    await hold(connection, lease)
    reply = Reply(await _next(connection, _LAST_REPLY, lease.run_id), None, ReplyState.STARTING, from_char)
    await connection.execute(insert(connection, replies).values(run_id=lease.run_id, **asdict(reply)))
    return reply


async def reply_begun(connection: AsyncConnection, lease: Lease, position: int, ts: str) -> None:
    """Store by which ts Slack has the message."""
    await hold(connection, lease)
    here = {"its_run": lease.run_id, "its_position": position}
    await connection.execute(_IN_POSITION, {**here, "ts": ts, "state": ReplyState.OPEN})


async def reply_dropped(connection: AsyncConnection, lease: Lease, position: int) -> None:
    """Forget a message that Slack does not have."""
    await hold(connection, lease)
    await connection.execute(
        delete(replies).where(replies.c.run_id == lease.run_id, replies.c.position == position)
    )


async def release(connection: AsyncConnection, lease: Lease) -> None:
    """Give the run back."""
    await hold(connection, lease, lease_owner=None, lease_until=None, status=RunStatus.QUEUED)


async def restart(connection: AsyncConnection, lease: Lease) -> Claim:
    """Begin the run again with the messages that are left, and without its responses."""
    await hold(connection, lease, restart_requested=False, action_until=None)
    await connection.execute(delete(responses).where(responses.c.run_id == lease.run_id))
    not_made = function_calls.c.state.in_((CallState.PROPOSED, CallState.APPROVED))
    await connection.execute(delete(function_calls).where(function_calls.c.run_id == lease.run_id, not_made))
    return await read_claim(connection, lease.run_id)


async def join(connection: AsyncConnection, lease: Lease) -> Claim:
    """Let the run answer what waits in its thread, too."""
    run = await hold_with_thread(connection, lease)
    joining = {"state": MessageState.CLAIMED, "state_since": now(), "run_id": lease.run_id}
    plain = messages.c.overrides.is_(None)  # what shall be answered otherwise has a run of its own
    waiting = and_(messages.c.thread_id == run["thread_id"], is_waiting(), plain)
    await connection.execute(update(messages).where(waiting).values(joining))
    return await read_claim(connection, lease.run_id)


async def take_in(connection: AsyncConnection, lease: Lease, said: Sequence[NewMessage]) -> Claim:
    """Let the run answer what was said to us before its newest message, whether we have been told of it or not."""
    await hold_with_thread(connection, lease)
    claim = await read_claim(connection, lease.run_id)
    taken = {"state": MessageState.CLAIMED, "state_since": now(), "run_id": lease.run_id}
    for message in said:
        await remember_message(connection, claim.thread, message, taken)
    plain = messages.c.overrides.is_(None)  # what shall be answered otherwise has a run of its own
    told = and_(messages.c.thread_id == claim.thread.id, messages.c.ts.in_([message.ts for message in said]))
    await connection.execute(update(messages).where(told, is_waiting(), plain).values(taken))
    return await read_claim(connection, lease.run_id)


async def posted(connection: AsyncConnection, lease: Lease, pressed: str, ts: str) -> None:
    """Store in which Slack message a question stands that somebody asked by a button."""
    await hold_with_thread(connection, lease)
    asked = and_(messages.c.run_id == lease.run_id, messages.c.pressed == pressed)
    await connection.execute(update(messages).where(asked).values(ts=ts))


async def left_parts(connection: AsyncConnection, thread_id: int) -> tuple[tuple[str, str | None], ...]:
    """Return the ended runs whose documents are still in the memory: id, and the item before their turn."""
    rows = await all_rows(connection, _LEFT_PARTS, its_id=thread_id)
    return tuple((row["id"], row["tail_before"]) for row in rows)


async def parts_dropped(connection: AsyncConnection, run_id: str) -> None:
    """Store that they are not, any more."""
    await connection.execute(update(runs).where(runs.c.id == run_id).values(parts_left=False))


async def finish(connection: AsyncConnection, lease: Lease, ending: Ending, *, unless_restarted: bool) -> bool:
    """Store the end of a run, all of it or nothing."""
    if ending.status in ACTIVE:
        raise ValueError(f"a run does not end as {ending.status}")
    run = await hold_with_thread(connection, lease)
    if unless_restarted and run["restart_requested"]:
        return False
    answered = ending.status in ANSWERED
    stands = await _advance(connection, run["thread_id"], ending if answered else None)
    await _end_run(connection, lease, ending, stands)
    await _end_responses_and_replies(connection, lease, ending)
    if answered:
        await _erase_earlier(connection, run["thread_id"], lease.run_id)
        await _end_messages(connection, lease, {"state": MessageState.ANSWERED, **ERASED})
    else:
        await _end_messages(connection, lease, {"state": MessageState.UNFINISHED})
    return True


async def _end_run(connection: AsyncConnection, lease: Lease, ending: Ending, stands: Mapping[str, Any]) -> None:
    values: dict[str, Any] = {
        "status": ending.status,
        "error": ending.error,
        "first_text_at": ending.first_text_at,
        "parts_left": ending.parts_left,
        "action_until": None,
        "finished_at": now(),
        "lease_owner": None,
        "lease_until": None,
        **stands,
        **_added(ending.usage),
    }
    await connection.execute(update(runs).where(runs.c.id == lease.run_id).values(values))
    await connection.execute(_STEPS_GO, {"its_run": lease.run_id})
    if ending.steps:
        steps = [{"run_id": lease.run_id, **asdict(step)} for step in ending.steps]
        await connection.execute(insert(connection, run_steps), steps)


def _added(usage: Usage | None) -> dict[str, Any]:
    """The tokens of this answer, and of those that it replaces."""
    used = asdict(usage) if usage else {}
    return {name: func.coalesce(runs.c[name], 0) + tokens for name, tokens in used.items()}


async def _end_responses_and_replies(connection: AsyncConnection, lease: Lease, ending: Ending) -> None:
    for response in ending.responses:
        this = {"its_run": lease.run_id, "its_response": response.response_id}
        values = {"state": response.state, "item_ids": list(response.item_ids)}
        await connection.execute(_OF_RESPONSE, {**this, **values})
    if ending.replies_closed:
        await connection.execute(_NEVER_BEGUN_GO, {"its_run": lease.run_id})  # Slack refused it
        await connection.execute(_OF_REPLIES, {"its_run": lease.run_id, "state": ReplyState.CLOSED})


async def _end_messages(connection: AsyncConnection, lease: Lease, values: dict[str, Any]) -> None:
    """Settle what the run has claimed; what was withdrawn meanwhile stays withdrawn."""
    claimed = messages.c.run_id == lease.run_id, messages.c.state == MessageState.CLAIMED
    await connection.execute(update(messages).where(*claimed).values(state_since=now(), **values))


async def _advance(connection: AsyncConnection, thread_id: int, ending: Ending | None) -> dict[str, str | None]:
    """Let the thread's memory reach to the end of an answered turn; never back. What the run is to know of it."""
    thread = (await all_rows(connection, _THREAD, its_id=thread_id))[0]
    tail, seen = thread["tail_item_id"], thread["last_seen_ts"]
    stood = {"tail_before": tail, "seen_before": seen}
    if ending is None:
        return {**stood, "tail_after": tail}
    tail, seen = ending.tail_item_id or tail, max(seen or "", ending.last_seen_ts or "") or None
    await connection.execute(_OF_THREAD, {"its_id": thread_id, "tail_item_id": tail, "last_seen_ts": seen})
    return {**stood, "tail_after": tail}


async def _erase_earlier(connection: AsyncConnection, thread_id: int, run_id: str) -> None:
    """Erase what was unfinished before this run's newest message: the model has it from the catch-up now."""
    newest = await connection.scalar(_NEWEST_CLAIMED, {"its_run": run_id})
    await connection.execute(_UNFINISHED_BEFORE, {"its_id": thread_id, "newest": newest or "", **ERASED})


async def _next(connection: AsyncConnection, last: Select[Any], run_id: str) -> int:
    position: int | None = await connection.scalar(last, {"its_run": run_id})
    return 0 if position is None else position + 1


def _last(table: Table) -> Select[Any]:
    return select(func.max(table.c.position)).where(table.c.run_id == bindparam("its_run"))


# What every answer asks for: built once. The parameters that are not named in a condition are what is set.
_LAST_RESPONSE, _LAST_REPLY = _last(responses), _last(replies)
_THREAD = select(threads).where(threads.c.id == bindparam("its_id"))
_OF_THREAD = update(threads).where(threads.c.id == bindparam("its_id"))
_OF_ANOTHER = _OF_THREAD.where(threads.c.memory.is_not(None), threads.c.memory != bindparam("another"))
_LEFT_PARTS = select(runs.c.id, runs.c.tail_before).where(
    runs.c.thread_id == bindparam("its_id"), runs.c.parts_left
)
_STEPS_GO = delete(run_steps).where(run_steps.c.run_id == bindparam("its_run"))
_OF_RESPONSE = update(responses).where(
    responses.c.run_id == bindparam("its_run"), responses.c.response_id == bindparam("its_response")
)
_NEVER_BEGUN_GO = delete(replies).where(replies.c.run_id == bindparam("its_run"), replies.c.ts.is_(None))
_OF_REPLIES = update(replies).where(replies.c.run_id == bindparam("its_run"))
_IN_POSITION = _OF_REPLIES.where(replies.c.position == bindparam("its_position"))
_NEWEST_CLAIMED = select(func.max(messages.c.ts)).where(
    messages.c.run_id == bindparam("its_run"), messages.c.state == MessageState.CLAIMED
)
_UNFINISHED_BEFORE = update(messages).where(
    messages.c.thread_id == bindparam("its_id"),
    messages.c.state == MessageState.UNFINISHED,
    messages.c.ts < bindparam("newest"),
)
