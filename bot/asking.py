"""What one run asks: the messages that the model has not got, their files, and what the thread may search."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.assistant.engine import Engine, Turn
from bot.assistant.files import FileShelf
from bot.assistant.parts import Found, InputFile, Part, Unreadable
from bot.assistant.scope import Scope
from bot.assistants import Assistant
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.ingest import Attachments, warn
from bot.attachments.records import Dropped, Ingested
from bot.catch_up import CatchUp
from bot.errors import AssistantError
from bot.people import People
from bot.reply.transcript import Transcript, files_in
from bot.workspaces import Workspace
from storage.records import Claim, RunStatus
from storage.store import Store

log = logging.getLogger(__name__)

Say = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that has to do with files, the same for every run."""

    attachments: Attachments
    shelf: FileShelf
    stores: ChannelStores
    web_beside_files: bool = False  # WEB_SEARCH_WITH_FILES


@dataclass(frozen=True, slots=True)
class Question:
    """A turn as it is asked, and what people are told of its files."""

    turn: Turn
    ingested: Ingested


class Asking:
    """Composes the question of one run."""

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

    async def question(
        self, claim: Claim, memory: str, own: Mapping[str, RunStatus], say: Say, until: float, *, outsiders: bool
    ) -> Question:
        """Everything the engine needs. `own`: our replies in the thread, and how their runs ended.

        `outsiders`: people of another organisation read the answer, so nothing of the libraries goes into it.
        """
        thread, newest = claim.thread, claim.messages[-1]
        unseen = await self._catch_up.unseen(claim, own)
        dropped = (*unseen.files, *_dropped(claim))
        attachments = self._library.attachments
        ingested = await attachments.ingest(thread.place, dropped, say, library=not outsiders, until=until)
        await self._remember_heard(claim, ingested)
        await warn(self._workspace.slack, ingested.taken)
        said = await self._catch_up.question(claim, unseen, ingested.heard)
        operators = () if outsiders else self._assistant.vector_store_ids
        scope = Scope(thread.place.thread_ts, ingested.store, operators, library=not outsiders)
        turn = Turn(
            run=claim.run.id,
            memory=memory,
            assistant=self._assistant,
            team=thread.place.team,
            user=newest.user,
            input=said,
            scope=scope,
            parts=(*ingested.parts, *_unreadable(ingested), *await self._found_beside(scope, said)),
            container_files=ingested.container_files,
            web_beside_files=self._library.web_beside_files,
            additional_instructions=thread.additional_instructions,
        )
        return Question(turn, ingested)

    async def _remember_heard(self, claim: Claim, ingested: Ingested) -> None:
        """Keep what was heard with its message, so that the same question is asked after a crash."""
        place, asked = claim.thread.place, {message.ts: message for message in claim.messages}
        for (ts, file_id), text in ingested.heard.items():
            if ts in asked and file_id not in asked[ts].transcripts:
                await self._store.messages.heard(place.team, place.channel, ts, file_id, text)

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

    async def store_was_lost(self, claim: Claim, question: Question) -> tuple[str, ...] | None:
        """The names of what is lost, after the channel's store was built anew; None where it was not lost."""
        place, store = claim.thread.place, question.turn.scope.store
        stores = self._library.stores
        if store is None or not await stores.was_lost(place.team, place.channel, store):
            return None
        return await stores.rebuild(place.team, place.channel)

    async def shown(self, claim: Claim, question: Question | None, transcript: Transcript) -> Mapping[str, str]:
        """Where each File that the answer shows is in Slack; it is remembered first that the answer shows it."""
        place, files = claim.thread.place, self._store.files
        given = question.ingested.file_ids if question else frozenset[str]()
        shown = files_in(transcript)
        if not shown | given:
            return {}
        await files.note(claim.run.id, shown | given)
        await files.used(shown | given, place.team, place.channel)
        return await files.permalinks(place.team, place.channel, shown)


async def drop_parts(engine: Engine, question: Question, tail: str | None) -> None:
    """Take the documents that were read whole out of the memory: every later turn would pay for them."""
    if not any(isinstance(part, InputFile | Found) for part in question.turn.parts):
        return
    try:
        await engine.drop_parts(question.turn.memory, tail)
    except AssistantError as error:
        log.warning("documents stay in the memory", extra={"error": error.code})


def _dropped(claim: Claim) -> tuple[Dropped, ...]:
    return tuple(
        Dropped(claim.thread.place, message.ts, message.user, file, message.transcripts.get(str(file.get("id"))))
        for message in claim.messages
        for file in message.files
    )


def _unreadable(ingested: Ingested) -> tuple[Part, ...]:
    sentences = tuple(note for one in ingested.taken if not one.ready for note in one.notes)
    return (Unreadable(sentences),) if sentences else ()
