"""The files of one turn: those on its messages are taken, those of its thread are found again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot import words
from bot.assistant.parts import Part
from bot.attachments import records
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.intake import Intake, not_indexed
from bot.attachments.records import Dropped, FileKey, Ingested, Taken
from bot.clock import Clock
from bot.errors import SlackError
from bot.files.download import Downloads
from bot.files.kinds import INLINE, Reason, Refused
from bot.files.names import safe_name
from bot.files.slack_file import parse_file
from bot.reply.steps import plain_line
from bot.signals import cancelled
from bot.slack import Slack
from storage.file_records import FilePlace, PlaceState
from storage.records import Place
from storage.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 4  # files under way in one turn
INDEXED_WITHIN = 180.0  # seconds until a document is given up for this turn; it may be ready for the next
WARNING = "warning"  # the reaction on a message with a file that could not be read
NAME_IN_STATUS = 60  # characters
HEARD_MAX = 1_500  # characters of a transcript that are quoted in the thread

Say = Callable[[str], Awaitable[None]]


class Attachments:
    """Brings people's files to the model."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        stores: ChannelStores,
        downloads: Mapping[str, Downloads],  # by team
        clock: Clock,
        max_per_thread: int,
    ) -> None:
        self._store = store
        self._intake = intake
        self._stores = stores
        self._downloads = downloads
        self._clock = clock
        self._max_per_thread = max_per_thread

    async def ingest(
        self, place: Place, dropped: Sequence[Dropped], say: Say, *, library: bool, until: float
    ) -> Ingested:
        """Take the files of a turn, several at once, and find what its thread may use.

        `say` shows what is being read. `library`: whether the channel's library may be used. `until` is on the
        monotonic clock. What cannot be taken becomes a sentence; raises AssistantError where no file can be.
        """
        deadline = min(until, self._clock.monotonic() + INDEXED_WITHIN)
        taken = await self._take_all(place, dropped, say, deadline)
        return await self._gathered(place, taken, library=library)

    async def _take_all(
        self, place: Place, dropped: Sequence[Dropped], say: Say, deadline: float
    ) -> tuple[Taken, ...]:
        known = await self._known(place, dropped) if dropped else {}
        admitted, refused = await self._within_limit(place, dropped, known)
        room, begun = asyncio.Semaphore(AT_ONCE), 0
        downloads = self._downloads[place.team]

        async def one(file: Dropped) -> Taken:
            nonlocal begun
            async with room:
                begun += 1
                await say(_status(file, begun, len(admitted)))
                if file.heard is not None:
                    return Taken(file, _name(file), heard=file.heard)
                return await self._intake.take(file, downloads, known.get(_key(file)), deadline)

        tasks = [asyncio.create_task(one(file)) for file in admitted]
        try:
            return (*await asyncio.gather(*tasks), *refused)
        finally:
            await cancelled(tasks)

    async def _known(self, place: Place, dropped: Sequence[Dropped]) -> dict[FileKey, FilePlace]:
        """How far each file came before, by where it was posted."""
        ts = dict.fromkeys(file.message_ts for file in dropped)
        return {
            (row.message_ts, row.slack_file_id): row
            for message in ts
            for row in await self._store.files.of_message(place.team, place.channel, message)
        }

    async def _within_limit(
        self, place: Place, dropped: Sequence[Dropped], known: Mapping[FileKey, FilePlace]
    ) -> tuple[list[Dropped], list[Taken]]:
        """Those that may be taken, and those beyond what a thread may hold."""
        if not dropped:
            return [], []
        room = self._max_per_thread - await self._store.files.count_in_thread(
            place.team, place.channel, place.thread_ts
        )
        admitted: list[Dropped] = []
        refused: list[Taken] = []
        for file in dropped:
            if _key(file) in known:
                admitted.append(file)
            elif room > 0:
                room -= 1
                admitted.append(file)
            else:
                refused.append(_too_many(file))
        return admitted, refused

    async def _gathered(self, place: Place, taken: tuple[Taken, ...], *, library: bool) -> Ingested:
        rows = await self._store.files.of_thread(place.team, place.channel, place.thread_ts)
        mine = [row for row in rows if library or row.scope == place.thread_ts]
        late = await self._waited_for([row for row in mine if _is_late(row, taken)])
        usable = [row for row in mine if row.state is PlaceState.READY or row.id in late]
        store = None
        if any(row.searched for row in usable):
            store = await self._stores.of(place.team, place.channel)
        parts, left_out = _bounded([one for one in taken if one.part is not None])
        return Ingested(
            store=store,
            parts=parts,
            container_files=tuple(
                dict.fromkeys(
                    row.file.openai_file_id
                    for row in usable
                    if row.use == records.CONTAINER and row.file.openai_file_id
                )
            ),
            notes=(*(note for one in taken for note in one.notes), *left_out, *_heard_notes(taken)),
            taken=taken,
            heard={_key(one.dropped): one.heard for one in taken if one.heard is not None},
        )

    async def _waited_for(self, rows: Sequence[FilePlace]) -> frozenset[int]:
        """Of documents that were not ready in time before, those that are now."""
        now = self._clock.monotonic()
        return frozenset([row.id for row in rows if not not_indexed(await self._stores.put(row, now), row.shown)])


async def warn(slack: Slack, taken: Sequence[Taken]) -> None:
    """Mark the messages with a file that could not be read."""
    marked = {(one.dropped.place.channel, one.dropped.message_ts) for one in taken if one.refused}
    for channel, ts in sorted(marked):
        try:
            await slack.call("reactions.add", patience=0, channel=channel, timestamp=ts, name=WARNING)
        except SlackError as error:
            log.info("a warning was not shown", extra={"error": error.error})


def _key(file: Dropped) -> FileKey:
    return file.message_ts, parse_file(file.json).id


def _name(file: Dropped) -> str:
    return safe_name(parse_file(file.json).name)


def _status(file: Dropped, number: int, count: int) -> str:
    name = plain_line(_name(file), NAME_IN_STATUS)
    if count == 1:
        return words.READING.format(name=name)
    return words.READING_ONE_OF.format(name=name, number=number, count=count)


def _too_many(file: Dropped) -> Taken:
    name = _name(file)
    return Taken(file, name, ready=False, notes=(Refused(Reason.TOO_MANY, name).sentence,))


def _is_late(row: FilePlace, taken: Sequence[Taken]) -> bool:
    """Whether a document of an earlier turn still waits to be indexed."""
    ours = {one.file_id for one in taken}
    waits = row.state is PlaceState.ATTACHING and row.searched
    return waits and bool(row.file.openai_file_id) and row.file.openai_file_id not in ours


def _bounded(given: Sequence[Taken]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """What one request may hold (reference/openai-platform.md §6: 50 MB), and what is said of the rest."""
    parts: dict[str, Part] = {}
    notes: list[str] = []
    room = INLINE
    for one in given:
        if one.part is None or one.file_id in parts:
            continue
        if one.size > room:
            notes.append(Refused(Reason.TOO_LARGE_TO_READ_WHOLE, one.shown, INLINE).sentence)
            continue
        room -= one.size
        parts[one.file_id] = one.part
    return tuple(parts.values()), tuple(notes)


def _heard_notes(taken: Sequence[Taken]) -> tuple[str, ...]:
    return tuple(
        words.HEARD.format(name=one.shown, text=plain_line(one.heard, HEARD_MAX) or words.HEARD_NOTHING)
        for one in taken
        if one.heard is not None
    )
