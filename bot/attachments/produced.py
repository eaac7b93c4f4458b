"""Files that an answer made: fetched from where code wrote them, and posted below the answer.

A file is intended, sent, shared: each is committed before the call that leads on from it, so after a crash, or a
call without an answer, none is lost and none is posted twice.
"""

import asyncio
import base64
import binascii
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot import words
from bot.assistant.files import FileShelf
from bot.attachments.making import (
    Bounds,
    Listed,
    Product,
    bounded,
    containers_of,
    images_of,
    listing,
    products,
    told,
)
from bot.clock import Clock
from bot.errors import AssistantError, SlackError, SlackOutcomeUnknown, SlackRefused
from bot.files import sentences
from bot.files.folder import Folder
from bot.files.upload import AT_ONCE, Sharing, Uploaded, Uploads, not_uploaded
from bot.functions import records
from bot.reply.closing import Closing
from bot.reply.message import Reply
from bot.reply.sandbox import files_in
from bot.reply.transcript import Transcript
from bot.signals import cancelled
from storage.file_records import MadeFile, MadeState
from storage.records import Claim, Place
from storage.store import Store

log = logging.getLogger(__name__)

SENDING = 4  # files under way at once
AT_LEAST = 120.0  # seconds that sending gets, however long the answer took
SKEW = 60.0  # seconds by which OpenAI's clock may be behind the database's
TRIES = 3  # to share files whose sharing had no answer and was not executed
WITH_SLACK = (MadeState.SENT, MadeState.SHARED)
NOT_THERE = "file_not_found"  # Slack discards an upload that is not completed (reference/slack-platform.md §4.3)

Guard = Callable[[], None]


class Produced:
    """Brings what answers made into Slack."""

    def __init__(
        self,
        store: Store,
        shelf: FileShelf,
        uploads: Mapping[str, Uploads],  # by team
        folder: Folder,
        clock: Clock,
        bounds: Bounds | None = None,
    ) -> None:
        self.store = store
        self.shelf = shelf
        self.folder = folder
        self.clock = clock
        self.bounds = bounds or Bounds()
        self._uploads = uploads

    def delivery(self, claim: Claim, guard: Guard) -> "Delivery":
        """What a run makes, on its way. `guard` raises LeaseLost."""
        return Delivery(self, self._uploads[claim.thread.place.team], claim, guard)

    async def below(
        self, reply: Reply, closing: Closing, delivery: "Delivery", transcript: Transcript, until: float
    ) -> None:
        """Post what was made below the answer, which is whole; say under it what did not come.

        `until` is on the monotonic clock. Raises SlackError only where Slack cannot be reached to say what did
        not come.
        """
        said = await delivery.deliver(transcript, until)
        if not said:
            return
        try:
            await reply.close(transcript, replace(closing, notes=(*closing.notes, *said)))
        except SlackRefused as refused:
            log.warning("what did not come could not be said", extra={"error": refused.error})

    async def take_back(self, claim: Claim) -> None:
        """Delete what the run posted, because what it answered is gone.

        Raises SlackError where Slack cannot be reached: then it is to be tried again.
        """
        place = claim.thread.place
        made = await self.store.files.made_of(claim.run.id)
        file_ids = [one.slack_file_id for one in made if one.slack_file_id]
        messages = dict.fromkeys(one.ts for one in made if one.ts)
        try:
            await self._uploads[place.team].take_back(file_ids, place.channel, messages)
        except SlackRefused as refused:
            log.warning("files of an answer could not be deleted", extra={"error": refused.error})


