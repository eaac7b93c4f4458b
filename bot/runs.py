"""Answering one run, from claim to finish: the one function to read first is `answer`."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import partial

from bot import words
from bot.asking import Asking, Library, Question, drop_parts
from bot.assistant.engine import Engine, Turn
from bot.assistant.events import Event, Started
from bot.assistants import Assistant
from bot.attachments.records import Ingested
from bot.borders import Borders
from bot.catch_up import UNFINISHED
from bot.clock import Clock
from bot.endings import detail, ending, told
from bot.errors import (
    MemoryLost,
    RequestRejected,
    RunPoisoned,
    RunTimedOut,
    SlackOutcomeUnknown,
    SlackRateLimited,
    SlackRefused,
    SlackUnreachable,
    ThreadmateError,
    TooManyRuns,
)
from bot.people import People
from bot.pressed import Aloud
from bot.recall import recall
from bot.reply.calls import Address, Calls
from bot.reply.closing import Ask, Closing
from bot.reply.message import Reply
from bot.reply.sources import sources
from bot.reply.steps import plain_line
from bot.reply.transcript import Transcript, cut_off, further
from bot.signals import Cause, Signals, cancelled, settled
from bot.turn import Afterwards, Rewound, Trail, TurnTaker
from bot.withdrawal import MAX_LAPSES, withdraw
from bot.wordless import Wordless, is_greeting, received
from bot.workspaces import Workspace, Workspaces
from storage.records import ANSWERED, Claim, RunStatus
from storage.store import Store

log = logging.getLogger(__name__)

HOUR = 3600.0  # seconds
NAME_OF_STOPPER = 2.0  # seconds: Slack refuses the append before its event says who pressed Stop
NAME_CHARS = 80


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering takes, the same for every run."""

    workspaces: Workspaces
    people: Mapping[str, People]  # by team
    store: Store
    engine: Engine
    assistant: Assistant
    library: Library
    clock: Clock
    run_timeout: float  # seconds
    runs_per_person_hour: int
    catch_up_messages: int
    borders: Borders


async def answer(desk: Desk, claim: Claim, signals: Signals) -> None:
    """Answer one run: what it missed, the model's turn, the reply, its end; no step does harm the second time.

    Or take its answer back, where that is what is asked for.
    Raises LeaseLost; and SlackError where Slack cannot take the end now, for then the run is taken again.
    """
    place = claim.thread.place
    aloud = Aloud(desk.workspaces.of(place.team), desk.people[place.team], desk.store.runs, signals.guard)
    work = Work(desk, await aloud.say(claim), signals)
    try:
        if claim.run.withdraw_requested:
            return await work.withdraw()
        await work.reply.recover()
        again = claim.run.restart_requested
        while (not again or await work.begin_again()) and await work.take_turn() is Cause.RESTART:
            again = True
    except (SlackUnreachable, SlackRateLimited, SlackOutcomeUnknown):
        raise
    except ThreadmateError as error:
        await work.fail(error)
    except asyncio.CancelledError:
        await asyncio.shield(work.let_go())
        raise


