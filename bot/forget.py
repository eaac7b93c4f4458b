"""`threadmate forget`: what we and OpenAI keep of a thread, a person or a channel goes, in steps safe to repeat.

What OpenAI has goes first, and our rows, by which it is found, go last: what breaks off is finished by the same
command. Each step says in a line what it removed; a dry run says the same lines and only reads.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from bot.assistant.engine import Engine
from bot.assistant.forgetting import Forgetting
from bot.clock import Clock, SystemClock
from bot.forget_files import FileForgetter, move_tails
from bot.forget_said import Said, count
from bot.forget_what import OneThread, Person, Target, WholeChannel
from bot.forget_words import theirs
from bot.settings import Settings
from storage.errors import MigrationFailed
from storage.file_records import FilePlace
from storage.inspection import inspect_database
from storage.records import Place, Thread
from storage.retention import Kept
from storage.schema import SchemaState
from storage.store import Store

TRIES = 5  # how often a thread is looked at again that somebody goes on in
STOPPED_WITHIN = 15.0  # seconds that a running bot has to stop an answer; a dead one's would never end
LOOK_EVERY = 0.5  # seconds

OLDER = (
    "the database is of an older version, and a dry run does not change it: start `threadmate run` once, "
    "or forget without --dry-run"
)


async def forget(
    settings: Settings, target: Target, say: Callable[[str], None], *, dry_run: bool, clock: Clock | None = None
) -> bool:
    """Forget it; False where something could not be removed now, which the same command finishes later.

    A dry run may be made while the bot runs, whatever the database. Raises StorageError: DatabaseInUse where the
    bot has the SQLite file open.
    """
    found = await inspect_database(settings.database_url)
    if found.schema is SchemaState.ABSENT:
        say("Nothing is kept: there is no database yet.")
        return True
    if dry_run and found.schema is SchemaState.OLDER:
        raise MigrationFailed(OLDER)
    clock = clock or SystemClock()
    engine = Engine.connect(settings.openai_api_key.get_secret_value(), settings.openai_base_url, clock)
    try:
        async with Store.open(settings.database_url, exclusive=not dry_run) as store:
            return await Forgetter(store, engine, Said(say, dry_run=dry_run), clock).forget(target)
    finally:
        await engine.close()


class Forgetter:
    """Forgets, on an open database and a connection to OpenAI. Slack is not asked anything."""

    def __init__(self, store: Store, engine: Engine, said: Said, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._engine = engine
        self._openai = Forgetting(engine)
        self._said = said
        self._files = FileForgetter(store, engine, self._openai, said)

    async def forget(self, target: Target) -> bool:
        """Forget the target in every workspace that it is known in; whether everything is gone."""
        for team in await self._store.retention.teams():
            match target:
                case OneThread(channel, thread_ts):
                    await self._thread(Place(team, channel, thread_ts))
                case WholeChannel(channel):
                    await self._channel(team, channel)
                case Person(user):
                    await self._person(team, user)
        await self._files.finish()
        self._said.end(target)
        return not self._said.failures

    async def _thread(self, place: Place) -> None:
        posted = await self._store.files.of_thread(place.team, place.channel, place.thread_ts)
        leaving = await self._store.files.leaving()
        files = [file for file in (*posted, *leaving) if _place_of(file) == place]
        kept = await self._store.retention.of_thread(place)
        await self._wholly([kept] if kept else [], files)

    async def _channel(self, team: str, channel: str) -> None:
        leaving = await self._store.files.leaving()
        going = [file for file in leaving if (file.team, file.channel) == (team, channel)]
        files = [*await self._store.files.of_channel(team, channel), *going]
        threads = await self._store.retention.threads_of_channel(team, channel)
        await self._wholly(await self._kept(threads), files)
        await self._store_of(team, channel)

    async def _wholly(self, threads: Sequence[Kept], files: Sequence[FilePlace]) -> None:
        """Forget threads with all that is theirs, and files."""
        await self._files.leave(files)
        forgotten = [kept for kept in threads if await self._memory(kept)]
        await self._files.remove(files)
        for kept in forgotten:
            await self._rows(kept)

    async def _store_of(self, team: str, channel: str) -> None:
        """Delete the channel's vector store; and its row, unless the store could not be."""
        before = self._said.failures
        row = await self._store.channels.of(team, channel)
        known = (row.vector_store_id,) if row and row.vector_store_id else ()
        made = await self._said.read("the list of vector stores", self._openai.stores_of(team, channel), ())
        for store in dict.fromkeys((*known, *made)):
            await self._said.do(f"vector store {store}", partial(self._openai.delete_store, store))
        if row is not None and self._said.failures == before:
            erase = self._store.channels.erase
            await self._said.do(f"our row of the channel {channel}", partial(erase, team, channel))

    # -- a thread, wholly

    async def _kept(self, threads: Iterable[Thread]) -> list[Kept]:
        found = [await self._store.retention.of_thread(thread.place) for thread in threads]
        return [kept for kept in found if kept is not None]

    async def _memory(self, kept: Kept) -> bool:
        """Delete what OpenAI has of a thread; whether all of it is gone."""
        before, memory = self._said.failures, kept.thread.memory
        if not self._said.dry_run:
            await self._stop(kept.thread.place)
        if memory is not None:
            items = await self._said.read(f"conversation {memory}", self._openai.memory_items(memory), ())
            what = f"conversation {memory} with {count(len(items), 'item')}"
            await self._said.do(what, partial(self._engine.forget, memory))
        await self._responses(kept.responses)
        return self._said.failures == before

    async def _stop(self, place: Place) -> None:
        """Let nobody go on in what goes: an answer under way is stopped, as by Slack's Stop button."""
        await self._store.runs.request_stop(place, "")
        alone, until = self._store.database.exclusive, self._clock.monotonic() + STOPPED_WITHIN
        while not alone and self._clock.monotonic() < until:
            busy = await self._store.files.under_way(place.team, place.channel)
            if all(run.thread_ts != place.thread_ts for run in busy):
                return
            await self._clock.sleep(LOOK_EVERY)

    async def _responses(self, responses: Iterable[str]) -> None:
        for response in responses:
            what = f"response {response}"
            if await self._said.read(what, self._openai.has_response(response), False):
                await self._said.do(what, partial(self._engine.forget_details, response))

    async def _rows(self, kept: Kept) -> None:
        """Delete the rows of a thread that OpenAI has nothing of any more; see to what came meanwhile first."""
        place = kept.thread.place
        what = f"our rows of the thread {place.thread_ts} in {place.channel}: {count(len(kept.runs), 'run')}"
        found: Kept | None = kept
        for _ in range(TRIES):
            if self._said.dry_run or found is None or await self._store.retention.erase_thread(found):
                self._said.gone(what)
                return
            found = await self._store.retention.of_thread(place)
            if found is not None and not await self._memory(found):
                return
        self._said.stays(what, "somebody goes on in that thread right now")

    # -- a person

    async def _person(self, team: str, user: str) -> None:
        before = self._said.failures
        files = await self._files_of(team, user)
        kept = await self._store.retention.of_user(team, user)
        own = await self._kept(kept.threads)
        await self._files.leave(files)
        forgotten = [one for one in own if await self._memory(one)]
        theirs_alone = {one.thread.id for one in own}
        for thread in await self._store.retention.threads_of_team(team):
            if thread.id not in theirs_alone:
                await self._words(thread, user)
        await self._files.remove(files)
        for one in forgotten:
            await self._rows(one)
        what = (
            f"our rows of {user} in other threads: {count(len(kept.spoken), 'message')}, "
            f"{count(kept.feedback, 'opinion')}, and what they asked for"
        )
        if self._said.failures != before:
            self._said.stays(what, "it tells where the rest is")
        elif kept.spoken or kept.feedback or not self._said.dry_run:
            await self._person_rows(team, user, what)

    async def _person_rows(self, team: str, user: str, what: str) -> None:
        erase = self._store.retention.erase_user_rows
        if self._said.dry_run or await erase(team, user):
            self._said.gone(what)

    async def _files_of(self, team: str, user: str) -> list[FilePlace]:
        leaving = await self._store.files.leaving()
        going = [file for file in leaving if (file.team, file.uploader) == (team, user)]
        return [*await self._store.files.places_of_user(team, user), *going]

    async def _words(self, thread: Thread, user: str) -> None:
        """Take what a person said out of the memory of a thread in which others have spoken, too."""
        memory = thread.memory
        turns = await self._store.retention.turns(thread.id)
        items = (
            await self._said.read(f"conversation {memory}", self._openai.memory_items(memory), ())
            if memory
            else ()
        )
        found = theirs(items, user, turns, thread.tail_item_id)
        await self._responses(found.responses)
        if memory is None or not found.items:
            return
        what = f"{count(len(found.items), 'item')} of conversation {memory}, which others go on in"
        if found.with_others:
            what += f"; {count(found.with_others, 'item')} of these quoted others, too"

        async def delete() -> None:
            await move_tails(self._store, thread, found.moved)
            for item in found.items:
                await self._openai.delete_item(memory, item)

        await self._said.do(what, delete)


def _place_of(file: FilePlace) -> Place:
    return Place(file.team, file.channel, file.thread_ts)
