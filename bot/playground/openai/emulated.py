"""The emulated OpenAI API, as a test or the playground holds it."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.playground.faults import Faults
from bot.playground.openai.activity import Activity
from bot.playground.openai.catalogue import Model, current_models
from bot.playground.openai.conversations import Conversation, Conversations
from bot.playground.openai.ids import Ids
from bot.playground.openai.model import builtin_model
from bot.playground.openai.responses import Responses
from bot.playground.openai.routes import Api
from bot.playground.openai.run import Run
from bot.playground.openai.script import Json, Script, Scripted, Status, Turn, script_for
from bot.playground.openai.server import Request, Server

SOMEBODY_ELSE = "somebody else"


class EmulatedOpenAI:
    """An OpenAI API on this machine, strict about what it accepts and scripted in what it says.

    `default` answers when no script is queued. `faults` is keyed by calls such as "POST /responses" and
    "GET /conversations/{id}/items".
    """

    def __init__(self, clock: Clock, *, models: Mapping[str, Model] | None = None) -> None:
        ids = Ids()
        self.api_key = "sk-emulated-0123456789"
        self.base_url = ""
        self.models = dict(models) if models is not None else current_models()
        self.faults = Faults()
        self.default: Callable[[Turn], Script] = builtin_model
        self._queue: deque[Scripted] = deque()
        self._activity = Activity()
        self._conversations = Conversations(clock, ids)
        self._responses = Responses(
            clock, ids, self.models, self._conversations, self._script, self._activity.note
        )
        api = Api(self._conversations, self._responses, self.models)
        self._server = Server(api, self.faults, clock, self.api_key, self._activity.note)

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[None]:
        """Answer at `base_url` inside the block; a port of 0 takes a free one."""
        try:
            async with self._server.listening(host, port) as self.base_url:
                yield
        finally:
            for run in self._responses.runs.values():
                await run.close()

    def queue(self, *scripts: Scripted) -> None:
        """Let the next create calls that are accepted be answered by these, in order."""
        self._queue.extend(scripts)

    def _script(self, turn: Turn) -> Script:
        return script_for(self._queue.popleft() if self._queue else self.default, turn)

    @property
    def queued(self) -> int:
        """How many scripts still wait for a call."""
        return len(self._queue)

    @property
    def requests(self) -> list[Request]:
        """Every call that arrived, refused ones too."""
        return self._server.requests

    @property
    def creates(self) -> list[Json]:
        """The bodies of every `POST /responses` that arrived, refused ones too."""
        return [one.body for one in self.requests if (one.method, one.path) == ("POST", "/responses")]

    @property
    def conversations(self) -> dict[str, Conversation]:
        """Every conversation, deleted ones too."""
        return self._conversations.all

    @property
    def responses(self) -> dict[str, Json]:
        """Every response that was begun, whole, deleted ones too."""
        return {identifier: run.response for identifier, run in self._responses.runs.items()}

    @property
    def contexts(self) -> dict[str, list[Json]]:
        """By response: the items that the model saw, conversation and input."""
        return {identifier: run.turn.context for identifier, run in self._responses.runs.items()}

    @property
    def instructions(self) -> dict[str, str | None]:
        """By response: the instructions that the model saw."""
        return {identifier: run.turn.instructions for identifier, run in self._responses.runs.items()}

    def run(self, response_id: str) -> Run:
        """The making of a response."""
        return self._responses.runs[response_id]

    def settle(self, response_id: str, status: Status) -> None:
        """End a response that is in progress, now and in that way."""
        self.run(response_id).settle(status)

    def lock(self, conversation_id: str) -> None:
        """Let somebody else operate on the conversation, until `unlock`."""
        self.conversations[conversation_id].locked_by = SOMEBODY_ELSE

    def unlock(self, conversation_id: str) -> None:
        """Let nobody operate on the conversation."""
        self.conversations[conversation_id].locked_by = None

    @property
    def activity(self) -> int:
        """A number that grows whenever something happens here."""
        return self._activity.count

    async def wait_activity(self, since: int, real_timeout: float) -> int:
        """The activity once it is more than `since`; TimeoutError after so many real seconds."""
        return await self._activity.wait(since, real_timeout)