class Work:
    """One run while it is answered."""

    def __init__(self, desk: Desk, claim: Claim, signals: Signals) -> None:
        place = claim.thread.place
        self._desk = desk
        self._claim = claim
        self._signals = signals
        self._workspace: Workspace = desk.workspaces.of(place.team)
        self._people = desk.people[place.team]
        self._began = desk.clock.monotonic()
        self._deadline = self._began + desk.run_timeout
        self._taker = TurnTaker(desk.engine, desk.clock)
        self._transcript = Transcript()
        self._live = True  # it is told while it happens
        self._read_along = True  # by people of another organisation, as long as that is not known
        self._kept = Transcript()  # of a telling that broke off: it stays if no other reaches as far
        self._responses: list[str] = [response.response_id for response in claim.responses]
        self._asked = claim.run.attempt > 1  # an attempt before this one may have asked
        self._admitted = self._asked  # whoever asked was not found too hasty
        self._parts_left = False  # documents that only this turn was given stay in the memory for now
        self._notes: list[str] = []
        self._question: Question | None = None  # what was asked last
        self._ingested: Ingested | None = None  # its files
        self._asking = Asking(
            desk.store,
            self._workspace,
            self._people,
            desk.library,
            desk.assistant,
            desk.catch_up_messages,
        )
        calls = Calls(self._workspace, _address(claim), signals.guard)
        self.reply = Reply(calls, desk.store.runs, claim, desk.clock)

    # -- the turn ---------------------------------------------------------------------------------

    async def take_turn(self) -> Cause:
        """Ask, listen and write; then end the run, unless it shall begin again."""
        if self._claim.run.lapses >= MAX_LAPSES:
            raise RunPoisoned(f"{self._claim.run.lapses} leases lapsed")
        if is_greeting(self._claim, self._workspace.bot_user):
            return await self._end(replace(self._transcript, text=words.GREETING), RunStatus.COMPLETED, seen=False)
        await self._refuse_the_hasty()
        await self.reply.working()
        if cause := await self._receive():
            return cause
        cause = await self._ask()
        if cause is Cause.TOLD:
            return await self._told()
        if cause is Cause.STOPPED:
            return await self._stopped()
        return cause

    async def _receive(self) -> Cause | None:
        """Say what is ready, where people sent files without a word; None where there is something to answer."""
        wordless = Wordless(self._desk.store.runs, self._asking, self._desk.clock, self._signals)
        bot_user, say = self._workspace.bot_user, self.reply.say
        self._claim, ingested = await wordless.gather(self._claim, bot_user, say, self._deadline)
        if self._signals.restart.is_set():
            return Cause.RESTART
        if self._signals.stop.is_set():
            return await self._stopped()
        if ingested is None:
            return None
        self._ingested, questions = received(ingested)
        return await self._end(self._transcript, RunStatus.COMPLETED, seen=False, questions=questions)

    async def _ask(self) -> Cause:
        """Ask and listen; once more where something that was named turns out to be gone at OpenAI."""
        repaired = set[type[ThreadmateError]]()
        while True:
            try:
                self._question = await self._compose()
                self._ingested = self._question.ingested
                return await self._listen(self._question.turn)
            except (MemoryLost, RequestRejected) as error:
                if type(error) in repaired or not await self._repaired(error):
                    raise
                repaired.add(type(error))

    async def _repaired(self, error: MemoryLost | RequestRejected) -> bool:
        """Whether asking again makes sense: what the request named is there again, or is not named any more."""
        if isinstance(error, MemoryLost):
            log.warning("the conversation is gone; a new one begins")
            self._forget_memory()
            return True
        return await self._asking.repaired(self._claim, self._question, self._desk.engine)

    def _forget_memory(self) -> None:
        thread = replace(self._claim.thread, memory=None, tail_item_id=None, last_seen_ts=None)
        self._claim = replace(self._claim, thread=thread)
        self._responses, self._asked = [], False
        self._notes.append(words.MEMORY_STARTS_ANEW)

    async def _compose(self) -> Question:
        """The memory, opened where there is none, and what to say."""
        thread, runs = self._claim.thread, self._desk.store.runs
        memory = await self._open_memory()
        own = await runs.replies_of(thread.id)
        unfinished = any(status in UNFINISHED and ts > (thread.last_seen_ts or "") for ts, status in own.items())
        if unfinished and not self._asked:
            await self._rewind()
        if not self._asked:
            await self._asking.drop_left(self._desk.engine, self._claim.thread)
        self._read_along = await self._desk.borders.read_along(self._claim)
        if self._read_along:
            close = partial(self._asking.close_memory, self._claim, self._desk.engine)
            self._claim = await self._taker.patiently(close, self._deadline)
        return await self._asking.question(
            self._claim, memory, own, self.reply.say, self._deadline, outsiders=self._read_along
        )

    async def _open_memory(self) -> str:
        thread, lease = self._claim.thread, self._claim.lease
        memory = thread.memory
        if memory is None:
            memory = await self._taker.patiently(self._desk.engine.open, self._deadline)
            self._claim = replace(self._claim, thread=replace(thread, memory=memory))
        await self._desk.store.runs.started(lease, self._desk.assistant.resolved(), memory)
        return memory

    async def _rewind(self) -> None:
        """Take out of the memory what a turn that was not completed may have left in it."""
        thread = self._claim.thread
        if thread.memory:
            rewind = partial(self._desk.engine.rewind, thread.memory, thread.tail_item_id)
            with suppress(MemoryLost):  # then there is nothing left of it, and the turn finds that out
                await self._taker.patiently(rewind, self._deadline)

    async def _listen(self, turn: Turn) -> Cause:
        """Fold the turn's events and let the reply write, until it is told, stopped or void."""
        listening = asyncio.create_task(self._fold(turn))
        writing = asyncio.create_task(self.reply.keep_writing())
        signals = [
            asyncio.create_task(event.wait())
            for event in (self._signals.lost, self._signals.stop, self._signals.restart)
        ]
        try:
            async with self._desk.clock.timeout(self._deadline - self._desk.clock.monotonic()):
                await asyncio.wait([listening, writing, *signals], return_when=asyncio.FIRST_COMPLETED)
                return await self._cause(listening, writing)
        except TimeoutError:
            raise RunTimedOut(f"longer than {self._desk.run_timeout} s") from None
        finally:
            await cancelled((listening, *signals))
            self.reply.settle()
            await settled(writing)

    async def _cause(self, listening: "asyncio.Task[None]", writing: "asyncio.Task[None]") -> Cause:
        self._signals.guard()
        if writing.done():
            await writing  # raises what the writer met; otherwise somebody pressed Stop
        if self._signals.restart.is_set():
            return Cause.RESTART
        if self._signals.stop.is_set() or self.reply.stopped_by_user.is_set():
            return Cause.STOPPED
        await listening
        return Cause.TOLD

    async def _fold(self, turn: Turn) -> None:
        response_id = self._responses[-1] if self._responses else None
        trail = Trail(self._asked, response_id, self._claim.thread.tail_item_id)
        async with aclosing(self._taker.take(turn, trail, self._deadline)) as events:
            async for event in events:
                await self._hear(event)

    async def _hear(self, event: Event | Rewound | Afterwards) -> None:
        if isinstance(event, Afterwards | Rewound):
            self._live = isinstance(event, Rewound)
            if self._live:
                self._kept = further(self._kept, self._transcript)
                self._transcript = Transcript()
            return
        if isinstance(event, Started) and event.response_id not in self._responses:
            self._responses.append(event.response_id)
            await self._desk.store.runs.response_started(self._claim.lease, event.response_id)
        self._transcript = self._transcript.apply(event, self._desk.clock.time() if self._live else None)
        self.reply.show(self._transcript)

    # -- before it ---------------------------------------------------------------------------------

    async def _refuse_the_hasty(self) -> None:
        person, place = self._claim.messages[-1].user, self._claim.thread.place
        count = await self._desk.store.runs.of_person(place.team, person, HOUR)
        if count > self._desk.runs_per_person_hour and not self._admitted:
            raise TooManyRuns(f"{count} in an hour")

    async def begin_again(self) -> bool:
        """Start again with the messages that are left; False where none is, and the reply is withdrawn."""
        self._signals.guard()
        await recall(self._workspace.slack, self._desk.store.runs, self._claim)
        await self._rewind()
        claim = await self._desk.store.runs.restart(self._claim.lease)
        self._signals.restart.clear()
        self._claim, self._transcript, self._kept = claim, Transcript(), Transcript()
        self._asked, self._live, self._responses = False, True, []
        self._admitted = True
        self._notes = [note for note in self._notes if note == words.MEMORY_STARTS_ANEW]
        if claim.messages:
            self.reply.begin_again()
            return True
        await self.reply.withdraw()
        await self._desk.library.produced.take_back(claim)
        await self._finish(RunStatus.CANCELLED, error="withdrawn", seen=False)
        return False

    async def withdraw(self) -> None:
        """Take an answer back whose question was deleted after it had been given."""
        desk = self._desk
        if self._claim.run.lapses < MAX_LAPSES:
            await desk.library.produced.take_back(self._claim)
        await withdraw(self._claim, self.reply, desk.store.runs, desk.engine, self._taker, self._deadline)

    # -- after it ----------------------------------------------------------------------------------

    async def _told(self) -> Cause:
        status, note = told(self._transcript)
        self._notes += note
        return await self._end(self._transcript, status, feedback=True)

    async def _stopped(self) -> Cause:
        with suppress(TimeoutError):
            async with self._desk.clock.timeout(NAME_OF_STOPPER):
                await self._signals.stop.wait()
        user = await self._desk.store.runs.stop_requested(self._claim.run.id)
        if user:
            name = plain_line((await self._people.of(user)).name, NAME_CHARS)
            self._notes.append(words.STOPPED_BY.format(name=name))
        else:
            self._notes.append(words.STOPPED)
        return await self._end(further(self._transcript, self._kept), RunStatus.CANCELLED, try_again=True)

    async def fail(self, error: ThreadmateError) -> None:
        """Say in one sentence what happened, keep what was said, and end the run."""
        log.warning("the run failed", extra={"error": error.code, "detail": detail(error)})
        self._notes.append(error.user_text)
        self.reply.settle()
        try:
            retry = not isinstance(error, TooManyRuns)
            furthest = further(self._transcript, self._kept)
            await self._end(furthest, RunStatus.FAILED, error=error.code, try_again=retry)
        except SlackRefused as refused:
            log.warning("the reply could not be ended", extra={"error": refused.error})
            await self._finish(RunStatus.FAILED, error=error.code, seen=False)

    async def let_go(self) -> None:
        """Leave the run to the next process: what is on the screen stays, and is continued there."""
        self.reply.settle()
        await self.reply.let_go()
        await self._desk.store.runs.release(self._claim.lease)

    async def _end(
        self,
        transcript: Transcript,
        status: RunStatus,
        *,
        error: str | None = None,
        seen: bool = True,
        try_again: bool = False,
        feedback: bool = False,
        questions: Sequence[Ask] = (),
    ) -> Cause:
        """Bring the end to the screen and store it; RESTART where an edit came in between."""
        now = self._desk.clock
        transcript = self._transcript = cut_off(transcript, now.time())
        seconds = None if self._asked else now.monotonic() - self._began
        cited = sources(transcript.sources, await self._asking.shown(self._claim, self._ingested, transcript))
        steps = () if self._read_along else transcript.steps
        of_files = self._ingested.notes if self._ingested else ()
        closing = Closing((*of_files, *self._notes), steps, seconds, try_again, feedback, cited, questions)
        await self.reply.close(transcript, closing)
        if status in ANSWERED:
            below = self._desk.library.produced.below
            await below(self.reply, closing, self._claim, transcript, self._signals.guard, self._deadline)
            self._parts_left = not await drop_parts(self._desk.engine, self._claim, self._question)
        return await self._finish(status, error=error, seen=seen)

    async def _finish(self, status: RunStatus, *, error: str | None = None, seen: bool = True) -> Cause:
        transcript = self._transcript
        stored = ending(self._claim, transcript, self._responses, status, error, seen=seen)
        stored = replace(stored, parts_left=self._parts_left)
        lease, answered = self._claim.lease, status in ANSWERED
        if not await self._desk.store.runs.finish(lease, stored, unless_restarted=answered):
            return Cause.RESTART
        log.info("the run ended", extra={"status": status.value, "steps": len(transcript.steps)})
        return Cause.TOLD


def _address(claim: Claim) -> Address:
    """Where the reply goes; a run whose messages were all deleted only takes its reply away."""
    place = claim.thread.place
    if not claim.messages:
        return Address(place, place.thread_ts, "", place.team)
    newest = claim.messages[-1]
    return Address(place, newest.ts, newest.user, newest.author_team or place.team)
