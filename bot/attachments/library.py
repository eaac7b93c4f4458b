"""The librarian: puts the files of messages into their channels' libraries, and takes them out again.

What is asked for is stored first, and done in the order in which it was asked for. Whatever happens in between,
nothing is found by a thread that our rows do not let find it: what is widened is told to OpenAI last, what is
narrowed first, and once more after it is stored (see `ChannelStores.agree`).
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from bot import words
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.ingest import Attachments
from bot.attachments.records import Dropped
from bot.borders import Borders
from bot.catch_up import read_thread
from bot.clock import Clock
from bot.duty import HELD_FOR
from bot.errors import AssistantError, SlackError, SlackOutcomeUnknown, SlackRefused
from bot.fencing import kept, may_call
from bot.files.sentences import listed
from bot.people import People
from bot.reply.notes import as_text, is_note, note
from bot.reply.steps import plain_line
from bot.signals import real_time
from bot.workspaces import Workspaces
from storage.errors import LeaseLost, StorageError
from storage.file_records import LIBRARY, FilePlace, LibraryChange, NewLibraryChange, PlaceState
from storage.records import Place
from storage.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = 30.0  # seconds between two looks at what could not be done yet, or was left by a dead process
LOOK_SOON = 5.0  # seconds likewise where another process has a change: it may be dead
WITHIN = 300.0  # seconds for a file to be made searchable; it may yet be later
PATIENCE = 30.0  # seconds that saying something goes on trying
TRIES = 3  # to post a note whose outcome stayed unknown
NAME_CHARS = 80
AHEAD = 3_600.0  # seconds by which Slack's clock may be before ours


class Librarian:
    """Makes the changes that `ask` stores."""

    def __init__(
        self,
        store: Store,
        stores: ChannelStores,
        attachments: Attachments,
        workspaces: Workspaces,
        people: Mapping[str, People],  # by team
        borders: Borders,
        clock: Clock,
        *,
        lease_seconds: float = HELD_FOR,
    ) -> None:
        self._store = store
        self._stores = stores
        self._attachments = attachments
        self._workspaces = workspaces
        self._people = people
        self._borders = borders
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._lease_seconds = lease_seconds  # that one process has a change, renewed meanwhile
        self._woken = asyncio.Event()

    async def ask(self, new: NewLibraryChange) -> None:
        """Have a change made. Committed when this returns."""
        await self._store.library.intend(new)
        self._woken.set()

    async def run(self) -> None:
        """Make changes until cancelled."""
        while True:
            self._woken.clear()
            pause = LOOK_EVERY
            try:
                if not await self._round():
                    pause = min(LOOK_SOON, self._lease_seconds)
            except StorageError as error:
                log.warning("the database does not answer", extra={"error": type(error).__name__})
            with suppress(TimeoutError):
                async with self._clock.timeout(pause):
                    await self._woken.wait()

    async def _round(self) -> bool:
        """Make what can be made; False where another process has something."""
        waiting = await self._store.library.waiting()
        channels = sorted({(change.team, change.channel) for change in waiting})
        of_each = [[it for it in waiting if (it.team, it.channel) == one] for one in channels]
        return all(await asyncio.gather(*map(self._in_order, of_each)))

    async def _in_order(self, changes: Sequence[LibraryChange]) -> bool:
        """Make the changes of one channel, until one cannot be made now; False where another process has it."""
        try:
            for change in changes:
                since = real_time()
                held = await self._store.library.claim(change.id, self._owner, self._lease_seconds)
                if held is None:
                    return False
                if not await self._made(held, since):
                    return True
        except LeaseLost:
            log.warning("a change of a library belongs to another process now")
            return False
        except StorageError as error:
            log.warning("the database does not answer", extra={"error": type(error).__name__})
        return True

    async def _made(self, change: LibraryChange, since: float) -> bool:
        """Make a change; False where that cannot be done now: then it stays with us, as long as we live."""
        seconds = self._lease_seconds
        renew = partial(self._store.library.renew, change.id, self._owner, seconds)
        try:
            async with kept(renew, seconds, since):
                return await self._made_now(change)
        except BaseException:
            await self._store.library.release(change.id, self._owner)
            raise

    async def _made_now(self, change: LibraryChange) -> bool:
        try:
            await self._make(change)
        except (AssistantError, SlackError) as error:
            log.warning("a library could not be changed yet", extra={"error": type(error).__name__})
            if change.attempts == 1:
                await self._whisper(change, words.LIBRARY_LATER)
            return False
        return True

    async def _make(self, change: LibraryChange) -> None:
        if change.adds and not change.affected and await self._borders.closed(change.team, change.channel):
            await self._whisper(change, words.LIBRARY_CLOSED)
            return await self._store.library.done(change.id)
        notes = await self._ingested(change) if change.adds else ()
        moved = await (self._widened(change) if change.adds else self._narrowed(change))
        await self._agree(moved)
        await self._tell(moved, notes)
        may_call()  # whoever else has it by now may be about to tell
        return await self._store.library.done(change.id)

    # -- in and out

    async def _ingested(self, change: LibraryChange) -> tuple[str, ...]:
        """Take the message's files, as far as that was not done before; what people are to be told of them."""
        place = Place(change.team, change.channel, change.thread_ts)
        dropped = [_dropped(place, change.message_ts, change.author, file) for file in change.slack_files]
        return await self._take(place, dropped)

    async def _take(self, place: Place, dropped: Sequence[Dropped]) -> tuple[str, ...]:
        until = self._clock.monotonic() + WITHIN
        taken = await self._attachments.take(place, dropped, _silently, until)
        return tuple(sentence for one in taken if not one.ready for sentence in one.notes)

    async def _widened(self, change: LibraryChange) -> LibraryChange:
        for place in await self._of_message(change):
            if place.state is not PlaceState.FAILED:
                change = await self._store.library.widen(change.id, place.id) or change
        return change

    async def _narrowed(self, change: LibraryChange) -> LibraryChange:
        """Take every copy of the message's files out of the library: each stays with the thread it is from."""
        contents = {_content(place) for place in await self._of_message(change)}
        while entry := await self._entry(change, contents):
            if entry.file.openai_file_id:
                await self._stores.show_to(entry, entry.thread_ts)
            change = await self._store.library.narrow(change.id, entry.id) or change
        return change

    async def _entry(self, change: LibraryChange, contents: set[tuple[str, str]]) -> FilePlace | None:
        """Something in the library with such a content: on the message itself where it is, else the oldest."""
        here = await self._store.files.of_channel(change.team, change.channel)
        found = [it for it in here[::-1] if it.searched and it.scope == LIBRARY and _content(it) in contents]
        found.sort(key=lambda place: place.message_ts != change.message_ts)
        return found[0] if found else None

    async def _of_message(self, change: LibraryChange) -> tuple[FilePlace, ...]:
        found = await self._store.files.of_message(change.team, change.channel, change.message_ts)
        return tuple(it for it in found if it.searched and it.slack_file_id in change.slack_files)

    async def _agree(self, change: LibraryChange) -> None:
        """Let OpenAI show all that was moved as our rows say, and upload what needs a File of its own by now."""
        for place in await self._live(change.affected):
            if place.file.openai_file_id:
                await self._stores.agree(place)
        if change.adds:
            return
        parted = [it for it in await self._live(change.affected) if it.state is PlaceState.ATTACHING]
        for thread_ts in sorted({it.thread_ts for it in parted}):
            thread = Place(change.team, change.channel, thread_ts)
            its = [it for it in parted if it.thread_ts == thread_ts]
            await self._take(
                thread, [_dropped(thread, it.message_ts, it.uploader, it.slack_file_id) for it in its]
            )
        await self._note_answers(change)

    async def _note_answers(self, change: LibraryChange) -> None:
        """What a thread's answers drew on in the library counts as drawn from its own File."""
        files, was = self._store.files, {_content(it): it.file for it in await self._live(change.named)}
        for place in await self._live(change.affected):
            file, before = place.file.openai_file_id, was.get(_content(place))
            if file is None or before is None or before.openai_file_id in (None, file):
                continue
            for shown in await files.runs_with(str(before.openai_file_id), place.team, place.channel):
                if shown.thread_ts == place.thread_ts:
                    await files.note(shown.run_id, {file})

    async def _live(self, place_ids: Sequence[int]) -> list[FilePlace]:
        found = [await self._store.files.place_of(id_) for id_ in place_ids]
        return [place for place in found if place is not None and place.state is not PlaceState.LEAVING]

    # -- said

    async def _tell(self, change: LibraryChange, notes: Sequence[str]) -> None:
        """Tell the thread what was done, and whoever asked for it what was not."""
        places = await self._live(change.named)
        if places:
            person = await self._people[change.team].of(change.user)
            sentence = words.LIBRARY_ADDED if change.adds else words.LIBRARY_REMOVED
            names = listed(place.shown for place in places)
            await self._announce(change, sentence.format(who=plain_line(person.name, NAME_CHARS), names=names))
        contents = {_content(place) for place in places}
        here = await self._store.files.of_message(change.team, change.channel, change.message_ts)
        left = [it for it in here if it.slack_file_id in change.slack_files and _content(it) not in contents]
        for sentence in (*notes, *_left_out(change, left), *self._unknown(change, places, left, notes)):
            await self._whisper(change, sentence)

    @staticmethod
    def _unknown(
        change: LibraryChange, places: Sequence[FilePlace], left: Sequence[FilePlace], notes: Sequence[str]
    ) -> tuple[str, ...]:
        """Where there is nothing else to say: we never took these files."""
        if places or left or notes:
            return ()
        sentence = words.LIBRARY_NOT_SEARCHED if change.adds else words.LIBRARY_HAS_IT_NOT
        return (sentence.format(names="This file"),)

    async def _announce(self, change: LibraryChange, sentence: str) -> None:
        name, slack = f"library-{change.id}", self._workspaces.of(change.team).slack
        if change.attempts > 1 and await self._was_announced(change, name):
            return
        for _ in range(TRIES):
            try:
                await slack.call(
                    "chat.postMessage", channel=change.channel, thread_ts=change.thread_ts, **note(name, sentence)
                )
            except SlackOutcomeUnknown:
                if await self._was_announced(change, name):
                    return
            except SlackRefused as error:
                log.warning("a change of a library was not announced", extra={"error": error.error})
                return
            else:
                return
        raise SlackOutcomeUnknown("chat.postMessage", "made three times without a trace")

    async def _was_announced(self, change: LibraryChange, name: str) -> bool:
        place, slack = Place(change.team, change.channel, change.thread_ts), self._workspaces.of(change.team).slack
        until = f"{self._clock.time() + AHEAD:.6f}"
        try:
            messages, _ = await read_thread(slack, place, change.message_ts, until)
        except SlackRefused:  # there is no such thread any more, or we are not in it
            return False
        return any(is_note(message, name) for message in messages)

    async def _whisper(self, change: LibraryChange, sentence: str) -> None:
        thread: dict[str, Any] = {"thread_ts": change.thread_ts} if change.thread_ts != change.message_ts else {}
        try:
            await self._workspaces.of(change.team).slack.call(
                "chat.postEphemeral",
                patience=PATIENCE,
                channel=change.channel,
                user=change.user,
                text=as_text(sentence),
                **thread,
            )
        except SlackError as error:
            log.info("a sentence for one person was dropped", extra={"error": error.error})


async def _silently(_status: str) -> None:
    """Nobody is shown what is being read: no answer is under way."""


def _dropped(place: Place, message_ts: str, user: str, slack_file_id: str) -> Dropped:
    """A file of which only the id is kept: Slack is asked for the rest (reference/slack-platform.md §4.1)."""
    return Dropped(place, message_ts, user, {"id": slack_file_id, "file_access": "check_file_info"})


def _content(place: FilePlace) -> tuple[str, str]:
    return place.file.sha256, place.file.name


def _left_out(change: LibraryChange, left: Sequence[FilePlace]) -> tuple[str, ...]:
    """Why the library is as it was for these."""
    unsearched = [place for place in left if not place.searched]
    searched = [place for place in left if place.searched and place.state is not PlaceState.FAILED]
    said = [(words.LIBRARY_HAS_IT if change.adds else words.LIBRARY_HAS_IT_NOT, searched)]
    said.append((words.LIBRARY_NOT_SEARCHED if change.adds else words.LIBRARY_HAS_IT_NOT, unsearched))
    return tuple(
        sentence.format(names=listed(place.shown for place in places)) for sentence, places in said if places
    )
