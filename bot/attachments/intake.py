"""One file, from Slack to where the model finds it: every step does nothing the second time."""

import asyncio
import hashlib
import logging
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.assistant.files import FileShelf
from bot.assistant.parts import InputFile, InputImage, Part
from bot.assistant.stores import Indexed, IndexState
from bot.attachments import records
from bot.attachments.channel_stores import ChannelStores
from bot.attachments.records import Dropped, Taken
from bot.clock import Clock
from bot.duty import HELD_FOR
from bot.errors import (
    AssistantError,
    FileLost,
    FileRefused,
    KeyRejected,
    OutcomeUnknown,
    OutOfQuota,
    RequestRejected,
)
from bot.fencing import kept
from bot.files import sentences
from bot.files.download import Downloads, Fetched
from bot.files.folder import Folder
from bot.files.kinds import Policy, Reason, Refused, Route, Use, route
from bot.files.names import safe_name
from bot.files.preparing import Ready, prepare
from bot.files.slack_file import SlackFile, parse_file
from bot.signals import real_time
from storage.file_records import FilePlace, FileState, NewPlace, PlaceState, StoredFile
from storage.store import Store

log = logging.getLogger(__name__)

GIVEN_FOR = 86_400
"""Seconds that a File lives which one turn reads and no other: its run may be tried again within them."""

SPARE = 3_600.0  # seconds that a File must have left to live to be given in a turn

LOOK_AGAIN = 5.0  # seconds until it is looked again whether another process has uploaded the file


