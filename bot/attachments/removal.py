"""Removal: what is to be done at OpenAI and in Slack before a file that somebody deleted is forgotten."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bot.assistant.engine import Engine
from bot.assistant.files import FileShelf
from bot.attachments.answers import Answers
from bot.clock import Clock
from bot.duty import HELD_FOR, Duty
from bot.errors import AssistantError, MemoryLocked, MemoryLost, SlackError
from bot.files.slack_file import parse_file
from bot.workspaces import Workspaces
from storage.errors import LeaseLost, StorageError
from storage.file_records import LIBRARY, FilePlace, Showing, StoredFile
from storage.records import Claim, Place, Thread
from storage.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = 30.0
"""Seconds until it is looked again: a process that died may have left work."""

LOOK_SOON = 5.0
"""Seconds likewise where work is left: another process may have let more places go, or be about to end its own."""

FIRST_PAUSE, LAST_PAUSE = 5.0, 3600.0
"""Seconds until what was refused is tried again: at first, and at most."""

TRY_WITHIN = 120.0
"""Seconds that one try may take: what OpenAI keeps waiting does not keep the rest waiting."""

EXPELLED_FOR = 1800.0
"""Seconds for which a deleted file is looked for again: an answer under way may have been fetching it."""

TOMBSTONE = "tombstone"  # the mode of a file that was deleted (docs.slack.dev/reference/objects/file-object)


@dataclass(slots=True)
class Tries:
    """How often something was tried, and when it is its turn again, on the monotonic clock."""

    count: int = 0
    due: float = float("-inf")
    awaited: frozenset[str] | None = None  # runs that may yet draw on the file: it is looked again when they ended

    def refused(self, now: float) -> None:
        """Let it wait, longer each time."""
        self.due = now + min(FIRST_PAUSE * 2**self.count, LAST_PAUSE)
        self.count = min(self.count + 1, 20)


@dataclass(slots=True)
class Step:
    """What became of one try: it held only where nothing was refused."""

    refused: list[str] = field(default_factory=list)

    async def attempt(self, call: Callable[[], Awaitable[None]]) -> None:
        """Make a call; what is refused is noted, and does not keep the next call from being made."""
        try:
            await call()
        except (AssistantError, SlackError) as error:
            self.refused.append(getattr(error, "error", "") or getattr(error, "code", ""))


class Removal:
    """Takes places that are leaving (`store.files.leave`) away for good, and Files that nothing uses any more.

    The job is the place's row, so it survives the process. In this order: the memories' items go that carry the
    File; it is detached from the channel's store; our own younger answers lose its passages; then, with the last
    place, the File at OpenAI goes, and the row. Each step may be done again. What is refused is tried again, with
    growing pauses, until it holds; it keeps neither the steps behind it waiting nor other places, only the File
    and the row, which are needed to try again.

    What an answer that drew on the File said leaves the memory with its steps, for a later answer would quote it
    from there; what people asked stays. In Slack the answer's own words stay where people have read them, but
    the passages, the name under it and the source go (`bot.reply.blanked`), and so does the response at OpenAI,
    from which "All details" is told: that is all there is of stored passages, and it cannot be deleted in part.
    A message that Slack does not let us edit stays as it is.

    Where the same bytes under the same name are still in the thread, nobody has deleted them: then only the File
    goes that is not needed any more, with what gives it to the model.

    A run under way in the thread counts as a refusal, and so does one that may have found the File before it was
    detached: it is looked again when that has ended, at what it showed.

    One process at a time does it, until nothing is left: two would move the same memory's tail at once. Places are
    let go by any, and a process that has just done so begins at once, if no other is at it.
    """

    def __init__(
        self,
        store: Store,
        shelf: FileShelf,
        engine: Engine,
        workspaces: Workspaces,
        clock: Clock,
        *,
        lease_seconds: float = HELD_FOR,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._engine = engine
        self._answers = Answers(store, engine, workspaces)
        self._clock = clock
        self._duty = Duty(store.chores, "removal", lease_seconds)
        self._soon = min(LOOK_SOON, lease_seconds)
        self._woken = asyncio.Event()
        self._tries: dict[tuple[str, int], Tries] = {}  # by "place" or "file", and its id
        self._expelled: dict[tuple[str, str], float] = {}  # (team, Slack's file id) -> until when it is looked for

    # -- asked

    async def leave(self, place_ids: Collection[int]) -> None:
        """Let places go: committed when this returns; the rest follows."""
        if place_ids:
            await self._store.files.leave(place_ids)
            self.wake()

    async def expel(self, team: str, slack_file_id: str) -> None:
        """Let a file of Slack's go wherever it was posted, also from where it is just being taken in."""
        self._expelled[team, slack_file_id] = self._clock.monotonic() + EXPELLED_FOR
        await self.leave([place.id for place in await self._store.files.of_slack_file(team, slack_file_id)])

    def wake(self) -> None:
        """Look for work now."""
        self._woken.set()

    # -- at work

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            pause = LOOK_EVERY
            try:
                await self._look_for_expelled()
                if await self._store.files.any_going():
                    pause = await self._work_off()
            except LeaseLost:
                log.warning("the removal of files belongs to another process now")
            except StorageError as error:
                log.warning("the database does not answer", extra={"error": type(error).__name__})
            await self._wait(pause)

    async def _work_off(self) -> float:
        """Do it until nothing is left, unless another process is at it; seconds until it is looked again."""
        async with self._duty.held() as ours:
            if not ours:
                return self._soon
            while await self.round():
                await self._wait(min(self._soon, self._next_due()))
                await self._look_for_expelled()
        self._tries.clear()
        return LOOK_EVERY

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with self._clock.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    async def round(self) -> int:
        """Try once whatever is due; how much is left after it, due or not. Raises StorageError."""
        leaving = await self._store.files.leaving()
        left = [
            place.id for place in leaving if not await self._tried("place", place.id, partial(self._remove, place))
        ]
        deleting = await self._store.files.deleting()
        kept = [
            file.id for file in deleting if not await self._tried("file", file.id, partial(self._delete, file))
        ]
        known = {*(("place", one) for one in left), *(("file", one) for one in kept)}
        self._tries = {key: tries for key, tries in self._tries.items() if key in known}
        return len(left) + len(kept)

    async def _look_for_expelled(self) -> None:
        now = self._clock.monotonic()
        self._expelled = {key: until for key, until in self._expelled.items() if until > now}
        for team, slack_file_id in tuple(self._expelled):
            found = await self._store.files.of_slack_file(team, slack_file_id)
            await self._store.files.leave([place.id for place in found])

    def _next_due(self) -> float:
        now = self._clock.monotonic()
        return max(min([LOOK_EVERY, *(tries.due - now for tries in self._tries.values())]), 0.001)

    async def _tried(self, kind: str, row: int, work: Callable[[Tries], Awaitable[bool]]) -> bool:
        """Whether it held; not tried before it is due."""
        tries = self._tries.setdefault((kind, row), Tries())
        if tries.due > self._clock.monotonic():
            return False
        held = False
        try:
            async with self._clock.timeout(TRY_WITHIN):
                held = await work(tries)
        except (AssistantError, SlackError, TimeoutError) as error:
            log.info("a removal did not hold", extra={kind: row, "error": type(error).__name__})
        if not held:
            tries.refused(self._clock.monotonic())
        return held

    # -- one place

    async def _remove(self, place: FilePlace, tries: Tries) -> bool:
        before = await self._under_way(place)
        step = Step()
        await self._taken_away(step, place, before)
        if tries.awaited is None:  # who began before it was detached may have found it
            tries.awaited = frozenset(run.run_id for run in (*before, *await self._under_way(place)))
            waits = bool(tries.awaited)
        else:
            waits = any(run.run_id in tries.awaited for run in before)
        if waits or step.refused:
            log.info(
                "a place is still leaving", extra={"place": place.id, "refused": step.refused, "waits": waits}
            )
            return False
        last = await self._store.files.left(place.id)
        log.info("a place has left", extra={"place": place.id, "last": last is not None})
        return True  # its File, if this was the last place, comes up in `deleting`

    async def _taken_away(self, step: Step, place: FilePlace, busy: Collection[Showing]) -> None:
        """Whatever of the steps is to be done: less where the same content goes on being in the thread."""
        file_id = place.file.openai_file_id
        alike = await self._alike(place)
        keepers = {one.thread_ts for one in alike}
        in_thread = [one for one in alike if one.thread_ts == place.thread_ts or one.scope == LIBRARY]
        if file_id is None or any(one.file.id == place.file.id for one in in_thread):
            return
        if in_thread:  # the same bytes by another File: nobody has deleted them
            await step.attempt(partial(self._out_of_memory, place, place.thread_ts, None))
            await step.attempt(partial(self._detach, place, file_id))
            return
        shown = await self._store.files.runs_with(file_id, place.team, place.channel)
        showings = [one for one in shown if one.thread_ts not in keepers]
        for thread_ts in dict.fromkeys([place.thread_ts, *(one.thread_ts for one in showings)]):
            runs = [one.run_id for one in showings if one.thread_ts == thread_ts]
            await step.attempt(partial(self._out_of_memory, place, thread_ts, runs))
        await step.attempt(partial(self._detach, place, file_id))
        ended = {one.run_id for one in showings} - {one.run_id for one in busy}
        for one in showings:
            if one.run_id in ended:
                await step.attempt(partial(self._answers.forget_details, one.run_id))
                await step.attempt(partial(self._answers.forget_shown, place, one))

    async def _alike(self, place: FilePlace) -> list[FilePlace]:
        """The other places in the channel of the same bytes under the same name."""
        others = await self._store.files.of_channel(place.team, place.channel)
        content = place.file.sha256, place.file.name
        return [one for one in others if one.id != place.id and (one.file.sha256, one.file.name) == content]

    async def _under_way(self, place: FilePlace) -> tuple[Showing, ...]:
        """The runs that may draw on it."""
        runs = await self._store.files.under_way(place.team, place.channel)
        return tuple(run for run in runs if place.scope == LIBRARY or run.thread_ts == place.thread_ts)

    async def _out_of_memory(self, place: FilePlace, thread_ts: str, run_ids: Collection[str] | None) -> None:
        """Take the File out of a thread's memory, and what those runs said that drew on it; None: only the File.

        The thread's tail is moved before the items go, and then it is looked once more whether a run has begun:
        one that begins later knows the moved tail.
        """
        thread = await self._store.threads.find(Place(place.team, place.channel, thread_ts))
        if thread is None or thread.memory is None or place.file.openai_file_id is None:
            return
        await self._refuse_if_busy(place, thread)
        answers = (
            None
            if run_ids is None
            else [
                item
                for run_id in run_ids
                for response in await self._store.runs.responses(run_id)
                for item in response.item_ids
            ]
        )

        async def before(moved: Mapping[str, str | None]) -> None:
            await self._store.retention.move_tails(thread.id, moved)
            await self._refuse_if_busy(place, thread)

        with suppress(MemoryLost):
            await self._engine.drop_files(thread.memory, [place.file.openai_file_id], answers, before)

    async def _refuse_if_busy(self, place: FilePlace, thread: Thread) -> None:
        runs = await self._store.files.under_way(place.team, place.channel)
        if any(run.memory == thread.memory or run.thread_ts == thread.place.thread_ts for run in runs):
            raise MemoryLocked("a run is under way in the thread")

    async def _detach(self, place: FilePlace, file_id: str) -> None:
        if not place.searched or await self._store.files.others_in_channel(place):
            return
        channel = await self._store.channels.of(place.team, place.channel)
        if channel is not None and channel.vector_store_id is not None:
            await self._shelf.detach(channel.vector_store_id, file_id)

    async def _delete(self, file: StoredFile, _tries: Tries) -> bool:
        """Delete a File that has no place any more, then its row."""
        if file.openai_file_id is not None:
            await self._shelf.delete(file.openai_file_id)
        await self._store.files.gone(file.id)
        return True


async def leave_what_is_gone(store: Store, claim: Claim) -> None:
    """Let files leave that are on a run's messages no more: they were deleted while they were taken in."""
    place = claim.thread.place
    for message in claim.messages:
        if message.text is None:
            continue  # erased: what is on it is not known
        there = {file.id for file in map(parse_file, message.files) if file.mode != TOMBSTONE}
        taken = await store.files.of_message(place.team, place.channel, message.ts)
        gone = [one.id for one in taken if one.slack_file_id not in there]
        if gone:
            await store.files.leave(gone)
