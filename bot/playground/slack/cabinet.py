"""What people do with files, and with channels that become shared: the Python API of the emulated workspace."""

import asyncio
from pathlib import Path

from bot.playground.slack import events, shelf
from bot.playground.slack.files import (
    TOMBSTONE,
    VISIBLE,
    Delivery,
    chunks,
    clip,
    describe,
    of_mode,
    size_of,
)
from bot.playground.slack.records import Json
from bot.playground.slack.seen import Shown

OTHER_TEAM = "T0000000099"  # the organisation with which a channel becomes shared, unless another is named


class Cabinet(Shown):
    """A workspace whose people have files."""

    def add_file(
        self,
        name: str,
        content: bytes | Path,
        user: str,
        *,
        mimetype: str | None = None,
        mode: str = "hosted",
        subtype: str | None = None,
        access: str = VISIBLE,
        seconds: float = 5.0,
        ready_after: float = 0.0,
        **fields: object,
    ) -> Json:
        """Let somebody have a file; answers with its object, which stays current, to be posted.

        `mode` is one of docs.slack.dev/reference/objects/file-object (a canvas is `quip`), `subtype` that of a
        clip of so many `seconds`, `access` how it is told (`check_file_info`, `access_denied`). Some fields are
        missing until `ready_after` seconds of the clock. `fields` are told instead, a lying `size` for one.
        """
        base = describe(name, mimetype, content) | of_mode(mode, content)
        if subtype is not None:
            base |= clip(subtype, seconds)
        if mimetype is not None:
            base["mimetype"] = mimetype
        file = shelf.keep(self, user, content, base, fields)
        file.access, file.ready, file.deleted = access, ready_after == 0, mode == TOMBSTONE
        file.refresh()
        if not file.ready:
            self.later(ready_after, file.processed)
        return file.shown

    def content_of(self, file_id: str) -> bytes:
        """All bytes of a file."""
        return b"".join(chunks(self.files[file_id].content))

    def deliver(self, file_id: str, delivery: Delivery) -> None:
        """Serve the bytes of that file in that way from now on."""
        self.files[file_id].delivery = delivery

    async def delete_file(self, file_id: str) -> None:
        """Let its owner delete a file: messages keep a tombstone of it."""
        events.file_deleted(self, self.files[file_id])
        await asyncio.sleep(0)

    async def change_file(self, file_id: str, content: bytes | Path | None = None, **fields: object) -> None:
        """Change the bytes of a file, or what is told of it; with neither, only say that it changed."""
        file = self.files[file_id]
        if content is not None:
            file.content = content
            file.fields["size"] = size_of(content)
        file.fields |= fields
        file.refresh()
        events.file_changed(self, file)
        await asyncio.sleep(0)

    def share(self, channel: str, team: str = OTHER_TEAM) -> None:
        """Share a channel with another organisation."""
        self._share(channel, team, shared=True)

    def unshare(self, channel: str, team: str = OTHER_TEAM) -> None:
        """End that; the channel keeps its id, unlike some in Slack (slack-platform.md §7.4)."""
        self._share(channel, team, shared=False)

    def _share(self, channel: str, team: str, *, shared: bool) -> None:
        place = self.channels[channel]
        place.shared = shared
        events.sharing_changed(self, place, team)
