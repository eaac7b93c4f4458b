"""What the storage tests share: people, places, and small ways to make things happen."""

from pathlib import Path
from typing import Any

from sqlalchemy import text

from storage.records import Claim, Ending, Heard, NewMessage, Place, RunStatus, Thread, Verdict
from storage.store import Store

TEAM = "T1"
CHANNEL = "C1"
PLACE = Place(TEAM, CHANNEL, "1700000000.000100")


def ts(number: int) -> str:
    """Slack's fixed-width timestamps, in order."""
    return f"17000{number // 1_000_000:05}.{number % 1_000_000:06}"


def place(number: int) -> Place:
    return Place(TEAM, CHANNEL, ts(number))


def yes(_thread: Thread | None) -> Verdict:
    return Verdict(accept=True, reason="mentioned", following="U1")


def no(thread: Thread | None) -> Verdict:
    return Verdict(accept=False, reason="not for us", following=thread.following if thread else None)


def said(where: Place, at: str, what: str = "how are you?", user: str = "U1", **more: Any) -> NewMessage:
    return NewMessage(place=where, ts=at, user=user, text=what, **more)


async def hear(
    store: Store, number: int, what: str = "how are you?", where: Place = PLACE, user: str = "U1"
) -> str:
    """Have an accepted message in the thread, and return its ts."""
    heard, _ = await store.messages.hear(said(where, ts(number), what, user), yes)
    assert heard is Heard.ACCEPTED
    return ts(number)


async def claimed(store: Store, owner: str = "worker") -> Claim:
    """Claim what there must be to claim."""
    claim = await store.runs.claim(owner, 30)
    assert claim is not None
    return claim


async def end(store: Store, claim: Claim, status: RunStatus = RunStatus.COMPLETED) -> None:
    await store.runs.finish(claim.lease, Ending(status))


async def sql(store: Store, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Do what no one can do through the store: look into rows, and let time pass."""

    async def work(connection: Any) -> list[tuple[Any, ...]]:
        result = await connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []

    return await store.database.write(work)


async def lapse(store: Store, claim: Claim) -> None:
    """Let the lease's time pass."""
    await sql(store, "UPDATE runs SET lease_until = 1 WHERE id = :id", id=claim.run.id)


async def message_of(store: Store, at: str) -> tuple[Any, ...]:
    """A message's state and text."""
    (row,) = await sql(store, "SELECT state, text FROM messages WHERE ts = :ts", ts=at)
    return row


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"
