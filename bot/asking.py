"""What one run asks: the messages that the model has not got, their files, and what the thread may search."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import SecretStr

from bot import words
from bot.assistant.engine import Engine, Turn
from bot.assistant.events import StepType
from bot.assistant.files import FileShelf
from bot.assistant.options import ASKED_IN_JSON, ranking
from bot.assistant.parts import Before, Found, InputFile, Part, Unreadable
from bot.assistant.scope import CHANNEL, Scope
from bot.assistants import Assistant
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.ingest import Attachments, warn
from bot.attachments.produced import Produced
from bot.attachments.records import Dropped, FileKey, Ingested, Taken
from bot.attachments.removal import leave_what_is_gone
from bot.catch_up import CatchUp, Unseen
from bot.errors import AssistantError, MemoryLost
from bot.overrides import Overrides, besides
from bot.people import People
from bot.reply.transcript import Transcript, files_in
from bot.tracing import hop
from bot.workspaces import Workspace
from storage.file_records import StoredFile
from storage.records import Claim, Message, RunStatus, Thread
from storage.store import Store

log = logging.getLogger(__name__)

Say = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that has to do with files, the same for every run."""

    attachments: Attachments
    shelf: FileShelf
    stores: ChannelStores
    produced: Produced
    web_beside_files: bool = False  # WEB_SEARCH_WITH_FILES
    variable: Callable[[str], SecretStr | None] = lambda _: None  # what a variable of the environment holds


@dataclass(frozen=True, slots=True)
class Question:
    """A turn as it is asked, and what people are told of its files."""

    turn: Turn
    ingested: Ingested
    messages: tuple[Message, ...]  # what is asked: those of the run, and what it took in on the way


