"""Messages: what people said, from the moment we hear it until it is answered and erased."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import RowMapping, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert_in, locks_rows, now
from storage.muting import judged, look
from storage.records import Decide, Heard, MessageState, NewMessage, Place, Thread, Touched, Verdict
from storage.rows import all_rows, in_place, lock_threads, posted, thread_at, thread_from
from storage.tables import messages, runs, threads

ERASED: Mapping[str, Any] = {"text": None, "files": [], "transcripts": None, "overrides": None}
"""What is left of what a person said."""

GONE: Mapping[str, Any] = {"state": MessageState.WITHDRAWN, **ERASED}
"""What is left of what its author deleted."""

LATELY = 1000
"""Accepted messages that are remembered here: Slack tells of a mention twice at once, as message and mention."""

Key = tuple[str, str, str]
"""What Slack knows a message by: team, channel and ts."""


class Messages:
    """What people said to us."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lately: OrderedDict[Key, None] = OrderedDict()  # what was accepted: it has a row
        self._hearing: dict[Key, asyncio.Future[None]] = {}  # what is being heard at this moment

    async def hear(self, message: NewMessage, decide: Decide) -> tuple[Heard, Verdict]:
        """Decide whether a message is for us, and remember it once. When this returns, it is committed.

        `decide` may be called several times: without a thread, on what a reader sees, and again inside the write
        transaction, which goes before what answers write.
        A message that has a row changes nothing any more, its thread's `following` neither.
        """
        key = message.place.team, message.place.channel, message.ts
        while told_just_now := self._hearing.get(key):
            await asyncio.wait((told_just_now,))
        if key in self._lately:
            return Heard.DUPLICATE, decide(None)
        self._hearing[key] = asyncio.get_running_loop().create_future()
        try:
            heard, verdict = await self._hear(message, decide)
        finally:
            self._hearing.pop(key).set_result(None)
        if heard is Heard.ACCEPTED:
            self._lately[key] = None
            if len(self._lately) > LATELY:
                self._lately.popitem(last=False)
        return heard, verdict

    async def _hear(self, message: NewMessage, decide: Decide) -> tuple[Heard, Verdict]:
        if not decide(None).accept:  # said in a thread that we follow, or more likely not to us
            settled = await self._database.read(lambda connection: _settled(connection, message, decide))
            if settled is not None:
                return settled
        order = (*in_place(message.place).values(), message.ts)
        return await self._database.write_first(lambda connection: _hear(connection, message, decide), order)

    async def change(
        self, team: str, channel: str, ts: str, text: str, files: Sequence[Mapping[str, Any]]
    ) -> Touched:
        """Take over an edit. An active run of the message is asked to start again.

        An unfinished message (SETTLED) keeps the new text for a "Try again"; of an answered one (ENDED), whose
        text was erased, nothing is written.
        """
        key = team, channel, ts
        touched = await self._database.write(lambda connection: _change(connection, key, text, files))
        if touched is Touched.UNKNOWN:
            self._lately.pop(key, None)
        return touched

    async def withdraw(self, team: str, channel: str, ts: str) -> Touched:
        """Take over a deletion: the text is erased. An active run of the message is asked to start again.

        The answer of a run that has ended (ENDED) is to be withdrawn: a claim of it follows. One that failed or
        was stopped stays as long as other messages of it may be tried again (SETTLED).
        """
        return await self._database.write(lambda connection: _withdraw(connection, (team, channel, ts)))

    async def forestall(self, message: NewMessage, decide: Decide) -> bool:
        """Take over the deletion of a message that we have not been told of: told later, it has a row already.

        Of what is not for us nothing is remembered. False: the message was told in between.
        """
        thread = await self._database.read(lambda connection: thread_at(connection, message.place))
        if not decide(thread).accept:
            return True
        return await self._database.write(lambda connection: _forestall(connection, message, decide))

    async def lose_file(self, team: str, slack_file_id: str) -> bool:
        """Take a deleted file off every message that still has its files; whether an active run starts again."""
        return await self._database.write(lambda connection: _lose_file(connection, team, slack_file_id))

    async def heard(self, team: str, channel: str, ts: str, slack_file_id: str, text: str) -> None:
        """Keep what was heard in a recording of the message, until the message is erased."""
        await self._database.write(lambda it: _heard(it, (team, channel, ts), slack_file_id, text))

    async def of_thread(self, thread_id: int) -> frozenset[str]:
        """Return Slack's ts of everything in the thread that was for us, answered or not."""

        async def work(connection: AsyncConnection) -> frozenset[str]:
            return frozenset((await connection.execute(_OF_THREAD, {"its_id": thread_id})).scalars())

        return await self._database.read(work)

    async def are_shared(self, run_id: str) -> bool:
        """Return whether people of another organisation may read along where the run's messages stand."""
        shared = select(exists().where(messages.c.run_id == run_id, messages.c.shared))
        return bool(await self._database.read(lambda connection: connection.scalar(shared)))

    async def erase_unfinished(self, older_than_seconds: float) -> int:
        """Erase the texts that have been unfinished for longer than that; return how many."""
        old = messages.c.state_since < now() - older_than_seconds
        unfinished = messages.c.state == MessageState.UNFINISHED
        erase = update(messages).where(unfinished, old, messages.c.text.is_not(None)).values(ERASED)

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(erase)).rowcount

        return await self._database.write(work)


