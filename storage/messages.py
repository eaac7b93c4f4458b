"""Messages: what people said, from the moment we hear it until it is answered and erased."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert, now
from storage.records import Decide, Heard, MessageState, NewMessage, Thread, Touched, Verdict
from storage.rows import all_rows, lock_threads, posted, thread_at
from storage.tables import messages, runs, threads

ERASED: Mapping[str, Any] = {"text": None, "files": [], "transcripts": None}
"""What is left of what a person said."""

GONE: Mapping[str, Any] = {"state": MessageState.WITHDRAWN, **ERASED}
"""What is left of what its author deleted."""


class Messages:
    """What people said to us."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hear(self, message: NewMessage, decide: Decide) -> tuple[Heard, Verdict]:
        """Decide whether a message is for us, and remember it once. When this returns, it is committed.

        `decide` may be called twice: first on what a reader sees, and again inside the write transaction.
        A message that has a row changes nothing any more, its thread's `following` neither.
        """
        settled = await self._database.read(lambda connection: _settled(connection, message, decide))
        if settled is not None:
            return settled
        return await self._database.write(lambda connection: _hear(connection, message, decide))

    async def change(
        self, team: str, channel: str, ts: str, text: str, files: Sequence[Mapping[str, Any]]
    ) -> Touched:
        """Take over an edit. An active run of the message is asked to start again.

        An unfinished message (SETTLED) keeps the new text for a "Try again"; of an answered one (ENDED), whose
        text was erased, nothing is written.
        """
        return await self._database.write(lambda connection: _change(connection, (team, channel, ts), text, files))

    async def withdraw(self, team: str, channel: str, ts: str) -> Touched:
        """Take over a deletion: the text is erased. An active run of the message is asked to start again.

        The answer of a run that has ended (ENDED) is to be withdrawn: a claim of it follows. One that failed or
        was stopped stays as long as other messages of it may be tried again (SETTLED).
        """
        return await self._database.write(lambda connection: _withdraw(connection, (team, channel, ts)))

    async def lose_file(self, team: str, slack_file_id: str) -> bool:
        """Take a deleted file off every message that still has its files; whether an active run starts again."""
        return await self._database.write(lambda connection: _lose_file(connection, team, slack_file_id))

    async def heard(self, team: str, channel: str, ts: str, slack_file_id: str, text: str) -> None:
        """Keep what was heard in a recording of the message, until the message is erased."""
        await self._database.write(lambda it: _heard(it, (team, channel, ts), slack_file_id, text))

    async def of_thread(self, thread_id: int) -> frozenset[str]:
        """Return Slack's ts of everything in the thread that was for us, answered or not."""
        theirs = select(messages.c.ts).where(messages.c.thread_id == thread_id)

        async def work(connection: AsyncConnection) -> frozenset[str]:
            return frozenset((await connection.execute(theirs)).scalars())

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
    thread = await thread_at(connection, message.place)
    verdict = decide(thread)
    if await _row(connection, (message.place.team, message.place.channel, message.ts)):
        return Heard.DUPLICATE, verdict
    if not verdict.accept and (thread is None or thread.following == verdict.following):
        return Heard.IGNORED, verdict
    return None


async def _hear(connection: AsyncConnection, message: NewMessage, decide: Decide) -> tuple[Heard, Verdict]:
    thread = await thread_at(connection, message.place, lock=True)
    verdict = decide(thread)
    if verdict.accept:
        thread = thread or await _new_thread(connection, message)
        if not await _remember(connection, thread, message):
            return Heard.DUPLICATE, verdict
    if thread is not None:
        newest = max(thread.last_message_ts or "", message.ts)
        advance = update(threads).where(threads.c.id == thread.id)
        await connection.execute(advance.values(following=verdict.following, last_message_ts=newest))
    return (Heard.ACCEPTED if verdict.accept else Heard.IGNORED), verdict


async def _new_thread(connection: AsyncConnection, message: NewMessage) -> Thread:
    place = message.place
    values = {"team": place.team, "channel": place.channel, "thread_ts": place.thread_ts}
    thread = None
    while thread is None:  # inserted by us, or by somebody else, or by him and deleted since
        await connection.execute(insert(connection, threads).values(values).on_conflict_do_nothing())
        thread = await thread_at(connection, place, lock=True)
    return thread


async def _remember(connection: AsyncConnection, thread: Thread, message: NewMessage) -> bool:
    """Insert the message; False where it has a row already."""
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
        "state": MessageState.WAITING,
        "state_since": now(),
    }
    statement = insert(connection, messages).values(values).on_conflict_do_nothing().returning(messages.c.id)
    return (await connection.execute(statement)).first() is not None


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
    query = select(messages).where(posted(*key))
    rows = await all_rows(connection, query.with_for_update(key_share=True) if lock else query)
    return rows[0] if rows else None


async def _locked_row(connection: AsyncConnection, key: tuple[str, str, str]) -> RowMapping | None:
    """The message; nobody else writes it, its thread or the thread's runs until the transaction ends."""
    its = select(messages.c.thread_id).where(posted(*key))
    await lock_threads(connection, threads.c.id == its.scalar_subquery())
    return await _row(connection, key, lock=True)