class Asking:
    """Composes the question of one run. A file is taken once, however often the question is composed."""

    def __init__(
        self,
        store: Store,
        workspace: Workspace,
        people: People,
        library: Library,
        assistant: Assistant,
        catch_up_messages: int,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._catch_up = CatchUp(workspace, people, catch_up_messages)
        self._library = library
        self._assistant = assistant
        self._taken: dict[FileKey, Taken] = {}
        self._unreachable = frozenset[str]()  # labels of MCP servers
        self._outsiders = True  # they read the answer, as long as it is not known that they do not

    async def question(
        self, claim: Claim, memory: str, own: Mapping[str, RunStatus], say: Say, until: float, *, outsiders: bool
    ) -> Question:
        """Everything the engine needs. `own`: our replies in the thread, and how their runs ended.

        `outsiders`: people of another organisation read the answer, so nothing of the libraries goes into it.
        """
        thread, newest = claim.thread, claim.messages[-1]
        self._outsiders = outsiders
        await leave_what_is_gone(self._store, claim)
        ours = await self._store.messages.of_thread(thread.id)
        overrides = Overrides.of(claim.run.overrides)
        unseen = await self._catch_up.unseen(claim, own, ours, overrides.about)
        if unseen.asks:
            taken = await self._store.runs.take_in(claim.lease, unseen.asks)
            claim = replace(claim, messages=taken.messages)
            unseen = unseen.but({message.ts for message in taken.messages})
        ingested = await self._ingest(claim, unseen, say, until, library=not outsiders)
        said = await self._catch_up.question(claim, unseen, ingested.heard)
        scope = self._scope(thread, ingested.store, outsiders=outsiders)
        keys = {} if outsiders else self._keys()
        turn = Turn(
            run=claim.run.id,
            memory=memory,
            assistant=self._assistant,
            team=thread.place.team,
            user=newest.user,
            input=self._put(said),
            scope=scope,
            parts=(
                *ingested.parts,
                *_unreadable(ingested),
                *await self._found_beside(scope, said),
                *(Before(one.role, one.content) for one in overrides.additional_messages),
            ),
            container_files=ingested.container_files,
            read_before=ingested.any_ready,
            web_beside_files=self._library.web_beside_files,
            additional_instructions=await self._besides(claim, overrides),
            tool_choice=overrides.tool_choice,
            truncation=overrides.truncation or "auto",
            outsiders=outsiders,
            keys=keys,
            unreachable=self._unreachable,
        )
        left_out = () if outsiders else self._left_out(keys)
        return Question(turn, replace(ingested, notes=(*ingested.notes, *left_out)), claim.messages)

    def _scope(self, thread: Thread, store: str | None, *, outsiders: bool) -> Scope:
        """What the turn may find, and how it is searched."""
        assistant, how = self._assistant, self._assistant.file_search
        return Scope(
            thread.place.thread_ts,
            store,
            () if outsiders else assistant.vector_store_ids,
            library=not outsiders,
            operator_filter=how.filters,
            ranking=ranking(how),
        )

    def _put(self, said: tuple[str, ...]) -> tuple[str, ...]:
        """What was said, with the word that OpenAI wants to see where a JSON object is asked for."""
        if self._assistant.response_format.type != "json_object" or not said:
            return said
        return (*said[:-1], f"{said[-1]}\n\n{ASKED_IN_JSON}")

    def _keys(self) -> dict[str, SecretStr]:
        """What the variables hold now that the MCP servers name: never stored, never logged."""
        named = (server.authorization for server in self._assistant.mcp_servers if server.authorization)
        found = {name: self._library.variable(name) for name in named}
        return {name: value for name, value in found.items() if value is not None}

    def _left_out(self, keys: Mapping[str, SecretStr]) -> tuple[str, ...]:
        """What people are told of the servers whose variables are not set any more, or that do not answer."""
        servers = self._assistant.mcp_servers
        without = [one.server_label for one in servers if one.authorization not in (None, *keys)]
        silent = [one.server_label for one in servers if one.server_label in self._unreachable]
        return (
            *(words.SERVER_LEFT_OUT.format(label=label) for label in without),
            *(words.SERVER_UNREACHABLE.format(label=label) for label in silent),
        )

    def leave_out(self, label: str) -> bool:
        """Ask without that MCP server from now on; False where there is none of that name."""
        self._unreachable |= {label}
        return any(one.server_label == label for one in self._assistant.mcp_servers)

    async def _besides(self, claim: Claim, overrides: Overrides) -> str | None:
        """What people have set for the channel and the thread, and what is wanted of this run."""
        place = claim.thread.place
        channel = await self._store.channels.of(place.team, place.channel)
        theirs = channel.additional_instructions if channel else None
        return besides(theirs, claim.thread.additional_instructions, overrides.additional_instructions)

    async def close_memory(self, claim: Claim, engine: Engine) -> Claim:
        """Take out of the memory what libraries told when no outsider read along; the claim as it is then.

        The answers that say it stand in Slack for everybody to read, but not all that the searches found.
        """
        thread, place, moved = claim.thread, claim.thread.place, dict[str, str | None]()
        if thread.memory is None or thread.tail_item_id is None:
            return claim
        rows = await self._store.files.of_thread(place.team, place.channel, place.thread_ts)
        own = {str(row.file.openai_file_id) for row in rows if row.scope == place.thread_ts}

        async def before(going: Mapping[str, str | None]) -> None:
            await self._store.retention.move_tails(thread.id, going)
            moved.update(going)

        await engine.drop_found(thread.memory, thread.tail_item_id, own, before)
        return replace(
            claim, thread=replace(thread, tail_item_id=moved.get(thread.tail_item_id, thread.tail_item_id))
        )

    # -- files

    async def received(self, claim: Claim, say: Say, until: float) -> Ingested:
        """What became of the files on a run's own messages, without asking the model about them."""
        await leave_what_is_gone(self._store, claim)
        return await self._ingest(claim, Unseen(), say, until, library=False)

    @hop("files")
    async def _ingest(self, claim: Claim, unseen: Unseen, say: Say, until: float, *, library: bool) -> Ingested:
        place, attachments = claim.thread.place, self._library.attachments
        dropped = (*unseen.files, *_dropped(claim))
        code = "code_interpreter" in self._assistant.tools
        new = [file for file in dropped if file.key not in self._taken]
        taken = {one.dropped.key: one for one in await attachments.take(place, new, say, until, code=code)}
        self._taken |= taken
        await self._remember_heard(claim, taken.values())
        await warn(self._workspace.slack, tuple(taken.values()))
        all_of_them = tuple(self._taken[file.key] for file in dropped)
        return await attachments.gathered(place, all_of_them, say, until, library=library, code=code)

    async def _remember_heard(self, claim: Claim, taken: Iterable[Taken]) -> None:
        """Keep what was heard with its message, so that the same question is asked after a crash."""
        place, asked = claim.thread.place, {message.ts: message for message in claim.messages}
        for one in taken:
            ts, file_id = one.dropped.key
            if one.heard is not None and ts in asked and one.dropped.heard is None:
                await self._store.messages.heard(place.team, place.channel, ts, file_id, one.heard)

    async def _found_beside(self, scope: Scope, said: tuple[str, ...]) -> tuple[Part, ...]:
        """What the operator's stores that the model cannot search by itself hold on the question."""
        if not scope.beside:
            return ()
        try:
            passages = await self._library.shelf.beside(scope, said[-1])
        except AssistantError as error:
            log.warning("the operator's library could not be searched", extra={"error": error.code})
            return ()
        return (Found(passages),) if passages else ()

    async def repaired(self, claim: Claim, question: Question | None, engine: Engine) -> bool:
        """Whether something that a refused request named is gone at OpenAI; if so the next one does without it.

        The channel's store and the thread's Files come again from Slack when the question is composed anew.
        """
        place, thread = claim.thread.place, claim.thread
        store = question.turn.scope.store if question else None
        lost = store is not None and await self._library.stores.was_lost(place.team, place.channel, store)
        gone = await self._gone(claim)
        for file in gone:
            await self._store.files.lost(file)
        if gone and thread.memory:
            await engine.drop_files(thread.memory, {str(file.openai_file_id) for file in gone})
        self._taken.clear()
        return lost or bool(gone)

    async def _gone(self, claim: Claim) -> list[StoredFile]:
        """The Files of the thread that OpenAI has no more, as far as anybody knows."""
        place = claim.thread.place
        rows = await self._store.files.of_thread(place.team, place.channel, place.thread_ts)
        files = {row.file.id: row.file for row in rows if row.file.openai_file_id}
        return [one for one in files.values() if not await self._library.shelf.has(str(one.openai_file_id))]

    # -- afterwards

    async def shown(self, claim: Claim, ingested: Ingested | None, transcript: Transcript) -> Mapping[str, str]:
        """Where each File that the answer shows is in Slack; it is remembered first that the answer shows it.

        What the thread does not see has no place here, even where an answer should name it.
        """
        place, files = claim.thread.place, self._store.files
        given = ingested.file_ids if ingested else frozenset[str]()
        if ingested and any(timed.step.type is StepType.CODE_INTERPRETER for timed in transcript.steps):
            given |= frozenset(ingested.container_files)
        shown = files_in(transcript)
        if not shown | given:
            return {}
        await files.note(claim.run.id, shown | given)
        await files.used(shown | given, place.team, place.channel)
        seen = (place.thread_ts,) if self._outsiders else (CHANNEL, place.thread_ts)
        return await files.permalinks(place.team, place.channel, seen, shown)

    async def drop_left(self, engine: Engine, thread: Thread) -> None:
        """Take documents out of the memory that earlier turns could not take out of it."""
        for run_id, tail in await self._store.runs.left_parts(thread.id):
            if thread.memory is None or await _dropped_from(engine, thread.memory, tail):
                await self._store.runs.parts_dropped(run_id)


async def drop_parts(engine: Engine, claim: Claim, question: Question | None) -> bool:
    """Take the documents that were read whole out of the memory: every later turn would pay for them.

    False: they are still there. An attempt that went on with another's turn does not know what that was given.
    """
    parts = question.turn.parts if question else ()
    if question is None or not (
        claim.run.attempt > 1 or any(isinstance(part, InputFile | Found) for part in parts)
    ):
        return True
    return await _dropped_from(engine, question.turn.memory, claim.thread.tail_item_id)


async def _dropped_from(engine: Engine, memory: str, tail: str | None) -> bool:
    try:
        await engine.drop_parts(memory, tail)
    except MemoryLost:
        return True
    except AssistantError as error:
        log.warning("documents stay in the memory for now", extra={"error": error.code})
        return False
    return True


def _dropped(claim: Claim) -> tuple[Dropped, ...]:
    posted = (
        Dropped(claim.thread.place, message.ts, message.user, file)
        for message in claim.messages
        for file in message.files
    )
    heard = {(message.ts, file): text for message in claim.messages for file, text in message.transcripts.items()}
    return tuple(replace(file, heard=heard.get(file.key)) for file in posted)


def _unreadable(ingested: Ingested) -> tuple[Part, ...]:
    sentences = tuple(note for one in ingested.taken if not one.ready for note in one.notes)
    return (Unreadable(sentences),) if sentences else ()
