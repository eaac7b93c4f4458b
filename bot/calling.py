"""The calls of one run: stored when the model wants them, made at most once, their outputs stored for the model.

Whatever is done is committed before. A call that is found begun by an earlier attempt is made again only where its
function says that it may be; of every other one nobody knows what became of it, and the model is told so. A tool
of an MCP server is called by OpenAI, once that has been told that people said yes: this is handed over, once.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.assistant.engine import CallOutput
from bot.assistant.events import Call, Step, StepStatus
from bot.assistant.parts import Called, Made
from bot.assistant.request import OUTCOME_UNKNOWN
from bot.attachments.produced import Delivery
from bot.functions.calling import Caller, misfit
from bot.functions.declared import Function
from bot.functions.records import CallStatus, RunContext
from bot.reply.approval import Asked, about, canonical, exact, fitting, in_line
from bot.signals import cancelled
from storage.call_records import CallKind, CallState, NewCall, StoredCall
from storage.calls import Calls
from storage.records import Claim

log = logging.getLogger(__name__)

MAX_GIVEN_UP = 50
"""Calls that the model is told of because the answers they were made for were given up."""

PARALLEL_CALLS = 8
"""Calls of one answer that are made at one time."""

NOT_OFFERED = "There is no function of that name here, so nothing was called."
NO_OBJECT = "The arguments are no JSON object, so the function was not called."
UNCLEAR = "The arguments could not be shown to people exactly as they are, so the call was not made."
TOO_LONG = "This is more than can be shown to people who approve calls. Use shorter arguments, or fewer calls."
DECLINED = "The person declined this call."
HANDED_OVER = "Somebody approved this call. What came of it was told to the model alone."
EXPIRED = "Nobody approved this call in time, so it was not made."
LEFT = "Somebody approved this call, but nobody decided about the others in time, so it was not made."
INTERRUPTED = "The answer was stopped while this was called: whether it had an effect is not known."
NOT_BROUGHT = "But not all of it could be brought into the thread."

STATES = {
    CallStatus.COMPLETED: CallState.COMPLETED,
    CallStatus.FAILED: CallState.FAILED,
    CallStatus.TIMED_OUT: CallState.TIMED_OUT,
}
STANDING = {
    CallState.COMPLETED: StepStatus.COMPLETED,
    CallState.FAILED: StepStatus.FAILED,
    CallState.TIMED_OUT: StepStatus.FAILED,
    CallState.DENIED: StepStatus.NOT_MADE,
    CallState.UNKNOWN: StepStatus.INCOMPLETE,
}
"""How a call that has ended stands as a step."""

Ended = Callable[[str, StepStatus, str], None]
"""Is told, as soon as it is committed, that a call has ended: which, how, and with what output."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A response that asks for calls, and what may be called for it. `until` is on the monotonic clock."""

    response_id: str
    user: str  # who asked the question
    functions: Mapping[str, Function]  # by name
    until: float


