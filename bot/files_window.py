"""The modal with the files of a thread or a conversation: opened at once, filled, and files removed from it."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

from bot import words
from bot.attachments.listing import Block, Entry, Listing, entries, loading, saying, showing
from bot.borders import Borders, Standing
from bot.errors import SlackError
from bot.people import People
from bot.reply.steps import plain_line
from bot.workspaces import Workspaces
from storage.errors import StorageError
from storage.store import Store

log = logging.getLogger(__name__)

TRIGGER_LIVES = 3.0  # seconds in which an action may open a modal (docs.slack.dev/surfaces/modals)
PATIENCE = 10.0  # seconds that filling the modal goes on trying
NAME_CHARS = 80

Remove = Callable[[Collection[int]], Awaitable[None]]
"""Lets places go, and all that is known of their files with them."""


class FilesWindow:
    """Opens the modal, turns its pages, removes files. Who looks is checked every time; nothing is kept here."""

    def __init__(
        self,
        store: Store,
        workspaces: Workspaces,
        people: Mapping[str, People],  # by team
        borders: Borders,
        remove: Remove,
        admins: Collection[str],
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._people = people
        self._borders = borders
        self._remove = remove
        self._admins = frozenset(admins)

    async def open(self, listing: Listing, trigger_id: str) -> bool:
        """Open the modal for whoever asked, and fill it; False where Slack did not open it (any more)."""
        slack = self._workspaces.of(listing.team).slack
        try:
            opened = await slack.call(
                "views.open", patience=TRIGGER_LIVES, trigger_id=trigger_id, view=loading(listing)
            )
        except SlackError as error:
            log.info("the files were not opened", extra={"error": error.error})
            return False
        await self.fill(listing, str(opened["view"]["id"]))
        return True

    async def fill(self, listing: Listing, view_id: str) -> None:
        """Show a page of the files in an open modal, to members of the conversation."""
        try:
            refusal = await self._refusal(listing)
            view = saying(listing, refusal) if refusal else await self._shown(listing)
        except StorageError as error:
            log.warning("the files were not read", extra={"error": type(error).__name__})
            view = saying(listing, words.FAILURES["unexpected"])
        await self._update(listing, view_id, view)

    async def remove(self, listing: Listing, view_id: str, place_ids: Collection[int]) -> None:
        """Remove a file, if whoever pressed may do so now, and show what is left.

        What is not there (any more), or is none of this listing's, is left alone.
        """
        try:
            refusal = await self._refusal(listing)
            view = saying(listing, refusal) if refusal else await self._removed(listing, frozenset(place_ids))
        except StorageError as error:
            log.warning("a file was not removed", extra={"error": type(error).__name__})
            view = saying(listing, words.FAILURES["unexpected"])
        await self._update(listing, view_id, view)

    async def _refusal(self, listing: Listing) -> str:
        """Why somebody may not see these files; empty where they may."""
        match await self._borders.standing(listing.team, listing.channel, listing.user):
            case Standing.MEMBER:
                return ""
            case Standing.STRANGER:
                return words.FILES_MEMBERS_ONLY
            case _:
                return words.LIBRARY_NOT_HERE

    async def _removed(self, listing: Listing, place_ids: frozenset[int]) -> Block:
        going = [entry for entry in await self._listed(listing) if entry.ids & place_ids]
        if not all(entry.may_be_removed_by(listing.user, self._admins) for entry in going):
            log.warning("somebody else's file", extra={"user": listing.user})
            return await self._shown(listing, words.FILES_NOT_YOURS)
        ids = frozenset(id_ for entry in going for id_ in entry.ids)
        if ids:
            await self._remove(ids)
            log.info("a file was removed", extra={"places": len(ids)})
        return await self._shown(listing)

    async def _shown(self, listing: Listing, note: str = "") -> Block:
        listed = await self._listed(listing)
        people = await self._people[listing.team].names(entry.uploader for entry in listed)
        names = {user: plain_line(name, NAME_CHARS) for user, name in people.items()}
        return showing(listing, listed, names, self._admins, note)

    async def _listed(self, listing: Listing) -> list[Entry]:
        files, where = self._store.files, (listing.team, listing.channel)
        if listing.thread_ts:
            return entries(await files.of_thread(*where, listing.thread_ts))
        return entries(await files.of_channel(*where))

    async def _update(self, listing: Listing, view_id: str, view: Block) -> None:
        slack = self._workspaces.of(listing.team).slack
        try:
            await slack.call("views.update", patience=PATIENCE, view_id=view_id, view=view)
        except SlackError as error:  # closed meanwhile, as a rule
            log.info("the files were not shown", extra={"error": error.error})
