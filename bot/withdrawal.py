"""Taking an answer back, because its question was deleted: out of Slack, and out of the memory."""

import logging
from functools import partial

from bot.assistant.engine import Engine
from bot.errors import AssistantError, MemoryLost, RunTimedOut, SlackRefused
from bot.reply.message import Reply
from bot.turn import TurnTaker
from storage.records import Claim
from storage.runs import Runs

log = logging.getLogger(__name__)

AGAIN_IN = 600.0  # seconds until a memory that could not be reached is tried again
MAX_LAPSES = 3  # leases of a run that may lapse before it is given up (design §5, "Poison")


async def withdraw(claim: Claim, reply: Reply, runs: Runs, engine: Engine, taker: TurnTaker, until: float) -> None:
    """Withdraw the answer of a run; no step does harm the second time.

    Raises LeaseLost; and SlackError where Slack cannot be reached, for then the run is taken again.
    """
    if claim.run.lapses >= MAX_LAPSES:
        log.error("an answer could not be withdrawn", extra={"lapses": claim.run.lapses})
        await runs.withdrawn(claim.lease)
        return
    try:
        await reply.recover()
        await reply.withdraw()
    except SlackRefused as refused:
        log.warning("an answer could not be taken out of Slack", extra={"error": refused.error})
    try:
        await _forget(claim, engine, taker, until)
    except (AssistantError, RunTimedOut) as error:
        log.warning("an answer is still in the memory", extra={"error": error.code, "again_in": AGAIN_IN})
        await runs.withdrawn(claim.lease, again_in=AGAIN_IN)
    else:
        await runs.withdrawn(claim.lease)
        log.info("an answer was withdrawn")


async def _forget(claim: Claim, engine: Engine, taker: TurnTaker, until: float) -> None:
    """Take the run's turn out of the memory: the end of it, or one item after the other from the middle."""
    thread, run = claim.thread, claim.run
    if thread.memory is None:
        return
    if thread.tail_item_id == run.tail_after:
        forget = partial(engine.rewind, thread.memory, run.tail_before)
    else:
        added = {item for response in claim.responses for item in response.item_ids}
        if run.tail_after and run.tail_after != run.tail_before:
            added.add(run.tail_after)  # its question, where the answer went before, with a file (`Removal`)
        forget = partial(engine.erase, thread.memory, added, run.tail_before)
    try:
        await taker.patiently(forget, until)
    except MemoryLost:
        log.info("the conversation was gone already")
