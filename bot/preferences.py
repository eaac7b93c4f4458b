"""What people set for a channel or a thread: who may, what is kept of it, and how everybody hears of it."""

import html
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bot import setting_words as words
from bot.borders import Borders, Standing
from bot.errors import SlackError
from bot.options_view import section
from bot.people import People, Person
from bot.reply.findings import one_line
from bot.workspaces import Workspace, Workspaces
from storage.preference_records import SettingChange, Wanted
from storage.records import Place
from storage.store import Store

log = logging.getLogger(__name__)

NAME_CHARS = 80
PATIENCE = 20.0  # seconds that an announcement goes on trying

SETTERS: Mapping[tuple[str, bool], tuple[str, str]] = {
    ("assistant", False): (words.SAID_ASSISTANT, words.SAID_ASSISTANT_CLEARED),
    ("assistant", True): (words.SAID_THREAD_ASSISTANT, words.SAID_THREAD_ASSISTANT_CLEARED),
    ("additional_instructions", False): (words.SAID_INSTRUCTIONS, words.SAID_INSTRUCTIONS_CLEARED),
    ("additional_instructions", True): (
        words.SAID_THREAD_INSTRUCTIONS,
        words.SAID_THREAD_INSTRUCTIONS_CLEARED,
    ),
    ("muted", False): (words.SAID_MUTED, words.SAID_UNMUTED),
    ("muted", True): (words.SAID_THREAD_MUTED, words.SAID_THREAD_UNMUTED),
}
"""By setting, and whether it is a thread's: what everybody reads when it is set, and when it is taken back."""


class Setter:
    """Changes settings for those who may, and says so aloud."""

    def __init__(
        self, store: Store, workspaces: Workspaces, people: Mapping[str, People], borders: Borders
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._people = people  # by team
        self._borders = borders

    async def channel(self, team: str, channel: str, user: str, called: str, wanted: Wanted) -> str | None:
        """Set something for a channel; the sentence on what came of it, None where all is well.

        `called` is the name of the assistant that answers there then, as people read it.
        """
        person = await self._people[team].of(user)
        if refusal := await self.refusal(team, channel, person):
            return refusal
        changes = await self._store.preferences.set_channel(team, channel, user, **wanted)
        return await self._announced(Place(team, channel, ""), person, called, changes)

    async def thread(self, place: Place, user: str, called: str, wanted: Wanted) -> str | None:
        """Set something for a thread, likewise."""
        person = await self._people[place.team].of(user)
        if refusal := await self.refusal(place.team, place.channel, person):
            return refusal
        changes = await self._store.preferences.set_thread(place, user, **wanted)
        return await self._announced(place, person, called, changes)

    async def refusal(self, team: str, channel: str, person: Person) -> str | None:
        """Why somebody may not change anything there; None where they may.

        Whoever Slack says nothing of is taken for one of ours: their command came from our workspace.
        """
        ours = {team, self._workspaces.of(team).enterprise}
        if person.guest:
            return words.NO_GUESTS
        if person.team and not ours & {person.team, person.enterprise}:
            return words.NO_OUTSIDERS
        return await self.stranger(team, channel, person.id)

    async def stranger(self, team: str, channel: str, user: str) -> str | None:
        """Why somebody may do nothing in a conversation; None where they are a member."""
        match await self._borders.standing(team, channel, user):
            case Standing.MEMBER:
                return None
            case Standing.STRANGER:
                return words.MEMBERS_ONLY
            case _:
                return words.NOT_HERE

    async def _announced(
        self, place: Place, person: Person, called: str, changes: Sequence[SettingChange]
    ) -> str | None:
        """Say what has changed, in one message; nothing where nothing has."""
        if not changes:
            return words.SO_ALREADY
        log.info("settings were changed", extra={"settings": [change.setting for change in changes]})
        who = one_line(person.name, NAME_CHARS)
        texts = [text for change in changes for text in _told(change, who, called)]
        try:
            await self._post(self._workspaces.of(place.team), place, texts)
        except SlackError as error:
            log.warning("a change of settings was not announced", extra={"error": error.error})
            return words.NOT_SAID
        return None

    async def _post(self, workspace: Workspace, place: Place, texts: Sequence[str]) -> None:
        thread: dict[str, Any] = {"thread_ts": place.thread_ts} if place.thread_ts else {}
        await workspace.slack.call(
            "chat.postMessage",
            patience=PATIENCE,
            channel=place.channel,
            unfurl_links=False,
            unfurl_media=False,
            text=html.escape("\n".join(texts), quote=False),
            blocks=[section(text) for text in texts],
            **thread,
        )


def _told(change: SettingChange, who: str, called: str) -> list[str]:
    put, taken = SETTERS[change.setting, change.thread_ts is not None]
    sentence = (taken if change.after is None else put).format(who=who, name=called)
    quoted = change.setting == "additional_instructions" and change.after
    return [sentence, str(change.after)] if quoted else [sentence]
