"""A world whose program reaches Slack, its sockets and OpenAI through a proxy each."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from yarl import URL

from bot.clock import Clock
from bot.playground.openai.emulated import EmulatedOpenAI
from bot.playground.slack.workspace import EmulatedSlack
from tests.faults.proxy import Proxy


@dataclass(frozen=True, slots=True)
class Lines:
    """The three proxies."""

    slack: Proxy  # the Web API and the files
    socket: Proxy
    openai: Proxy

    @property
    def all(self) -> tuple[Proxy, Proxy, Proxy]:
        """Each of them."""
        return self.slack, self.socket, self.openai


@asynccontextmanager
async def led_through(clock: Clock, slack: EmulatedSlack, openai: EmulatedOpenAI) -> AsyncIterator[Lines]:
    """Put a proxy in front of everything that these two serve; they must be served already."""
    async with AsyncExitStack() as stack:

        async def before(address: str) -> tuple[Proxy, str]:
            proxy = await stack.enter_async_context(Proxy(clock, URL(address).port or 0).serve())
            return proxy, str(URL(address).with_port(proxy.port))

        api, slack.api_url = await before(slack.api_url)
        sockets, _ = await before(f"ws://{slack.sockets_at}/")
        model, openai.base_url = await before(openai.base_url)
        slack.origin = str(URL(slack.api_url).origin())
        slack.hooks_url = f"{slack.origin}/actions/"
        slack.sockets_at = f"127.0.0.1:{sockets.port}"
        yield Lines(api, sockets, model)