class Delivery:
    """What one run made, on its way."""

    def __init__(self, produced: Produced, uploads: Uploads, claim: Claim, guard: Guard) -> None:
        self._files = produced.store.files
        self._shelf = produced.shelf
        self._folder = produced.folder
        self._clock = produced.clock
        self._bounds = produced.bounds
        self._uploads = uploads
        self._run = claim.run
        self._place: Place = claim.thread.place
        self._guard = guard
        self._sent: dict[str, Uploaded] = {}  # by the product's id: what Slack has the bytes of
        self._losses: list[str] = []
        self._left_out: list[str] = []
        self._room = produced.bounds.size

    async def hand_over(self, call_id: str, files: Sequence[records.Product], until: float) -> bool:
        """Give Slack what a function returned, which is nowhere else; whether all of it is there, or was before.

        Nobody sees it before `deliver`, which says what is not.
        """
        made = [
            Product(f"{call_id}/{number}", one.name, content=one.content) for number, one in enumerate(files, 1)
        ]
        kept, left_out = bounded(made, replace(self._bounds, files=max(self._bounds.files - len(self._sent), 0)))
        self._left_out += [one.name for one in left_out]
        known = await self._files.intend_made(self._run.id, [(one.id, one.shown) for one in kept])
        rows = {row.container_file_id: row for row in known}
        await self._send([one for one in kept if rows[one.id].state is MadeState.INTENDED], until)
        there = (one.id in self._sent or rows[one.id].state in WITH_SLACK for one in kept)
        return not left_out and all(there)

    async def drop(self) -> None:
        """Show nothing of what was handed over: the answer begins again."""
        for product_id in self._sent:
            await self._files.made_failed(self._run.id, product_id)
        self._sent.clear()
        self._losses.clear()
        self._left_out.clear()

    async def deliver(self, transcript: Transcript, until: float) -> tuple[str, ...]:
        """Post everything; the sentences on what did not come."""
        containers = containers_of(transcript)
        if not containers and not images_of(transcript) and not await self._handed_over():
            return self._said()
        listed: Listed = {one: await self._listed(one) for one in containers}
        since = transcript.begun_at if transcript.begun_at is not None else self._run.created_at - SKEW
        kept, left_out = bounded(products(transcript, listed, since), self._bounds)
        self._left_out += [one.name for one in left_out]
        rows = await self._files.intend_made(self._run.id, [(one.id, one.shown) for one in kept])
        made = {one.id: one for one in kept}
        self._say_gone(transcript, listed, rows, made)
        sent = [row for row in rows if row.state is MadeState.SENT]
        await self._find_sent([row for row in sent if row.container_file_id not in self._sent])
        await self._send([made[row.container_file_id] for row in rows if _is_to_send(row, made)], until)
        order = [row.container_file_id for row in rows if row.container_file_id in self._sent]
        for start in range(0, len(order), AT_ONCE):
            await self._share(order[start : start + AT_ONCE], made, until)
        return self._said()

    def _said(self) -> tuple[str, ...]:
        left = [self._bounds.sentence.format(names=listing(self._left_out))] if self._left_out else []
        return (*told(self._losses), *left)

    async def _handed_over(self) -> bool:
        """Whether Slack has something of a function's, as far as this attempt or an earlier one knows."""
        return bool(self._sent) or (self._run.attempt > 1 and bool(await self._files.made_of(self._run.id)))

    async def _listed(self, container_id: str) -> Sequence[Product] | None:
        """What code wrote there; what is cited may be fetched where no list is to be had."""
        self._guard()
        try:
            made = await self._shelf.made_files(container_id)
        except AssistantError as error:
            log.warning("what code wrote could not be listed", extra={"error": error.code})
            return ()
        if made is None:
            return None
        return [Product(one.id, one.name, container_id, one.size, one.created_at) for one in made]

    def _say_gone(
        self, transcript: Transcript, listed: Listed, rows: Sequence[MadeFile], made: Mapping[str, Product]
    ) -> None:
        """What failed before the process died; and what is known only by name, its container being gone."""
        for row in rows:
            if row.state is MadeState.FAILED and row.container_file_id in made:
                self._losses.append(sentences.NOT_UPLOADED.format(name=row.name))
        if None not in listed.values():
            return
        intended = [
            row.name for row in rows if row.state is MadeState.INTENDED and row.container_file_id not in made
        ]
        known = {row.name for row in rows}
        named = [name for name in files_in(transcript.text) if name not in known]
        self._losses += [words.MADE_GONE.format(name=name) for name in dict.fromkeys([*intended, *named])]

    async def _find_sent(self, rows: Sequence[MadeFile]) -> None:
        """What became of files whose sharing an earlier attempt began, or was about to begin."""
        became = await asyncio.gather(*(self._became(row.slack_file_id or "") for row in rows))
        for row, sharing in zip(rows, became, strict=True):
            if sharing is not None and sharing.completed:
                await self._files.made_shared(self._run.id, [row.container_file_id], sharing.ts)
            else:
                self._sent[row.container_file_id] = Uploaded(row.slack_file_id or "", row.name)

    async def _became(self, slack_file_id: str) -> Sharing | None:
        """As `Uploads.became`; None where Slack cannot say."""
        self._guard()
        try:
            return await self._uploads.became(slack_file_id, self._place.channel)
        except SlackError as error:
            log.warning("what became of a file is not known", extra={"error": error.error})
            return None

    # -- fetching and sending: nobody sees it, so all of it may be done again

    async def _send(self, wanted: Sequence[Product], until: float) -> None:
        """Fetch these files and give Slack their bytes, several at once; what fails becomes a sentence."""
        if not wanted:
            return
        room, over = asyncio.Semaphore(SENDING), set[str]()

        async def one(product: Product) -> None:
            async with room:
                await self._send_one(product)
            over.add(product.id)

        tasks = [asyncio.create_task(one(product)) for product in wanted]
        try:
            async with self._clock.timeout(max(until - self._clock.monotonic(), AT_LEAST)):
                await asyncio.gather(*tasks)
        except TimeoutError:
            log.warning("files were not sent in time", extra={"count": len(wanted) - len(over)})
        finally:
            await cancelled(tasks)
        for product in wanted:
            if product.id not in over:
                await self._lose(product.id, words.MADE_LATE.format(name=product.shown))

    async def _send_one(self, product: Product) -> None:
        path = self._folder.new_path()
        try:
            lost = await self._fetch(product, path)
            if lost is None:
                self._guard()
                sent = await self._uploads.send(path, product.name, alt_text=product.alt or None)
                await self._files.made_sent(self._run.id, product.id, sent.id)
                self._sent[product.id] = sent
        except SlackRefused as refused:
            lost = not_uploaded(refused, product.name)
        except SlackError:
            lost = sentences.NOT_UPLOADED.format(name=product.shown)
        except (AssistantError, OSError) as error:
            log.warning("a file could not be fetched", extra={"error": type(error).__name__})
            sentence = words.MADE_UNREACHABLE if product.content is None else words.MADE_UNREADABLE
            lost = sentence.format(name=product.shown)
        finally:
            self._folder.discard(path)
        if lost is not None:
            await self._lose(product.id, lost)

    async def _fetch(self, product: Product, path: Path) -> str | None:
        """Bring the file to `path`; the sentence on why it is not there, empty where it was left out."""
        self._guard()
        if product.content is not None:
            await asyncio.to_thread(_put, product.content, path)
        elif product.image:
            try:
                await asyncio.to_thread(_decode, product.image, path)
            except binascii.Error:
                return words.MADE_UNREACHABLE.format(name=product.shown)
        elif not await self._shelf.fetch_made(product.container_id, product.id, path, self._bounds.size):
            return words.MADE_GONE.format(name=product.shown)
        size = (await asyncio.to_thread(path.stat)).st_size
        if size == 0:  # Slack takes no empty file
            return words.MADE_EMPTY.format(name=product.shown)
        if size > self._room:  # OpenAI did not say it is so large
            self._left_out.append(product.name)
            return ""
        self._room -= size
        return None

    async def _lose(self, product_id: str, sentence: str) -> None:
        await self._files.made_failed(self._run.id, product_id)
        if sentence:
            self._losses.append(sentence)

    # -- sharing: once

    async def _share(
        self, batch: Sequence[str], made: Mapping[str, Product], until: float, *, again: bool = True
    ) -> None:
        """Show files in one message; what cannot be shown becomes a sentence."""
        files = [self._sent[one] for one in batch]
        for _ in range(TRIES):
            self._guard()
            try:
                executed = await self._shared(files)
            except SlackRefused as refused:
                if refused.error == NOT_THERE and again:
                    await self._share_anew(batch, made, until)
                else:
                    await self._lose_all(batch, [not_uploaded(refused, file.title) for file in files])
                return
            except SlackError:
                break  # not executed: Slack cannot be reached
            sharing = await self._became(files[0].id)
            if executed or sharing is None or sharing.completed:
                await self._settle(batch, files, sharing, executed=executed)
                return
        await self._lose_all(batch, [sentences.NOT_UPLOADED.format(name=file.title) for file in files])

    async def _shared(self, files: Sequence[Uploaded]) -> bool:
        """Whether they were shared for sure. Raises SlackError where they were not."""
        try:
            await self._uploads.share(files, self._place.channel, self._place.thread_ts)
        except SlackOutcomeUnknown:
            return False
        return True

    async def _settle(
        self, batch: Sequence[str], files: Sequence[Uploaded], sharing: Sharing | None, *, executed: bool
    ) -> None:
        """They are with Slack, and in the thread as far as is known."""
        ts = sharing.ts if sharing else None
        await self._files.made_shared(self._run.id, batch, ts)
        if ts is None and not (executed and sharing is None):
            names = listing([file.title for file in files])
            self._losses.append(words.MADE_NOT_SHOWN.format(names=names))

    async def _share_anew(self, batch: Sequence[str], made: Mapping[str, Product], until: float) -> None:
        """Slack has discarded some of what an earlier attempt sent: that is sent once more, and nothing else."""
        for one in batch:
            sharing = await self._became(self._sent[one].id)
            if sharing is None or sharing.completed:
                await self._settle([one], [self._sent.pop(one)], sharing, executed=False)
        batch = [one for one in batch if one in self._sent]
        lost = [one for one in batch if one not in made]
        await self._lose_all(lost, [words.MADE_GONE.format(name=self._sent[one].title) for one in lost])
        for one in batch:
            del self._sent[one]
        await self._send([made[one] for one in batch if one in made], until)
        remade = [one for one in batch if one in self._sent]
        if remade:
            await self._share(remade, made, until, again=False)

    async def _lose_all(self, batch: Sequence[str], lost: Sequence[str]) -> None:
        for product_id, sentence in zip(batch, lost, strict=True):
            await self._lose(product_id, sentence)


def _is_to_send(row: MadeFile, made: Mapping[str, Product]) -> bool:
    return row.state is MadeState.INTENDED and row.container_file_id in made


def _put(content: bytes | Path, path: Path) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        shutil.copyfile(content, path)


def _decode(image: str, path: Path) -> None:
    path.write_bytes(base64.b64decode(image, validate=True))
