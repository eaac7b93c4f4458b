"""What `threadmate forget` says while it removes, or would remove, one thing after the other."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import AssistantError
from bot.forget_what import Person, Target

T = TypeVar("T")

STAYS_IN_SLACK = (
    "Slack keeps its messages and files, and the assistant's answers with what they show: delete them there."
)
STAYS_ELSEWHERE = (
    "OpenAI may keep logs against abuse for 30 days; containers in which code ran are gone after 20 idle minutes. "
    "Your backups of the database hold what was there when they were made."
)
STAYS_OF_A_PERSON = (
    "What others said about this person, or the assistant in its answers to others, stays where it was said; so "
    "does what they asked alone where our rows of it went with time (RETENTION_DAYS). In a thread that it has no "
    "memory of, the assistant reads again what the person wrote there in Slack, once somebody mentions it."
)


class Said:
    """Does, says and counts. A dry run says and does nothing."""

    def __init__(self, say: Callable[[str], None], *, dry_run: bool) -> None:
        self.dry_run = dry_run
        self.failures = 0
        self._say = say
        self._gone = 0

    async def do(self, what: str, remove: Callable[[], Awaitable[object]]) -> bool:
        """Remove something at OpenAI's, or of ours; False where OpenAI did not let us."""
        if not self.dry_run:
            try:
                await remove()
            except AssistantError as error:
                self.stays(what, str(error))
                return False
        self.gone(what)
        return True

    async def read(self, what: str, look: Awaitable[T], otherwise: T) -> T:
        """What a look at OpenAI's shows; where it shows nothing now, that is a failure, too."""
        try:
            return await look
        except AssistantError as error:
            self.stays(what, str(error))
            return otherwise

    def gone(self, what: str) -> None:
        """Say that it is gone, or would be."""
        self._gone += 1
        self._say(f"{'would remove' if self.dry_run else 'removed'}: {what}")

    def note(self, what: str) -> None:
        """Say what stays for a reason."""
        self._say(f"{'would keep' if self.dry_run else 'kept'}: {what}")

    def stays(self, what: str, why: str) -> None:
        """Say that it could not be removed."""
        self.failures += 1
        self._say(f"✗ not removed: {what} ({why})")

    def end(self, target: Target) -> None:
        """Say what remains."""
        if not self._gone and not self.failures:
            self._say(f"Nothing is kept of {target}.")
            return
        self._say(f"Not removed: {STAYS_IN_SLACK}")
        if isinstance(target, Person):
            self._say(f"Not removed: {STAYS_OF_A_PERSON}")
        self._say(f"Not removed: {STAYS_ELSEWHERE}")
        if self.failures:
            self._say(
                "Not everything could be removed now. The same command removes the rest: please run it again."
            )


def count(number: int, what: str) -> str:
    """So many of something, in words."""
    return f"{number} {what}{'' if number == 1 else 's'}"