class Intake:
    """Takes files, one at a time; call it for several at once."""

    def __init__(
        self,
        store: Store,
        shelf: FileShelf,
        stores: ChannelStores,
        folder: Folder,
        clock: Clock,
        policy: Policy,
        owner: str,
        transcription_model: str,
        *,
        lease_seconds: float = HELD_FOR,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._stores = stores
        self._folder = folder
        self._clock = clock
        self._policy = policy
        self._owner = owner
        self._transcription_model = transcription_model
        self._lease_seconds = lease_seconds  # that one process has an upload, renewed meanwhile
        self._picture = asyncio.Lock()  # one is decoded at a time: each may need 100 MB

    async def take(
        self,
        dropped: Dropped,
        downloads: Downloads,
        known: FilePlace | None,
        deadline: float,
        *,
        code: bool | None = None,
    ) -> Taken:
        """Take a file all the way. `known`: how far it came before; `deadline` is on the monotonic clock.

        `code`: whether the assistant that asks for it can run code; None: nobody asks for it now.
        What is wrong with the file alone is said in the result; what is wrong with OpenAI's account is raised.
        """
        file = parse_file(dropped.json)
        try:
            if known is not None and self._lasts(known.file):
                with suppress(FileLost):
                    return await self._placed(dropped, known, deadline)
                await self._store.files.lost(known.file)
            return await self._new(dropped, file, downloads, deadline, tried=known is not None, code=code)
        except FileRefused as refused:
            log.info("a file was refused", extra={"file": file.id, "reason": refused.reason})
            return _nowhere(dropped, file, refused.sentence, refused.reason)
        except (KeyRejected, OutOfQuota):
            raise
        except AssistantError as error:
            log.warning("a file could not be given to OpenAI", extra={"file": file.id, "error": error.code})
            return _nowhere(dropped, file, sentences.NOT_TAKEN.format(name=safe_name(file.name)))

    def _lasts(self, file: StoredFile) -> bool:
        """Whether the File is at OpenAI and stays there for this turn."""
        expires = file.expires_at
        return file.openai_file_id is not None and (expires is None or expires > self._clock.time() + SPARE)

    async def _new(
        self,
        dropped: Dropped,
        file: SlackFile,
        downloads: Downloads,
        deadline: float,
        *,
        tried: bool,
        code: bool | None,
    ) -> Taken:
        fetched = await downloads.fetch(file, self._policy.max_file_bytes)
        target = self._folder.new_path()
        try:
            ready = await self._prepared(fetched, target, code)
            if isinstance(ready, Refused):
                return _nowhere(dropped, fetched.file, ready.sentence, ready.reason)
            if ready.route.use is Use.TRANSCRIBE:
                return await self._heard(dropped, ready)
            place = await self._store.files.place(await self._place_of(dropped, fetched, ready))
            try:
                place = await self._uploaded(place, ready, tried=tried)
            except RequestRejected:  # it will not be taken the next time either
                await self._store.files.failed(place.id, "unsupported_file")
                raise
            taken = await self._placed(dropped, place, deadline)
            return replace(taken, notes=(*ready.notes, *taken.notes))
        finally:
            self._folder.discard(fetched.path)
            self._folder.discard(target)

    async def _prepared(self, fetched: Fetched, target: Path, code: bool | None) -> Ready | Refused:
        policy = self._policy if code is None else replace(self._policy, code_interpreter=code)
        found = await asyncio.to_thread(route, fetched.file, fetched.path, policy)
        if isinstance(found, Refused):
            return found
        async with self._picture if found.use is Use.IMAGE else nullcontext():
            return await asyncio.to_thread(prepare, found, fetched.path, target)

    async def _heard(self, dropped: Dropped, ready: Ready) -> Taken:
        said = await self._shelf.transcribe(ready.path, ready.name, ready.mime, self._transcription_model)
        return Taken(dropped, ready.route.shown, heard=said, size=ready.size)

    async def _place_of(self, dropped: Dropped, fetched: Fetched, ready: Ready) -> NewPlace:
        place, use = dropped.place, _use(ready.route)
        changed = ready.path != fetched.path
        return NewPlace(
            team=place.team,
            channel=place.channel,
            thread_ts=place.thread_ts,
            message_ts=dropped.message_ts,
            slack_file_id=fetched.file.id,
            uploader=dropped.user,
            use=use,
            shown=ready.route.shown,
            permalink=fetched.file.permalink,
            sha256=await asyncio.to_thread(_sha256, ready.path) if changed else fetched.sha256,
            name=ready.name,
            size=ready.size,
            expires_after=GIVEN_FOR if use == records.GIVEN else None,
        )

    # -- the File at OpenAI

    async def _uploaded(self, place: FilePlace, ready: Ready, *, tried: bool) -> FilePlace:
        """The place with its File: uploaded by us, or by whoever was first. FileRefused: it was deleted."""
        owner = f"{self._owner}:{place.id}"  # the same content twice in one turn waits for itself
        begin = partial(self._store.files.begin_upload, place.file.id, owner, self._lease_seconds)
        since = real_time()
        while (file := await begin()) is None:
            standing = await self._store.files.place_of(place.id)
            if standing is None or standing.state is PlaceState.LEAVING:
                raise _deleted(place)
            await self._clock.sleep(LOOK_AGAIN)
            tried, since = True, real_time()
        if file.state is FileState.STORED:
            return replace(place, file=file)

        async def renew() -> bool:
            return await begin() is not None

        try:
            async with kept(renew, self._lease_seconds, since):
                return replace(place, file=await self._now_uploaded(place, file, ready, tried=tried))
        except BaseException:
            await self._store.files.give_up_upload(file.id, owner)
            raise

    async def _now_uploaded(self, place: FilePlace, file: StoredFile, ready: Ready, *, tried: bool) -> StoredFile:
        since = min(file.created_at, float(place.message_ts))
        file_id = await self._file_id(file, ready, since, tried=tried)
        stored = await self._store.files.uploaded(file.id, file_id)
        if stored is None or stored.openai_file_id != file_id:
            await self._shelf.delete(file_id)  # somebody was quicker, or nobody wants it any more
        if stored is None or stored.state is FileState.DELETING:
            raise _deleted(place)
        return stored

    async def _file_id(self, file: StoredFile, ready: Ready, since: float, *, tried: bool) -> str:
        """Its id: what an earlier try left behind, else a new one."""
        left = await self._left(file, since) if tried else None
        if left is not None:
            return left
        upload = partial(self._shelf.upload, ready.path, ready.name, ready.mime, expires_after=file.expires_after)
        try:
            return await upload()
        except OutcomeUnknown:
            return await self._left(file, since) or await upload()

    async def _left(self, file: StoredFile, since: float) -> str | None:
        if await self._store.files.uploading_elsewhere(file):
            return None
        known = await self._store.files.known(file.name, file.size)
        return await self._shelf.find_upload(
            file.name, file.size, since, known=known, expires_after=file.expires_after
        )

    # -- where it is found

    async def _placed(self, dropped: Dropped, place: FilePlace, deadline: float) -> Taken:
        file_id = place.file.openai_file_id or ""
        taken = Taken(dropped, place.shown, file_id, place.use, _part(place.use, file_id), size=place.file.size)
        if not place.searched:
            if place.state is not PlaceState.READY:
                await self._store.files.ready(place.id)
            return taken
        if place.state is PlaceState.READY:
            return taken
        indexed = await self._stores.put(place, deadline)
        sentence = not_indexed(indexed, place.shown)
        if not sentence:
            return taken
        reason = records.LATE if indexed.state is IndexState.LATE else indexed.code
        return replace(taken, ready=False, reason=reason, notes=(sentence,))


def not_indexed(indexed: Indexed, name: str) -> str:
    """What people read of a document that cannot be searched; empty where it can."""
    if indexed.state is IndexState.READY:
        return ""
    code = "late" if indexed.state is IndexState.LATE else indexed.code
    return sentences.NOT_INDEXED.get(code, sentences.NOT_INDEXED["server_error"]).format(name=name)


def _deleted(place: FilePlace) -> FileRefused:
    refused = Refused(Reason.TOMBSTONE, place.shown)
    return FileRefused(refused.reason, refused.sentence)


def _nowhere(dropped: Dropped, file: SlackFile, sentence: str, reason: str = "") -> Taken:
    return Taken(dropped, safe_name(file.name), ready=False, reason=reason, notes=(sentence,))


def _use(found: Route) -> str:
    match found.use:
        case Use.IMAGE:
            return records.IMAGE
        case Use.CONTAINER:
            return records.CONTAINER
        case Use.INLINE:
            return records.GIVEN
        case _:
            return records.SEARCH_AND_GIVEN if found.also_inline else records.SEARCH


def _part(use: str, file_id: str) -> Part | None:
    if use == records.IMAGE:
        return InputImage(file_id)
    return InputFile(file_id) if use in records.READ_WHOLE else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