class Calling:
    """Makes the calls of one run."""

    def __init__(
        self,
        calls: Calls,
        caller: Caller,
        claim: Claim,
        delivery: Delivery,
        guard: Callable[[], None],
        ended: Ended,
    ) -> None:
        """`guard` raises LeaseLost."""
        self._calls = calls
        self._caller = caller
        self._claim = claim
        self._delivery = delivery
        self._guard = guard
        self._ended = ended
        self._room = asyncio.Semaphore(PARALLEL_CALLS)
        self._under_way: set[str] = set()
        self.begun: dict[str, None] = {}  # the names of the functions that were called, as far as is known
        self.asked: tuple[Asked, ...] = ()  # what people have to decide about, since `outputs` said so

    async def found(self) -> tuple[StoredCall, ...]:
        """What earlier attempts, and people, brought to pass."""
        calls = await self._calls.of_run(self._claim.run.id)
        self.begun |= dict.fromkeys(call.name for call in calls if call.started_at is not None)
        return calls

    async def wanted_by(self, response_ids: Collection[str]) -> tuple[StoredCall, ...]:
        """The calls that those responses asked for, as they stand; none of an answer that was given before."""
        calls = await self._calls.of_run(self._claim.run.id)
        return tuple(call for call in calls if call.response_id in response_ids)

    async def given_up(self) -> tuple[Called, ...]:
        """What was called in this thread for answers that were given up: the model does not know it otherwise."""
        calls = (await self._calls.given_up(self._claim.run.id, self._claim.thread.id))[-MAX_GIVEN_UP:]
        return (Called(tuple(Made(call.name, call.arguments, call.output) for call in calls)),) if calls else ()

    async def outputs(self, occasion: Occasion, wanted: Sequence[Call]) -> tuple[CallOutput, ...] | None:
        """What came of the calls that a response asks for; None where people have to decide first.

        Calls that need nobody are made meanwhile.
        """
        new = [await self._new(occasion, call) for call in wanted]
        await self._calls.propose(self._claim.lease, new)
        open_ = [call for call in await self._of(occasion) if call.output is None]
        self.asked = await self._to_ask([call for call in open_ if call.undecided], occasion)
        late = bool(self.asked) and await self._calls.expired(self._claim.run.id)
        free = [call for call in open_ if not (call.undecided or (late and call.state is CallState.APPROVED))]
        tasks = [asyncio.create_task(self._settle(call, occasion)) for call in free]
        try:
            await asyncio.gather(*tasks)
        finally:
            await cancelled(tasks)
        if self.asked:
            return None
        asked = {call.call_id: call for call in wanted if call.kind is CallKind.MCP}
        brought = [await self._brought(call) for call in await self._of(occasion)]
        return tuple(replace(output, question=asked.get(output.call_id)) for output in brought)

    async def handed_over(self, outputs: Sequence[CallOutput], steps: Sequence[Step]) -> None:
        """End the calls of remote tools whose approval was brought, now that it is told what came of them."""
        made = {step.call_id: step.status for step in steps if not step.asks}
        for call_id in (output.call_id for output in outputs if output.call_id in self._under_way):
            if call_id not in made:
                await self._end(call_id, CallState.UNKNOWN, OUTCOME_UNKNOWN)
                continue
            state = CallState.FAILED if made[call_id] is StepStatus.FAILED else CallState.COMPLETED
            await self._calls.end(self._claim.lease, call_id, state, HANDED_OVER)
            self._under_way.discard(call_id)

    async def expire(self) -> bool:
        """Whether the time to decide is over; then nothing is made of what had to be decided together."""
        if not await self._calls.expired(self._claim.run.id):
            return False
        for call in await self._calls.of_run(self._claim.run.id):
            if call.undecided:
                await self._end(call.call_id, CallState.DENIED, EXPIRED)
            elif call.state is CallState.APPROVED:
                await self._end(call.call_id, CallState.DENIED, LEFT)
        return True

    async def wait(self, seconds: float) -> bool:
        """Give the run up until people have decided; False where they have meanwhile."""
        return await self._calls.wait(self._claim.lease, seconds)

    async def abandon(self) -> None:
        """Let nobody wait for what was being called when the answer ended."""
        for call_id in sorted(self._under_way):
            await self._end(call_id, CallState.UNKNOWN, INTERRUPTED)
        self._under_way.clear()

    async def _of(self, occasion: Occasion) -> list[StoredCall]:
        return list(await self.wanted_by((occasion.response_id,)))

    async def _new(self, occasion: Occasion, call: Call) -> NewCall:
        if call.kind is CallKind.MCP:
            text = exact(call.arguments) or storable(call.arguments)
            return NewCall(call.call_id, occasion.response_id, in_line(call.name), text, call.kind, approval=True)
        function = occasion.functions.get(call.name)
        asks = function is not None and await self._needs_a_yes(function)
        approvers = function.rules.approvers if function else ()
        text = canonical(call.arguments) or storable(call.arguments)
        name, response_id = storable(call.name), occasion.response_id
        return NewCall(call.call_id, response_id, name, text, approval=asks, approvers=approvers)

    async def _needs_a_yes(self, function: Function) -> bool:
        if function.rules.approval == "first-in-thread":
            return not await self._calls.approved_in(self._claim.thread.id, function.name)
        return function.rules.approval == "always"

    async def _to_ask(self, undecided: Sequence[StoredCall], occasion: Occasion) -> tuple[Asked, ...]:
        """Those that people can decide about; the others are answered with what is wrong with them."""
        sound = []
        for call in undecided:
            wrong = self._wrong(call, occasion)
            if wrong:
                await self._end(call.call_id, CallState.FAILED, wrong)
            else:
                sound.append(about(call))
        fit = fitting(sound)
        for asked in sound:
            if asked not in fit:
                await self._end(asked.call_id, CallState.FAILED, TOO_LONG)
        return fit

    def _wrong(self, call: StoredCall, occasion: Occasion) -> str | None:
        """Why nobody needs to be asked about a call, for it could not be made."""
        if call.kind is CallKind.MCP:
            return UNCLEAR if exact(call.arguments) is None else None
        function = occasion.functions.get(call.name)
        if function is None:
            return NOT_OFFERED
        if canonical(call.arguments) is None:
            return NO_OBJECT
        return misfit(function, call.arguments, self._context(call, occasion))

    async def _settle(self, call: StoredCall, occasion: Occasion) -> None:
        """Bring one call that nobody is asked about to its end."""
        function = occasion.functions.get(call.name)
        if call.state is CallState.DENIED:
            await self._end(call.call_id, CallState.DENIED, DECLINED)
        elif call.kind is CallKind.MCP:
            return  # not ours to make
        elif call.state is CallState.STARTED and (function is None or not function.idempotent):
            await self._end(call.call_id, CallState.UNKNOWN, OUTCOME_UNKNOWN)
        elif function is None:
            await self._end(call.call_id, CallState.FAILED, NOT_OFFERED)
        elif canonical(call.arguments) is None:
            await self._end(call.call_id, CallState.FAILED, NO_OBJECT)
        else:
            async with self._room:
                await self._make(call, function, occasion)

    async def _make(self, call: StoredCall, function: Function, occasion: Occasion) -> None:
        self._guard()
        if call.state is not CallState.STARTED and not await self._calls.start(self._claim.lease, call.call_id):
            return
        self._under_way.add(call.call_id)
        self.begun[call.name] = None
        result = await self._caller.call(function, call.arguments, self._context(call, occasion))
        output, products = result.output, result.products
        if products and not await self._delivery.hand_over(call.call_id, products, occasion.until):
            output = f"{output}\n{NOT_BROUGHT}"
        await self._end(call.call_id, STATES[result.status], output)

    async def _brought(self, call: StoredCall) -> CallOutput:
        """What the model is told of a call. That one may be made elsewhere is committed before."""
        if call.kind is not CallKind.MCP:
            return CallOutput(call.call_id, call.output or "")
        if call.state is CallState.APPROVED:
            self._guard()
            await self._calls.start(self._claim.lease, call.call_id)
        approve = bool(call.approved)
        if approve:
            self.begun[call.name] = None
        if approve and call.output is None:
            self._under_way.add(call.call_id)
        return CallOutput(call.call_id, call.output or "", approve=approve)

    async def _end(self, call_id: str, state: CallState, output: str) -> None:
        output = storable(output)
        log.info("a call has ended", extra={"call": call_id, "state": state.value})
        await self._calls.end(self._claim.lease, call_id, state, output)
        self._under_way.discard(call_id)
        self._ended(call_id, STANDING[state], output)

    def _context(self, call: StoredCall, occasion: Occasion) -> RunContext:
        place, run_id = self._claim.thread.place, self._claim.run.id
        return RunContext(place.team, place.channel, place.thread_ts, occasion.user, run_id, call.call_id)


def wanted(calls: Sequence[StoredCall]) -> tuple[Call, ...]:
    """Stored calls as the model asked for them."""
    return tuple(Call(call.call_id, call.name, call.arguments, call.kind) for call in calls)


def storable(text: str) -> str:
    """The text without what no database takes: half a surrogate pair, and NUL on PostgreSQL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
