"""What people said in messages whose texts were erased: Slack is the store of it."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from bot.catch_up import TOMBSTONE, read_thread
from bot.errors import SlackRefused
from bot.files.slack_file import files_of
from bot.slack import Slack
from storage.records import Claim, Said
from storage.runs import Runs

log = logging.getLogger(__name__)

NO_THREAD = "thread_not_found"


async def recall(slack: Slack, runs: Runs, claim: Claim) -> None:
    """Read again what a run's messages say, as they stand now; those that are gone are withdrawn from it.

    Raises SlackError where the thread cannot be read, and LeaseLost.
    """
    erased = [message.ts for message in claim.messages if message.text is None]
    if not erased:
        return
    try:
        messages, _ = await read_thread(slack, claim.thread.place, erased[0], erased[-1], inclusive=True)
    except SlackRefused as refusal:
        if refusal.error != NO_THREAD:
            raise
        messages = []
    said = _said(messages)
    log.info(
        "erased messages were read again", extra={"erased": len(erased), "there": len(said.keys() & {*erased})}
    )
    await runs.recall(claim.lease, said)


def _said(messages: Iterable[Mapping[str, Any]]) -> dict[str, Said]:
    return {
        str(message["ts"]): Said(str(message.get("text") or ""), tuple(files_of(message)))
        for message in messages
        if message.get("subtype") != TOMBSTONE
    }
