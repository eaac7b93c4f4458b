"""What the tests about files share: a file that somebody posts, and ways to make it come and go."""

from dataclasses import replace
from typing import Any

from storage.file_records import FilePlace, NewPlace
from storage.store import Store
from tests.conformance.scenes import CHANNEL, TEAM, sql, ts

THREAD, OTHER_THREAD = ts(100), ts(200)
STORE = "vs_1"

HANDBOOK = NewPlace(
    team=TEAM,
    channel=CHANNEL,
    thread_ts=THREAD,
    message_ts=ts(101),
    slack_file_id="F1",
    uploader="U1",
    use="search",
    shown="handbook.pdf",
    permalink="https://example.slack.com/files/U1/F1/handbook.pdf",
    sha256="aa",
    name="handbook.pdf",
    size=10,
)
"""As it is posted first. In another thread, it comes in another message, and is another file of Slack's."""


def posted(number: int = 1, **other: Any) -> NewPlace:
    """The handbook, posted for the so many-th time."""
    return replace(HANDBOOK, **{"slack_file_id": f"F{number}", "message_ts": ts(100 + number), **other})


async def drop(store: Store, number: int = 1, **other: Any) -> FilePlace:
    return await store.files.place(posted(number, **other))


async def stored(store: Store, number: int = 1, **other: Any) -> FilePlace:
    """A file that is posted, uploaded, and ready."""
    place = await drop(store, number, **other)
    await store.files.uploaded(place.file.id, f"file-{place.file.id}")
    await store.files.ready(place.id)
    return await now_is(store, place)


async def now_is(store: Store, place: FilePlace) -> FilePlace:
    found = await store.files.place_of(place.id)
    assert found is not None
    return found


async def let_go(store: Store, *places: FilePlace) -> None:
    """Let places leave, and be gone, with their Files."""
    await store.files.leave([place.id for place in places])
    for place in places:
        if (file := await store.files.left(place.id)) is not None:
            await store.files.gone(file.id)


async def age(store: Store, seconds: float) -> None:
    """Let time pass for everything about files."""
    for table, column in (("files", "created_at"), ("file_places", "used_at"), ("files", "upload_until")):
        await sql(store, f"UPDATE {table} SET {column} = {column} - :seconds", seconds=seconds)
