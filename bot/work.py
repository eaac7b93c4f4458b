"""One run while it is answered: what it missed, the model's turns, the reply, its end."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bot import words
from bot.approvals import remind, who_decided
from bot.asking import Asking, Question, drop_parts
from bot.assistants import Assistant
from bot.attachments.records import Ingested
from bot.backroom import Desk
from bot.calling import Calling
from bot.catch_up import UNFINISHED
from bot.endings import detail, ending, told
from bot.errors import (
    MemoryLost,
    RequestRejected,
    RunPoisoned,
    RunTimedOut,
    ServerUnreachable,
    SlackRefused,
    ThreadmateError,
    TooManyRuns,
)
from bot.functions.declared import Function
from bot.listening import listen
from bot.recall import recall
from bot.reply.calls import Calls, address_of
from bot.reply.closing import Ask, Closing
from bot.reply.message import Reply
from bot.reply.sources import sources
from bot.reply.steps import plain_line
from bot.reply.transcript import Transcript, cut_off
from bot.rounds import Rounds, Terms
from bot.signals import Cause, Signals
from bot.tracing import hop, note
from bot.turn import TurnTaker, left_under_way
from bot.withdrawal import MAX_LAPSES, withdraw
from bot.wordless import Wordless, is_greeting, received
from bot.workspaces import Workspace
from storage.records import ANSWERED, Claim, RunStatus

log = logging.getLogger(__name__)

HOUR = 3600.0  # seconds
NAME_OF_STOPPER = 2.0  # seconds: Slack refuses the append before its event says who pressed Stop
NAME_CHARS = 80


class Work:
    """One run while it is answered."""

    def __init__(self, desk: Desk, claim: Claim, assistant: Assistant, signals: Signals) -> None:
        place = claim.thread.place
        self._desk = desk
        self._claim = claim
        self._signals = signals
        self._workspace: Workspace = desk.workspaces.of(place.team)
        self._people = desk.people[place.team]
        self._began = desk.clock.monotonic()
        self._deadline = self._began + desk.run_timeout
        self._taker = TurnTaker(desk.engine, desk.clock, left_under_way(claim))
        self._assistant = assistant
        self._read_along = True  # by people of another organisation, as long as that is not known
        self._admitted = claim.run.attempt > 1  # whoever asked was not found too hasty
        self._parts_left = False  # documents that only this turn was given stay in the memory for now
        self._notes: list[str] = []
        self._ended = Transcript()  # as it stands on the screen at the end
        self._question: Question | None = None  # what was asked last
        self._ingested: Ingested | None = None  # its files
        self._asking = Asking(
            desk.store,
            self._workspace,
            self._people,
            desk.library,
            self._assistant,
            desk.catch_up_messages,
        )
        calls = Calls(self._workspace, address_of(claim), signals.guard)
        self.reply = Reply(calls, desk.store.runs, claim, desk.clock, in_json=assistant.in_json)
        terms = Terms(desk.engine, desk.store.runs, desk.clock, desk.metrics, desk.functions.max_rounds)
        self._rounds = Rounds(terms, claim, self._taker, self.reply.show)
        self._delivery = desk.library.produced.delivery(claim, signals.guard)
        self._calling = self._new_calling()

    # -- the turn ---------------------------------------------------------------------------------

    async def take_turn(self) -> Cause:
        """Ask, listen and write; then end the run, unless it shall begin again."""
        if self._claim.run.lapses >= MAX_LAPSES:
            raise RunPoisoned(f"{self._claim.run.lapses} leases lapsed")
        if is_greeting(self._claim, self._workspace.bot_user):
            return await self._end(Transcript(text=words.GREETING), RunStatus.COMPLETED, seen=False)
        await self._refuse_the_hasty()
        await self.reply.working()
        if self._claim.run.stop_requested_by is not None:
            self._signals.stop.set()
        await self._recover()
        if cause := await self._receive():
            return cause
        match await self._ask():
            case Cause.TOLD:
                return await self._told()
            case Cause.STOPPED:
                return await self._stopped()
            case Cause.WAITING:
                return await self._leave_to_people()
            case cause:
                return cause

    async def _recover(self) -> None:
        """Tell what earlier attempts brought to pass, where they called functions."""
        if not self._rounds.begun:
            return
        found = await self._calling.found()
        await self._rounds.recover(found, self._deadline)
        decided = [call for call in found if call.decided_by and not call.settled]
        if decided and all(call.settled or call.decided_by for call in found):
            await self.reply.go_on_after(self._rounds.transcript, await who_decided(self._people, decided))

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
        return await self._end(Transcript(), RunStatus.COMPLETED, seen=False, questions=questions)

    async def _ask(self) -> Cause:
        """Ask and listen; once more where something that was named turns out to be gone at OpenAI."""
        repaired = set[object]()
        while True:
            try:
                self._question = await self._compose()
                self._claim = replace(self._claim, messages=self._question.messages)
                self._ingested = self._question.ingested
                return await self._listen(self._question)
            except (MemoryLost, RequestRejected, ServerUnreachable) as error:
                fault = error.label if isinstance(error, ServerUnreachable) else type(error)
                if fault in repaired or not await self._repaired(error):
                    raise
                repaired.add(fault)

    async def _repaired(self, error: MemoryLost | RequestRejected | ServerUnreachable) -> bool:
        """Whether asking again makes sense: what the request named is there again, or is not named any more."""
        if isinstance(error, ServerUnreachable):
            return bool(error.label) and not self._rounds.count and self._asking.leave_out(error.label)
        if isinstance(error, MemoryLost) and self._calling.begun:
            return False  # a new memory would have the model call all of it once more
        if isinstance(error, MemoryLost):
            log.warning("the conversation is gone; a new one begins")
            self._forget_memory()
            return True
        return await self._asking.repaired(self._claim, self._question, self._desk.engine)

    def _forget_memory(self) -> None:
        thread = replace(self._claim.thread, memory=None, tail_item_id=None, last_seen_ts=None)
        self._claim = replace(self._claim, thread=thread)
        self._rounds.forget()
        self._notes.append(words.MEMORY_STARTS_ANEW)

    @hop("compose")
    async def _compose(self) -> Question:
        """The memory, opened where there is none, and what to say."""
        thread, runs = self._claim.thread, self._desk.store.runs
        own = await runs.replies_of(thread.id)
        unfinished = any(status in UNFINISHED and ts > (thread.last_seen_ts or "") for ts, status in own.items())
        if unfinished and not self._rounds.begun:  # before it counts as begun: then what is found is this run's
            await self._rewind()
        memory = await self._open_memory()
        if not self._rounds.begun:
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
        await self._desk.store.runs.started(lease, self._assistant.resolved(), memory)
        return memory

    async def _rewind(self) -> None:
        """Take out of the memory what a turn that was not completed may have left in it."""
        thread = self._claim.thread
        if thread.memory:
            rewind = partial(self._desk.engine.rewind, thread.memory, thread.tail_item_id)
            with suppress(MemoryLost):  # then there is nothing left of it, and the turn finds that out
                await self._taker.patiently(rewind, self._deadline)

    async def _listen(self, question: Question) -> Cause:
        """Let the model speak and the reply write, until it is told, stopped or void, or people are to decide."""
        functions: Mapping[str, Function] = {}
        if not self._read_along:  # design §6, "Who reads"
            functions = self._desk.functions.of(self._assistant)
        before = await self._calling.given_up() if functions or question.turn.servers else ()
        tools = tuple(one.tool() for one in functions.values())
        turn = replace(question.turn, functions=tools, parts=(*question.turn.parts, *before))
        work = self._rounds.take(turn, self._calling, functions, self._deadline)
        try:
            return await listen(work, self.reply, self._signals, self._desk.clock, self._deadline)
        except TimeoutError:
            raise RunTimedOut(f"longer than {self._desk.run_timeout} s") from None

    def _new_calling(self) -> Calling:
        store, caller = self._desk.store, self._desk.functions.caller
        ended = self._rounds.answered
        return Calling(store.calls, caller, self._claim, self._delivery, self._signals.guard, ended)

    # -- before it ---------------------------------------------------------------------------------

    async def _refuse_the_hasty(self) -> None:
        person, place = self._claim.messages[-1].user, self._claim.thread.place
        count = await self._desk.store.runs.of_person(place.team, person, HOUR)
        if count > self._desk.runs_per_person_hour and not self._admitted:
            raise TooManyRuns(f"{count} in an hour")

    async def begin_again(self) -> bool:
        """Start again with the messages that are left; False where none is, and the reply is withdrawn."""
        self._signals.guard()
        await self._taker.cancel()
        await recall(self._workspace.slack, self._desk.store.runs, self._claim)
        await self._rewind()
        claim = await self._desk.store.runs.restart(self._claim.lease)
        self._signals.restart.clear()
        self._claim, self._admitted = claim, True
        self._rounds.forget(claim.thread.tail_item_id)
        await self._delivery.drop()
        self._calling = self._new_calling()
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
        status, note = told(self._rounds.transcript)
        self._notes += [*await self._decisions(), *note]
        if self._rounds.exhausted:
            self._notes.append(words.ROUNDS_EXHAUSTED.format(count=self._rounds.count))
        return await self._end(self._rounds.transcript, status, feedback=True)

    async def _decisions(self) -> list[str]:
        """Who has said yes or no to what was called for this answer."""
        if not self._rounds.count:
            return []
        return await who_decided(self._people, await self._calling.wanted_by(self._rounds.responses))

    async def _leave_to_people(self) -> Cause:
        """Ask what people have to decide, and leave the run until they have; or end it, where they did not."""
        if await self._calling.expire():
            self._notes.append(words.NOBODY_DECIDED)
            return await self._end_early(RunStatus.CANCELLED, error="expired")
        transcript, below = self._rounds.transcript, self._desk.library.produced.below
        question = Closing(tuple(self._notes), asked=self._calling.asked)
        await self.reply.close(transcript, question)
        await below(self.reply, question, self._delivery, transcript, self._deadline)
        if not await self._calling.wait(self._desk.functions.approval_timeout):
            await self._desk.store.runs.release(self._claim.lease)  # they have decided meanwhile
        elif await self._desk.store.calls.holds_up(self._claim.thread.id):
            await remind(self._desk.store, self._workspace, self._claim.thread.place)
        log.info("the run waits for people", extra={"calls": len(self._calling.asked)})
        return Cause.WAITING

    async def _end_early(self, status: RunStatus, *, error: str | None = None, try_again: bool = True) -> Cause:
        """End an answer that is not complete, as far as it got, and say what was called for it."""
        await self._calling.abandon()
        self._notes += await self._decisions()
        if self._calling.begun:
            names = ", ".join(plain_line(name, NAME_CHARS) for name in self._calling.begun)
            self._notes.append(words.CALLED_ALREADY.format(names=names))
        return await self._end(self._rounds.furthest, status, error=error, try_again=try_again)

    async def _stopped(self) -> Cause:
        await self._taker.cancel()
        with suppress(TimeoutError):
            async with self._desk.clock.timeout(NAME_OF_STOPPER):
                await self._signals.stop.wait()
        user = await self._desk.store.runs.stop_requested(self._claim.run.id)
        if user:
            name = plain_line((await self._people.of(user)).name, NAME_CHARS)
            self._notes.append(words.STOPPED_BY.format(name=name))
        else:
            self._notes.append(words.STOPPED)
        return await self._end_early(RunStatus.CANCELLED)

    async def fail(self, error: ThreadmateError) -> None:
        """Say in one sentence what happened, keep what was said, and end the run."""
        log.warning("the run failed", extra={"error": error.code, "detail": detail(error)})
        self._notes.append(error.user_text)
        self.reply.settle()
        await self._taker.cancel()
        try:
            retry = not isinstance(error, TooManyRuns)
            await self._end_early(RunStatus.FAILED, error=error.code, try_again=retry)
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
        transcript = self._ended = cut_off(transcript, now.time())
        seconds = None if self._claim.run.attempt > 1 else now.monotonic() - self._began
        cited = sources(transcript.sources, await self._asking.shown(self._claim, self._ingested, transcript))
        steps = () if self._read_along else transcript.steps
        of_files = self._ingested.notes if self._ingested else ()
        closing = Closing((*of_files, *self._notes), steps, seconds, try_again, feedback, cited, questions)
        closing = replace(closing, by=None if self._read_along else self._desk.choice.named(self._assistant))
        await self.reply.close(transcript, closing)
        if status in ANSWERED:
            below = self._desk.library.produced.below
            await below(self.reply, closing, self._delivery, transcript, self._deadline)
            self._parts_left = not await drop_parts(self._desk.engine, self._claim, self._question)
        return await self._finish(status, error=error, seen=seen)

    @hop("finish")
    async def _finish(self, status: RunStatus, *, error: str | None = None, seen: bool = True) -> Cause:
        transcript = self._ended
        stored = ending(self._claim, transcript, self._rounds.responses, status, error, seen=seen)
        stored = replace(stored, parts_left=self._parts_left)
        lease, answered = self._claim.lease, status in ANSWERED
        if not await self._desk.store.runs.finish(lease, stored, unless_restarted=answered):
            return Cause.RESTART
        now, first = self._desk.clock.monotonic(), self.reply.first_text
        self._desk.metrics.run_ended(status, error, self._began, now, first)
        note(status=status.value)
        log.info("the run ended", extra={"status": status.value, "steps": len(transcript.steps)})
        return Cause.TOLD
