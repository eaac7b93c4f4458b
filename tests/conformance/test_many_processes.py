"""Several processes on one server: order, exclusion, nothing left."""

import asyncio
import subprocess
import sys
from pathlib import Path

from storage.store import Store
from tests.conformance.scenes import place, said, sql, ts, yes

PROCESSES, THREADS, MESSAGES = 4, 50, 10
OVERLAPS = (
    "SELECT a.id FROM runs a JOIN runs b ON a.thread_id = b.thread_id AND a.id != b.id"
    " AND a.created_at <= b.created_at AND a.finished_at > b.created_at"
)
OUT_OF_ORDER = (
    "SELECT a.id FROM messages a JOIN runs ra ON ra.id = a.run_id JOIN messages b ON b.thread_id = a.thread_id"
    " AND a.ts < b.ts JOIN runs rb ON rb.id = b.run_id WHERE ra.created_at > rb.created_at"
)


async def test_processes_share_the_work_in_order_and_without_overlap(postgresql_url: str) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.conformance.share", postgresql_url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"

    async def speak(store: Store, first: int, thread: int) -> None:
        for number in range(MESSAGES):
            await store.messages.hear(said(place(thread), ts(first + number)), yes)

    async with Store.open(postgresql_url) as store:
        async with asyncio.TaskGroup() as people:
            for number in range(THREADS):
                people.create_task(speak(store, 1000 * (number + 1), number))
        ends = [await process.communicate(b"") for process in started]
        assert [(process.returncode, out) for process, (out, _) in zip(started, ends, strict=True)] == [
            (0, b"0\n")
        ] * PROCESSES, "each has ended, and none ran into another"
        assert await sql(store, "SELECT count(*) FROM messages WHERE state = 'answered'") == [
            (THREADS * MESSAGES,)
        ]
        assert await sql(store, OVERLAPS) == []
        assert await sql(store, OUT_OF_ORDER) == []
        owners = await sql(store, "SELECT count(*) FROM runs WHERE finished_at IS NULL OR attempt != 1")
        assert owners == [(0,)]
