"""Messages and modals as HTML, drawn anew only when they have changed."""

import json
from collections.abc import Callable

from bot.playground.drawing import draw_message, draw_view
from bot.playground.slack.payloads import message_json
from bot.playground.slack.records import Channel, Ephemeral, Json, Message, Modal
from bot.playground.world import World

RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp")  # what a browser shows and can run nothing
KEPT = 5000  # drawings, after which all are made anew


class Drawings:
    """The drawings of one world's messages."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[str, str] = {}

    @property
    def names(self) -> dict[str, str]:
        """What people and channels are called, by id."""
        slack = self._world.slack
        people = {person.id: person.display_name for person in slack.people.values()}
        channels = {channel.id: channel.name for channel in slack.channels.values()}
        bot = self._world.manifest.content["display_information"]["name"]
        return {**people, **channels, slack.bot_user: bot}

    @property
    def pictures(self) -> dict[str, str]:
        """Where the page finds the pictures, by file id."""
        files = self._world.slack.files.values()
        return {file.id: f"/pictures/{file.id}" for file in files if file.shown.get("mimetype") in RASTER}

    def message(self, channel: Channel, message: Message, *, follows: bool) -> str:
        """A message of a channel."""
        raw = {**message_json(self._world.slack, channel, message), "error_pill": message.error_pill}
        return self._drawn(raw, follows=follows)

    def ephemeral(self, told: Ephemeral) -> str:
        """A message of the app that one person sees."""
        slack = self._world.slack
        author = {"user": slack.bot_user, "bot_id": slack.bot_id, "ts": told.ts, "is_ephemeral": True}
        return self._drawn({**author, "text": told.text, "blocks": told.blocks}, follows=False)

    def modal(self, modal: Modal) -> str:
        """A modal."""
        return self._keep(f"modal{modal.id}{modal.hash}", lambda: draw_view(modal.view, self.names))

    def _drawn(self, raw: Json, *, follows: bool) -> str:
        names, pictures = self.names, self.pictures
        key = json.dumps([raw, follows, len(pictures)], default=str, sort_keys=True)
        return self._keep(key, lambda: draw_message(raw, names, pictures=pictures, follows=follows))

    def _keep(self, key: str, draw: Callable[[], str]) -> str:
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = draw()
        return self._kept[key]
