"""Answering one run, from claim to finish: the one function to read first is `answer`."""

import asyncio

from bot.backroom import Desk
from bot.errors import (
    SlackOutcomeUnknown,
    SlackRateLimited,
    SlackUnreachable,
    ThreadmateError,
)
from bot.pressed import Aloud
from bot.signals import Cause, Signals
from bot.work import Work
from storage.records import Claim

__all__ = ["Desk", "answer"]


async def answer(desk: Desk, claim: Claim, signals: Signals) -> None:
    """Answer one run: what it missed, the model's turn, the reply, its end; no step does harm the second time.

    Or take its answer back, where that is what is asked for.
    Raises LeaseLost; and SlackError where Slack cannot take the end now, for then the run is taken again.
    """
    place = claim.thread.place
    aloud = Aloud(desk.workspaces.of(place.team), desk.people[place.team], desk.store.runs, signals.guard)
    work = Work(desk, await aloud.say(claim), await desk.choice.of(claim), signals)
    try:
        if claim.run.withdraw_requested:
            return await work.withdraw()
        await work.reply.recover()
        again = claim.run.restart_requested or not claim.messages  # all deleted: an attempt broke off at that
        while (not again or await work.begin_again()) and await work.take_turn() is Cause.RESTART:
            again = True
    except (SlackUnreachable, SlackRateLimited, SlackOutcomeUnknown):
        raise
    except ThreadmateError as error:
        await work.fail(error)
    except asyncio.CancelledError:
        await asyncio.shield(work.let_go())
        raise
    finally:
        work.reply.give_back()
