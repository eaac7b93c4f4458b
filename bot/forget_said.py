"""What `threadmate forget` says while it removes, or would remove, one thing after the other."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import AssistantError
from bot.forget_what import Person, Target

T = TypeVar("T")

STAYS = (
    "in Slack everything: messages and files, the assistant's answers with what they show (delete it there)",
    "at OpenAI logs against abuse, up to 30 days; containers in which code ran, for 20 idle minutes",
    "in your backups of the database what was in it then",
)
STAYS_OF_A_PERSON = (
    "what others said about this person, or the assistant in its answers to others",
    "in threads with others: when their questions were answered, in which steps, names of files that came of it",
    "there also the questions, where our rows of them went with time (RETENTION_DAYS)",
    "what they wrote in a thread of which the assistant has no memory: once mentioned there, it reads it in Slack",
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
        for what in (*(STAYS_OF_A_PERSON if isinstance(target, Person) else ()), *STAYS):
            self._say(f"stays: {what}")
        if self.failures:
            self._say(
                "Not everything could be removed now. The same command removes the rest: please run it again."
            )


def count(number: int, what: str) -> str:
    """So many of something, in words."""
    return f"{number} {what}{'' if number == 1 else 's'}"
