"""The files of one turn: those on its messages are taken, those of its thread are found again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot import words
from bot.assistant.parts import Part
from bot.attachments import records
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.intake import Intake
from bot.attachments.records import Dropped, FileKey, Ingested, Taken
from bot.clock import Clock
from bot.errors import SlackError
from bot.files.download import Downloads
from bot.files.kinds import INLINE, Reason, Refused
from bot.files.names import safe_name
from bot.files.sentences import listed
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
RESTORED_WITHIN = 20.0  # seconds likewise for documents of earlier turns that are not ready, or were lost
NOTES_MAX = 10  # sentences about files under one answer
WARNING = "warning"  # the reaction on a message with a file that could not be read
NAME_IN_STATUS = 60  # characters
HEARD_MAX = 1_500  # characters of a transcript that are quoted in the thread

GONE = frozenset({Reason.TOMBSTONE, Reason.ACCESS_DENIED, Reason.HIDDEN_BY_PLAN, Reason.EXTERNAL})
"""Why a file that we had cannot be had again."""

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
        self,
        place: Place,
        dropped: Sequence[Dropped],
        say: Say,
        *,
        library: bool,
        until: float,
        code: bool | None = None,
    ) -> Ingested:
        """Take the files of a turn, and find what its thread may use: see `take` and `gathered`."""
        taken = await self.take(place, dropped, say, until, code=code)
        return await self.gathered(place, taken, say, until, library=library, code=code)

    async def take(
        self, place: Place, dropped: Sequence[Dropped], say: Say, until: float, *, code: bool | None = None
    ) -> tuple[Taken, ...]:
        """Take the files of a turn, several at once. `say` shows what is being read; `until` is on the clock.

        `code`: whether the assistant of the turn can run code; None: there is no turn.
        What cannot be taken becomes a sentence; raises AssistantError where no file can be.
        """
        if not dropped:
            return ()
        known = await self._known(place, dropped)
        admitted, refused = await self._within_limit(place, dropped, known)
        taken = await self._each(place, [(file, known.get(file.key)) for file in admitted], say, until, code)
        return (*taken, *refused)

    async def take_again(self, file: Dropped, unfinished: FilePlace | None) -> Taken:
        """Take a file that was taken before and may have changed; it is not waited for until it is indexed.

        `unfinished`: a place that it has already, whose upload may have been begun.
        """
        now = self._clock.monotonic()
        return await self._intake.take(file, self._downloads[file.place.team], unfinished, now)

    async def _each(
        self,
        place: Place,
        files: Sequence[tuple[Dropped, FilePlace | None]],
        say: Say,
        until: float,
        code: bool | None,
    ) -> tuple[Taken, ...]:
        room, begun = asyncio.Semaphore(AT_ONCE), 0
        downloads = self._downloads[place.team]
        now = self._clock.monotonic()
        deadline = now + min(INDEXED_WITHIN, (until - now) / 2)  # there is a question to be answered, too

        async def one(file: Dropped, known: FilePlace | None) -> Taken:
            nonlocal begun
            async with room:
                if file.heard is not None:
                    return Taken(file, _name(file), heard=file.heard)
                begun += 1
                await say(_status(file, begun, len(files)))
                return await self._intake.take(file, downloads, known, deadline, code=code)

        tasks = [asyncio.create_task(one(file, known)) for file, known in files]
        try:
            return tuple(await asyncio.gather(*tasks))
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
            if file.key in known:
                admitted.append(file)
            elif room > 0:
                room -= 1
                admitted.append(file)
            else:
                refused.append(_too_many(file))
        return admitted, refused

    async def gathered(
        self,
        place: Place,
        taken: tuple[Taken, ...],
        say: Say,
        until: float,
        *,
        library: bool,
        code: bool | None = None,
    ) -> Ingested:
        """What the thread may use, of these files and of those before. `library`: also the channel's library.

        What was not ready before, or was lost at OpenAI, is put right first, as far as Slack has it.
        """
        rows = await self._seen_from(place, library=library)
        again = await self._restored(place, [row for row in rows if _is_behind(row, taken)], say, until, code)
        rows = await self._seen_from(place, library=library) if again else rows
        usable = [row for row in rows if row.state is PlaceState.READY]
        containers = (row.file.openai_file_id for row in usable if row.use == records.CONTAINER)
        searched = any(row.searched for row in usable)
        parts, left_out = _bounded(taken)
        return Ingested(
            store=await self._stores.of(place.team, place.channel) if searched else None,
            parts=parts,
            container_files=tuple(dict.fromkeys(file_id for file_id in containers if file_id)),
            any_ready=bool(usable),
            notes=_shortened((*_notes(taken), *left_out, *_notes_again(again))),
            taken=taken,
            heard={one.dropped.key: one.heard for one in taken if one.heard is not None},
        )

    async def _seen_from(self, place: Place, *, library: bool) -> list[FilePlace]:
        rows = await self._store.files.of_thread(place.team, place.channel, place.thread_ts)
        return [row for row in rows if library or row.scope == place.thread_ts]

    async def _restored(
        self, place: Place, rows: Sequence[FilePlace], say: Say, until: float, code: bool | None
    ) -> tuple[Taken, ...]:
        """Files of earlier turns on their way again, each as if it were posted now, where Slack still has it."""
        if not rows:
            return ()
        until = min(until, self._clock.monotonic() + RESTORED_WITHIN)
        again = await self._each(place, [(_as_posted(row), row) for row in rows], say, until, code)
        for row, taken in zip(rows, again, strict=True):
            if taken.reason in GONE:
                await self._store.files.failed(row.id, "gone")
            elif taken.use not in ("", row.use):  # it is used otherwise by now
                await self._store.files.leave([row.id])
        return again


async def warn(slack: Slack, taken: Sequence[Taken]) -> None:
    """Mark the messages with a file that could not be read."""
    marked = {(one.dropped.place.channel, one.dropped.message_ts) for one in taken if one.refused}
    for channel, ts in sorted(marked):
        try:
            await slack.call("reactions.add", patience=0, channel=channel, timestamp=ts, name=WARNING)
        except SlackError as error:
            log.info("a warning was not shown", extra={"error": error.error})


def _name(file: Dropped) -> str:
    return safe_name(parse_file(file.json).name)


def _status(file: Dropped, number: int, count: int) -> str:
    name = plain_line(_name(file), NAME_IN_STATUS)
    if count == 1:
        return words.READING.format(name=name)
    return words.READING_ONE_OF.format(name=name, number=number, count=count)


def _too_many(file: Dropped) -> Taken:
    name = _name(file)
    sentence = Refused(Reason.TOO_MANY, name).sentence
    return Taken(file, name, ready=False, reason=Reason.TOO_MANY, notes=(sentence,))


def _is_behind(row: FilePlace, taken: Sequence[Taken]) -> bool:
    """Whether a file of an earlier turn is not where it should be."""
    now = {one.dropped.key for one in taken}
    kept = row.searched or row.use == records.CONTAINER
    return kept and row.state is PlaceState.ATTACHING and (row.message_ts, row.slack_file_id) not in now


def _as_posted(row: FilePlace) -> Dropped:
    """The file as somebody posted it then; what it is, Slack is asked."""
    posted = Place(row.team, row.channel, row.thread_ts)
    return Dropped(posted, row.message_ts, row.uploader, {"id": row.slack_file_id, "name": row.shown})


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


def _notes(taken: Sequence[Taken]) -> tuple[str, ...]:
    """What people are told of the files, once: an earlier answer may have said it."""
    fresh = [one for one in taken if not one.dropped.told]
    heard = (
        words.HEARD.format(name=one.shown, text=plain_line(one.heard, HEARD_MAX) or words.HEARD_NOTHING)
        for one in fresh
        if one.heard is not None
    )
    return (*(note for one in fresh for note in one.notes), *heard)


def _notes_again(taken: Sequence[Taken]) -> tuple[str, ...]:
    """What people are told of files that were restored: which are not any more, and what else is wrong."""
    gone = dict.fromkeys(one.shown for one in taken if one.reason in GONE)
    said = (note for one in taken if not one.ready and one.reason not in GONE for note in one.notes)
    return (*([words.FILES_GONE.format(names=listed(gone))] if gone else []), *said)


def _shortened(notes: tuple[str, ...]) -> tuple[str, ...]:
    """As many sentences as a message holds well; how many are left out is said."""
    if len(notes) <= NOTES_MAX:
        return notes
    return (*notes[:NOTES_MAX], words.NOTES_MORE.format(count=len(notes) - NOTES_MAX))
