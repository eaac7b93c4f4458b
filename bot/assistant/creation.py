"""The one request of a turn: made, and made again without what is refused in it."""

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from openai import AsyncOpenAI, AsyncStream

from bot.assistant.calls import EVENTS, Calls
from bot.assistant.request import BACKGROUND, SAMPLING, Turn, compose
from bot.errors import ContainerExpired, DanglingCall, ParameterRejected, QuestionNotRepeated

log = logging.getLogger(__name__)

MAX_DANGLING = 16
"""Unanswered calls that are answered for one request; OpenAI names one at a time."""

Refusal = ParameterRejected | DanglingCall | ContainerExpired | QuestionNotRepeated
"""After these the request can be put right."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done to a request that was refused as it stood."""

    without: frozenset[str] = frozenset()  # parameters left out
    unanswered: tuple[str, ...] = ()  # calls answered with "outcome unknown"
    undecided: tuple[str, ...] = ()  # questions about calls answered with no
    container: bool = False  # asked again for a fresh one
    repeating: bool = False  # what people decided is brought with the questions


class Creation:
    """Begins responses, and remembers what models do not take."""

    def __init__(self, client: AsyncOpenAI, calls: Calls) -> None:
        self._client = client
        self._calls = calls
        self._rejected: dict[str, frozenset[str]] = {}  # by model: parameters it does not take

    async def begin(self, turn: Turn) -> tuple[AsyncStream[Any], bool]:
        """Make the request; where it was refused for something that can be put right, make it again.

        The stream, and whether the response was to go on in the background.
        """
        repair, model = Repair(), turn.assistant.model
        create = partial(self._client.post, "/responses", cast_to=object, stream=True, stream_cls=EVENTS)
        while True:
            repair = replace(repair, without=self._rejected.get(model, frozenset()))
            request = compose(
                turn,
                without=repair.without,
                unanswered=repair.unanswered,
                undecided=repair.undecided,
                repeating=repair.repeating,
            )
            try:
                stream: AsyncStream[Any] = await self._calls.once(partial(create, body=request))
            except (ParameterRejected, DanglingCall, ContainerExpired, QuestionNotRepeated) as refusal:
                repair = self._repaired(turn, repair, refusal)
            else:
                return stream, BACKGROUND in request

    def _repaired(self, turn: Turn, repair: Repair, refusal: Refusal) -> Repair:
        """The request put right, or the refusal raised where that was tried already."""
        if isinstance(refusal, ContainerExpired):
            if repair.container:
                raise refusal
            return replace(repair, container=True)
        if isinstance(refusal, QuestionNotRepeated):
            if repair.repeating:
                raise refusal
            return replace(repair, repeating=True)
        if isinstance(refusal, ParameterRejected):
            if refusal.param not in {*SAMPLING, BACKGROUND} or refusal.param in repair.without:
                raise refusal
            self._leave_out(turn.assistant.model, refusal.param)
            return repair
        return _told_the_end(turn, repair, refusal)

    def _leave_out(self, model: str, param: str) -> None:
        known = self._rejected.get(model, frozenset())
        if param not in known:
            log.warning("model %s does not take %s: it is left out from now on", model, param)
            self._rejected[model] = known | {param}


def _told_the_end(turn: Turn, repair: Repair, refusal: DanglingCall) -> Repair:
    """The request with an end for a call that was left behind in the memory."""
    left = (*repair.unanswered, *repair.undecided)
    if refusal.call_id in left or len(left) == MAX_DANGLING:
        raise refusal
    if refusal.asked_about:
        log.warning("run %s: nobody decided about %s", turn.run, refusal.call_id)
        return replace(repair, undecided=(*repair.undecided, refusal.call_id))
    log.warning("run %s: call %s was never answered; its outcome is unknown", turn.run, refusal.call_id)
    return replace(repair, unanswered=(*repair.unanswered, refusal.call_id))