async def _settled(
    connection: AsyncConnection, message: NewMessage, decide: Decide
) -> tuple[Heard, Verdict] | None:
    """Return the outcome where nothing needs to be written."""
    thread, muted = await look(connection, message.place)
    verdict = judged(message.place, thread, muted, decide)
    if await _row(connection, (message.place.team, message.place.channel, message.ts)):
        return Heard.DUPLICATE, verdict
    if not verdict.accept and (thread is None or thread.following == verdict.following):
        return Heard.IGNORED, verdict
    return None


_OF_THREAD = select(messages.c.ts).where(messages.c.thread_id == bindparam("its_id"))


async def _hear(connection: AsyncConnection, message: NewMessage, decide: Decide) -> tuple[Heard, Verdict]:
    thread, muted = await look(connection, message.place)
    if thread is not None and locks_rows(connection):
        thread = await thread_at(connection, message.place, lock=True)
    verdict = judged(message.place, thread, muted, decide)
    if verdict.accept:
        stands = {"following": verdict.following, "last_message_ts": message.ts}
        thread = thread or await new_thread(connection, message.place, **stands)
        if not await remember_message(connection, thread, message):
            return Heard.DUPLICATE, verdict
    if thread is not None:
        stands = {"following": verdict.following, "last_message_ts": max(thread.last_message_ts or "", message.ts)}
        if stands != {"following": thread.following, "last_message_ts": thread.last_message_ts}:
            await connection.execute(_ADVANCE, {"thread": thread.id, **stands})
    return (Heard.ACCEPTED if verdict.accept else Heard.IGNORED), verdict


async def _forestall(connection: AsyncConnection, message: NewMessage, decide: Decide) -> bool:
    thread = await thread_at(connection, message.place, lock=True)
    if not decide(thread).accept:
        return True
    thread = thread or await new_thread(connection, message.place)
    return await remember_message(connection, thread, message, GONE)


async def new_thread(connection: AsyncConnection, place: Place, **values: str | None) -> Thread:
    """Insert a thread's row, and lock it; the one that is there already, where somebody was faster."""
    thread, values = None, {**in_place(place), **values}
    while thread is None:  # inserted by us, or by somebody else, or by him and deleted since
        made = await connection.execute(_insert_thread(connection.dialect.name), values)
        row = made.mappings().first()
        thread = thread_from(row) if row else await thread_at(connection, place, lock=True)
    return thread


async def remember_message(
    connection: AsyncConnection, thread: Thread, message: NewMessage, but: Mapping[str, Any] = MappingProxyType({})
) -> bool:
    """Insert the message, `but` with these values; False where it has a row already."""
    values = {
        "thread_id": thread.id,
        "team": message.place.team,
        "channel": message.place.channel,
        "ts": message.ts,
        "user": message.user,
        "author_team": message.author_team,
        "shared": message.shared,
        "text": message.text,
        "files": [dict(file) for file in message.files],
        "pressed": message.pressed,
        "overrides": None if message.overrides is None else dict(message.overrides),
        "state": MessageState.WAITING,
        **but,
    }
    return (await connection.execute(_insert_message(connection.dialect.name), values)).first() is not None


@cache
def _insert_thread(dialect: str) -> Any:
    return insert_in(dialect, threads).on_conflict_do_nothing().returning(threads)


@cache
def _insert_message(dialect: str) -> Any:
    new = insert_in(dialect, messages).values(state_since=now())
    return new.on_conflict_do_nothing().returning(messages.c.id)


_ADVANCE = (
    update(threads)
    .where(threads.c.id == bindparam("thread"))
    .values(following=bindparam("following"), last_message_ts=bindparam("last_message_ts"))
)
_MESSAGE = select(messages).where(*(messages.c[name] == bindparam(name) for name in ("team", "channel", "ts")))
_LOCK_MESSAGE = _MESSAGE.with_for_update(key_share=True)


