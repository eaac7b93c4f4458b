"""What people do to files that we have taken: they delete them, change them, take them off messages."""

import asyncio
import logging
from collections.abc import Callable, Collection

from bot.attachments.ingest import Attachments
from bot.attachments.records import Dropped
from bot.attachments.removal import Removal
from bot.errors import FileRefused, SlackRefused
from bot.workspaces import Workspaces
from storage.file_records import FilePlace
from storage.records import Place
from storage.store import Store

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds; what takes longer Slack tells again
GONE = frozenset({"file_deleted", "file_not_found"})
"""Answers of files.info about what is not there (docs.slack.dev/reference/methods/files.info)."""


class FileChanges:
    """Takes what Slack tells of files. When a method returns, everything that must not be lost is committed."""

    def __init__(
        self,
        store: Store,
        workspaces: Workspaces,
        attachments: Attachments,
        removal: Removal,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._attachments = attachments
        self._removal = removal
        self._wake = wake
        self._being_changed: dict[str, asyncio.Lock] = {}  # by Slack's file id

    async def deleted(self, team: str, slack_file_id: str) -> None:
        """Forget a file; an answer that is being given to a message with it begins again without it."""
        if await self._store.messages.lose_file(team, slack_file_id):
            self._wake()
        async with self._alone(slack_file_id):
            await self._removal.expel(team, slack_file_id)

    async def changed(self, team: str, slack_file_id: str) -> None:
        """Take the file again wherever it was posted; where it has other bytes, what it was before leaves.

        Slack tells only the id, and tells of any change, a title or a preview as well: only the bytes say whether
        there is anything to do, so they are fetched. Raises SlackError or FileRefused where that does not succeed:
        then the event is not acknowledged, and Slack sends it again for a while.
        """
        if team not in self._workspaces.teams:
            return
        async with self._alone(slack_file_id):
            places = await self._store.files.of_slack_file(team, slack_file_id)
            if not places:
                return
            try:
                told = await self._workspaces.of(team).slack.call(
                    "files.info", patience=PATIENCE, file=slack_file_id
                )
            except SlackRefused as refused:
                if refused.error not in GONE:
                    raise
                await self._removal.expel(team, slack_file_id)
                return
            for place in _one_each(places):
                await self._take_again(place, told.get("file"))

    async def message_deleted(self, team: str, channel: str, ts: str) -> None:
        """Forget the files of a message."""
        await self._removal.leave([one.id for one in await self._store.files.of_message(team, channel, ts)])

    async def taken_off(self, team: str, channel: str, ts: str, slack_file_ids: Collection[str]) -> None:
        """Forget files that are no longer on a message."""
        places = await self._store.files.of_message(team, channel, ts)
        await self._removal.leave([one.id for one in places if one.slack_file_id in slack_file_ids])

    async def _take_again(self, place: FilePlace, file: object) -> None:
        """Take one file of one message; it may be indexed later, with the next question in its thread."""
        where = Place(place.team, place.channel, place.thread_ts)
        json = file if isinstance(file, dict) else {"id": place.slack_file_id}
        unfinished = place if place.file.openai_file_id is None else None
        taken = await self._attachments.take_again(
            Dropped(where, place.message_ts, place.uploader, json), unfinished
        )
        if not taken.file_id:
            raise FileRefused("changed", " ".join(taken.notes))
        there = await self._store.files.of_message(place.team, place.channel, place.message_ts)
        old = [
            one.id
            for one in there
            if one.slack_file_id == place.slack_file_id and one.file.openai_file_id != taken.file_id
        ]
        await self._removal.leave(old)
        self._removal.wake()  # places of other bytes are leaving already
        log.info("a changed file was looked at", extra={"file": place.slack_file_id})

    def _alone(self, slack_file_id: str) -> asyncio.Lock:
        """One at a time for each file: Slack tells of a change several times."""
        self._being_changed = {key: lock for key, lock in self._being_changed.items() if lock.locked()}
        return self._being_changed.setdefault(slack_file_id, asyncio.Lock())


def _one_each(places: Collection[FilePlace]) -> tuple[FilePlace, ...]:
    """One place of each message: several uses of a file are taken together."""
    return tuple({(place.channel, place.message_ts): place for place in places}.values())
