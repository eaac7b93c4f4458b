"""What the tests of the emulated workspace share: the served workspace, the real client, a thread."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.clock import SteppedClock
from bot.playground.slack import EmulatedSlack

Json = dict[str, Any]


@dataclass
class Rig:
    """A workspace with one person, one channel, and a thread that the person began."""

    slack: EmulatedSlack
    clock: SteppedClock
    client: AsyncWebClient
    http: aiohttp.ClientSession
    ann: str
    channel: str
    thread: str

    @property
    def where(self) -> Json:
        """Arguments of a start of a stream in the thread, for its person."""
        return {
            "channel": self.channel,
            "thread_ts": self.thread,
            "recipient_user_id": self.ann,
            "recipient_team_id": self.slack.team,
        }

    async def call(self, method: str, **args: Any) -> Json:
        """A call with the bot token and a JSON body; its answer, whatever it is."""
        headers = {"Authorization": f"Bearer {self.slack.bot_token}"}
        async with self.http.post(self.slack.api_url + method, json=args, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    async def stream(self, **args: Any) -> str:
        """Start a stream; its ts."""
        return str((await self.client.chat_startStream(**(self.where | args)))["ts"])

    async def socket(self) -> aiohttp.ClientWebSocketResponse:
        """A websocket of the app, past its hello."""
        opened = await self.client.apps_connections_open(app_token=self.slack.app_token)
        ws = await self.http.ws_connect(opened["url"])
        assert (await ws.receive_json())["type"] == "hello"
        return ws


async def error_of(call: Awaitable[Any]) -> str:
    """The Slack error that this call of the SDK raises; "" if it is answered ok."""
    try:
        await call
    except SlackApiError as refused:
        return str(refused.response["error"])
    return ""


async def ack(ws: aiohttp.ClientWebSocketResponse, envelope: Json) -> None:
    """Acknowledge an envelope."""
    await ws.send_json({"envelope_id": envelope["envelope_id"]})


@asynccontextmanager
async def rig(**options: Any) -> AsyncIterator[Rig]:
    """A served workspace without any websocket, its first events lost before anybody listened."""
    clock = SteppedClock()
    slack = EmulatedSlack(clock, **options)
    ann = slack.add_person("Ann")
    channel = slack.add_channel("general", members=[ann])
    async with slack.serve(), aiohttp.ClientSession() as http:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=http, retry_handlers=[])
        deaf, slack.subscribed = slack.subscribed, set()
        thread = await slack.post(channel, ann, "hello")
        slack.subscribed = deaf
        yield Rig(slack, clock, client, http, ann, channel, thread)
