"""One response being made: a script played on the clock, heard by a client or not."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.clock import Clock
from bot.playground.openai.context import addable, count, count_item
from bot.playground.openai.conversations import Conversation
from bot.playground.openai.items import view
from bot.playground.openai.script import (
    Break,
    Error,
    Failed,
    Gate,
    Incomplete,
    Json,
    Pause,
    Script,
    Status,
    Turn,
)
from bot.playground.openai.stream import Step, error_event, numbered, outcome_of

Frame = Json | Break | None
"""An event to send, a break of the connection, or the end of the stream."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The stream of a response that is to be told again, after that sequence number."""

    run: "Run"
    after: int
    obfuscate: bool


class Run:
    """A response from its creation to its end, whoever is listening.

    Its conversation is locked while it lasts. Input and output are added to the conversation when it
    ends `completed` (reference/openai-platform.md §2) or `incomplete` (UNVERIFIED), and never otherwise.
    In the background it goes on without listeners, and all that it told can be told again.
    """

    def __init__(
        self,
        response: Json,
        turn: Turn,
        given: list[Json],
        conversation: Conversation | None,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.response = response
        self.turn = turn
        self.given = given
        self.conversation = conversation
        self.error: Error | None = None
        self.broken: Break | None = None
        self.background = bool(response["background"])
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.finished = asyncio.Event()
        self.detached = False  # True: it goes on, whether or not the client is there
        self.told: list[tuple[float, Json]] = []  # the events so far, and when
        self._clock = clock
        self._changed = changed
        self._listening = [self.frames]
        self._usage: Any = None
        self._steps: Iterator[Step] = iter(())
        self._obfuscate = (turn.body.get("stream_options") or {}).get("include_obfuscation", True)
        self._task: asyncio.Task[None] | None = None

    def start(self, script: Script, steps: Iterator[Step]) -> None:
        """Lock the conversation and begin to play."""
        if self.conversation is not None:
            self.conversation.locked_by = self.response["id"]
        self._usage = script.usage
        self._steps = steps
        self._task = asyncio.create_task(self._play())

    async def _play(self) -> None:
        try:
            await self._obey_steps()
        finally:
            self._tell(None)  # a script that breaks down must not leave its client waiting

    def _tell(self, frame: Frame) -> None:
        for frames in self._listening:
            frames.put_nowait(frame)

    def listen(self, after: int = -1) -> asyncio.Queue[Frame]:
        """One more stream: first the events so far whose sequence number is higher, then what is told from now."""
        frames: asyncio.Queue[Frame] = asyncio.Queue()
        for _, frame in self.told:
            if frame["sequence_number"] > after:
                frames.put_nowait(frame)
        if self.finished.is_set():
            frames.put_nowait(None)
        self._listening.append(frames)
        return frames

    async def _obey_steps(self) -> None:
        for step in self._steps:
            match step:
                case Pause():
                    await self._clock.sleep(step.seconds)
                case Gate():
                    await step.opened.wait()
                case Break():
                    await self._break(step)
                case Error() | Failed() | Incomplete():
                    self._end(step)
                case _:
                    self._emit(step)
            if self.finished.is_set():
                return
        self._finish("completed")

    def leave(self, frames: asyncio.Queue[Frame]) -> None:
        """Nobody listens to that stream any more."""
        self._listening = [one for one in self._listening if one is not frames]

    def _emit(self, event: Json) -> None:
        if self.broken is None or self.background:
            frame = numbered(event, len(self.told), obfuscate=self._obfuscate)
            self.told.append((self._clock.time(), frame))
            self._tell(frame)
            self._changed()

    async def _break(self, step: Break) -> None:
        self.detached = step.then is not None
        if self.broken is None or self.background:
            self._tell(step)
            self._listening.clear()
            self.broken = step
        self._changed()
        if step.finish_after is not None:
            await self._clock.sleep(step.finish_after)
        elif step.then == "in_progress" or (step.then is None and not self.background):
            await asyncio.get_running_loop().create_future()  # until `settle` or `abandon`
        if step.then in ("cancelled", "failed", "incomplete"):
            self._finish(step.then)

    def settle(self, status: Status) -> None:
        """End it now in that way; `completed` and `incomplete` take the rest of the script along."""
        if self.finished.is_set():
            raise ValueError(f"{self.response['id']} has already ended")
        if status in ("completed", "incomplete"):
            for step in self._steps:
                if isinstance(step, Error | Failed | Incomplete):
                    self._end(step)
                    break
                if isinstance(step, dict):
                    self._emit(step)
        self._finish(status)
        self._stop()

    def abandon(self) -> None:
        """The client has gone: a synchronous response is cancelled by that (reference/openai-platform.md §3)."""
        if not self.detached and not self.background and not self.finished.is_set():
            self.cancel()

    def cancel(self) -> None:
        """Let the model do no further work."""
        self._finish("cancelled")
        self._stop()

    def _stop(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def close(self) -> None:
        """Leave it as it is, for good."""
        self._stop()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _end(self, ending: Error | Failed | Incomplete) -> None:
        self.response |= outcome_of(ending)
        if isinstance(ending, Error):
            self.error = ending
            self._emit(error_event(ending))
        self._finish(self.response["status"])

    def _finish(self, status: str) -> None:
        """Settle everything first and tell afterwards, so that whoever hears it may go on at once."""
        if self.finished.is_set():
            return
        self.response["status"] = status
        if status == "failed" and self.response["error"] is None:
            self.response["error"] = {"code": "server_error", "message": "The model failed."}
        if status == "incomplete" and self.response["incomplete_details"] is None:
            self.response["incomplete_details"] = {"reason": "max_output_tokens"}
        if status in ("completed", "incomplete"):
            self.response["usage"] = self._counted()
            self.response["completed_at"] = int(self._clock.time())
        self._give_back(keep=status in ("completed", "incomplete"))
        self.finished.set()
        if self.error is None and status != "cancelled":
            shown = view(self.response, self.turn.body.get("include") or ())
            self._emit({"type": f"response.{status}", "response": shown})
        self._tell(None)
        self._changed()

    def _give_back(self, *, keep: bool) -> None:
        conversation = self.conversation
        if conversation is None:
            return
        if conversation.locked_by == self.response["id"]:
            conversation.locked_by = None
        if keep and not conversation.deleted:
            conversation.add([*self.given, *addable(self.response["output"])])

    def _counted(self) -> Json:
        read = count(self.turn.context, self.turn.instructions)
        written = sum(map(count_item, self.response["output"]))
        usage: Json = {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        }
        return usage | dict(self._usage or {})
