"""Everything that answers calls."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.openai.calls import Call, Content
from bot.playground.openai.catalogue import Model
from bot.playground.openai.conversations import Conversations
from bot.playground.openai.responses import Responses
from bot.playground.openai.run import Replay, Run
from bot.playground.openai.script import Json
from bot.playground.openai.toolbox import Holdings
from bot.playground.openai.transcription import Recordings


@dataclass(frozen=True, slots=True)
class Api:
    """The parts of the emulated API."""

    conversations: Conversations
    responses: Responses
    models: dict[str, Model]
    holdings: Holdings
    recordings: Recordings


Answer = Callable[[Api, Call], Json | Run | Replay | Content]
