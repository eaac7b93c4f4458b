"""What the tests of downloads and uploads share: both, between the emulated Slack and a private folder."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import FileRefused
from bot.files.download import Downloads, Fetched
from bot.files.folder import Folder
from bot.files.slack_file import SlackFile, parse_file
from bot.files.upload import Uploads
from bot.pacing import Budget
from bot.playground.slack.files import Delivery, Download
from bot.slack import Slack
from tests.scenario.world import World

LIMIT = 1_000_000  # bytes
BYTES = bytes(range(256)) * 1000
T = TypeVar("T")


@dataclass
class Rig:
    """Files between Ann in #general and this machine."""

    world: World
    folder: Folder
    downloads: Downloads
    uploads: Uploads

    async def posted(self, content: bytes | Path = BYTES, name: str = "data.csv", **how: Any) -> dict[str, Any]:
        """Ann posts a file in #general; Slack's object for it."""
        slack = self.world.slack
        file = slack.add_file(name, content, self.world.ann, **how)
        await slack.post(self.world.general, self.world.ann, "", files=[file])
        return file

    async def offered(
        self, delivery: Delivery | None = None, content: bytes | Path = BYTES, **how: Any
    ) -> SlackFile:
        """Ann posts a file that is delivered in that way, as we read it."""
        file = await self.posted(content, **how)
        self.world.slack.deliver(file["id"], delivery or Delivery())
        return parse_file(dict(file))

    async def fetch(self, file: SlackFile, limit: int = LIMIT) -> Fetched:
        """Fetch it, with time moving on."""
        return await self.moving(self.downloads.fetch(file, limit))

    async def refused(self, file: SlackFile, limit: int = LIMIT) -> str:
        """Why it is not fetched; nothing of it stays behind, and its sentence names it."""
        with pytest.raises(FileRefused) as refusal:
            await self.fetch(file, limit)
        assert list(self.folder.path.iterdir()) == []
        assert refusal.value.user_text == refusal.value.sentence
        assert file.name in refusal.value.sentence
        return refusal.value.reason

    async def moving(self, work: Awaitable[T]) -> T:
        """The result of that work, with time moving on while nothing happens."""
        result: T = await self.world.meanwhile(work)
        return result

    @property
    def asked_elsewhere(self) -> list[Download]:
        """The requests for bytes that reached a host which is none of Slack's."""
        foreign = self.world.slack.foreign_origin.removeprefix("http://")
        return [seen for seen in self.world.slack.downloads if seen.host == foreign]


@asynccontextmanager
async def files_rig(make_world: Callable[..., Any], place: Path) -> AsyncIterator[Rig]:
    """Open everything that files need, and no bot."""
    world: World = await make_world()
    slack = world.slack
    slack.scopes |= {"files:read", "files:write"}
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        calls = Slack(client, world.clock, Budget(world.clock))
        with Folder.open(place) as folder:
            downloads = Downloads(session, calls, slack.bot_token, slack.api_url, folder, world.clock)
            yield Rig(world, folder, downloads, Uploads(calls, session, world.clock))
    await world.clock.advance(100)  # bodies that are still being served notice that nobody reads them
