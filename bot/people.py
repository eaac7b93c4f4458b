"""Names of people, as Slack shows them, cached for an hour."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import SlackError
from bot.reply.findings import one_line
from bot.slack import Slack

log = logging.getLogger(__name__)

LONGEST = 80  # characters of a name, as many as Slack allows
KEEP = 3600.0  # seconds: people rename themselves rarely
PATIENCE = 5.0  # seconds: an answer does not wait for a name


@dataclass(frozen=True, slots=True)
class Person:
    """How a person is called: one line, with nothing in it that turns text around. It may be a mention yet.

    `team`, `enterprise` and `guest` are as Slack says, where it does
    (docs.slack.dev/reference/objects/user-object).
    """

    id: str
    name: str
    team: str = ""
    enterprise: str = ""
    guest: bool = False


class People:
    """The people of one workspace."""

    def __init__(self, slack: Slack, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock
        self._known: dict[str, tuple[float, Person]] = {}

    async def names(self, users: Iterable[str]) -> dict[str, str]:
        """By id, how they are called; all are asked for at the same time."""
        people = await asyncio.gather(*(self.of(user) for user in sorted(set(users))))
        return {person.id: person.name for person in people}

    async def of(self, user: str) -> Person:
        """The person; called by the id where Slack does not tell the name."""
        until, person = self._known.get(user, (0.0, None))
        if person is not None and self._clock.monotonic() < until:
            return person
        try:
            answer = await self._slack.call("users.info", patience=PATIENCE, user=user)
        except SlackError as error:
            log.warning("a name could not be read", extra={"user": user, "error": error.error})
            return Person(user, user)
        told = answer["user"]
        guest = bool(told.get("is_restricted") or told.get("is_ultra_restricted"))
        enterprise = (told.get("enterprise_user") or {}).get("enterprise_id")
        person = Person(
            user, _name(told) or user, str(told.get("team_id") or ""), str(enterprise or ""), guest=guest
        )
        self._known[user] = (self._clock.monotonic() + KEEP, person)
        return person


def _name(user: dict[str, object]) -> str:
    profile = user.get("profile")
    names = profile if isinstance(profile, dict) else {}
    called = names.get("display_name") or names.get("real_name") or user.get("real_name") or user.get("name") or ""
    return one_line(str(called), LONGEST)