async def _change(
    connection: AsyncConnection, key: tuple[str, str, str], text: str, files: Sequence[Mapping[str, Any]]
) -> Touched:
    row = await _locked_row(connection, key)
    if row is None:
        return Touched.UNKNOWN
    met = _met(row)
    if row["text"] is None and met is not Touched.ACTIVE:
        return met
    content = {"text": text, "files": [dict(file) for file in files]}
    if all(row[name] == value for name, value in content.items()):
        return Touched.SETTLED if met is Touched.SETTLED else Touched.SAME
    await connection.execute(update(messages).where(messages.c.id == row["id"]).values(content))
    await _ask_to_restart(connection, row)
    return met


async def _withdraw(connection: AsyncConnection, key: tuple[str, str, str]) -> Touched:
    row = await _locked_row(connection, key)
    if row is None:
        return Touched.UNKNOWN
    if row["state"] == MessageState.WITHDRAWN:
        return Touched.SETTLED
    gone = {**GONE, "state_since": now()}
    await connection.execute(update(messages).where(messages.c.id == row["id"]).values(gone))
    await _ask_to_restart(connection, row)
    return Touched.ENDED if await _ask_to_withdraw(connection, row) else _met(row)


async def _lose_file(connection: AsyncConnection, team: str, slack_file_id: str) -> bool:
    """Few messages have files: they are erased when they are answered."""
    restarts = False
    known = select(messages).where(messages.c.team == team, messages.c.text.is_not(None)).order_by(messages.c.id)
    having = {row["thread_id"] for row in await all_rows(connection, known) if _files_but(row, slack_file_id)[1]}
    await lock_threads(connection, threads.c.id.in_(having))
    theirs = known.where(messages.c.thread_id.in_(having)).with_for_update(key_share=True)
    for row in await all_rows(connection, theirs):
        left, has = _files_but(row, slack_file_id)
        if has:
            await connection.execute(update(messages).where(messages.c.id == row["id"]).values(files=left))
            await _ask_to_restart(connection, row)
            restarts |= row["state"] == MessageState.CLAIMED
    return restarts


def _files_but(row: RowMapping, slack_file_id: str) -> tuple[list[Mapping[str, Any]], bool]:
    """The message's other files, and whether it has that one."""
    left = [file for file in row["files"] if file.get("id") != slack_file_id]
    return left, len(left) < len(row["files"])


async def _heard(connection: AsyncConnection, key: tuple[str, str, str], slack_file_id: str, text: str) -> None:
    row = await _row(connection, key, lock=True)
    if row is not None and row["text"] is not None:
        transcripts = {**(row["transcripts"] or {}), slack_file_id: text}
        await connection.execute(
            update(messages).where(messages.c.id == row["id"]).values(transcripts=transcripts)
        )


def _met(row: RowMapping) -> Touched:
    met = {
        MessageState.WAITING: Touched.WAITING,
        MessageState.CLAIMED: Touched.ACTIVE,
        MessageState.ANSWERED: Touched.ENDED,
    }
    return met.get(row["state"], Touched.SETTLED)


async def _ask_to_withdraw(connection: AsyncConnection, row: RowMapping) -> bool:
    """Ask that the answer to a message be taken away with it; False where there is none, or not yet."""
    if row["run_id"] is None or row["state"] not in (MessageState.ANSWERED, MessageState.UNFINISHED):
        return False
    others = exists().where(messages.c.run_id == row["run_id"], messages.c.state == MessageState.UNFINISHED)
    if await connection.scalar(select(others)):
        return False
    withdraw = update(runs).where(runs.c.id == row["run_id"]).values(withdraw_at=now())
    await connection.execute(withdraw)
    return True


async def _ask_to_restart(connection: AsyncConnection, row: RowMapping) -> None:
    if row["state"] == MessageState.CLAIMED:
        restart = update(runs).where(runs.c.id == row["run_id"]).values(restart_requested=True)
        await connection.execute(restart)


async def _row(connection: AsyncConnection, key: tuple[str, str, str], *, lock: bool = False) -> RowMapping | None:
    team, channel, ts = key
    query = _LOCK_MESSAGE if lock else _MESSAGE
    rows = await all_rows(connection, query, team=team, channel=channel, ts=ts)
    return rows[0] if rows else None


async def _locked_row(connection: AsyncConnection, key: tuple[str, str, str]) -> RowMapping | None:
    """The message; nobody else writes it, its thread or the thread's runs until the transaction ends."""
    its = select(messages.c.thread_id).where(posted(*key))
    await lock_threads(connection, threads.c.id == its.scalar_subquery())
    return await _row(connection, key, lock=True)
