"""The playground with its page in a real browser; the bot beside it is the real one, in a process of its own."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from bot.clock import SystemClock
from bot.playground.model import MODEL, Pace, offline
from bot.playground.own import OwnAssistants
from bot.playground.page.server import PageServer
from bot.playground.world import World

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-component-update")
EXAMPLES = Path(__file__).parents[2] / "examples"
HURRIED = Pace(word=0, step=0)
PATIENCE = 20_000  # milliseconds until something awaited is given up
expect.set_options(timeout=PATIENCE)


@dataclass(slots=True)
class Desk:
    """A running playground and a browser that has been let in."""

    world: World
    address: str  # without the token
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)  # what the browser's console said, and what was thrown
    unused: list[Page] = field(default_factory=list)  # tabs in which nothing is open

    async def tab(self, person: str | None = None, *, width: int = 1280) -> Page:
        """A tab in which one is that person; no modal that another test left is open."""
        for modal in self.world.slack.modals:
            modal.open = False
        page = self.unused.pop() if self.unused else await self.another()
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(f"{self.address}#as={person}" if person else self.address)
        await expect(page.locator("#banner")).to_be_hidden()
        await expect(page.locator("#place-name")).not_to_be_empty()
        return page

    async def another(self) -> Page:
        """A new tab with nothing in it, which is listened to."""
        page = await self.context.new_page()
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.set_default_timeout(PATIENCE)
        return page

    async def leave(self) -> None:
        """Close all tabs but one, which is empty then and used again: it costs half of what a new one does."""
        kept, *others = self.context.pages
        for page in others:
            await page.close()
        await kept.goto("about:blank")
        await kept.emulate_media(color_scheme="light")
        self.unused = [kept]

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser of this machine; the test is skipped where there is none."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    """Everything running, with the example's assistant; the offline model does not dawdle."""
    own = OwnAssistants.read(EXAMPLES / "orders" / "assistants.toml", EXAMPLES, MODEL, {})
    async with (
        chromium() as browser,
        World.open(SystemClock(), folder, {}, own=own) as world,
        PageServer(world).serving("127.0.0.1", 0) as url,
    ):
        assert world.openai is not None
        world.openai.default = partial(offline, pace=HURRIED)
        await world.bot.start()
        context = await browser.new_context(reduced_motion="reduce")
        here = Desk(world, url.partition("?")[0], context)
        await (await here.another()).goto(url)
        await here.leave()
        yield here


async def say(page: Page, text: str, box: str = "#composer") -> None:
    """Write and send."""
    await page.fill(f"{box} textarea", text)
    await page.press(f"{box} textarea", "Enter")


async def go(page: Page, place: str) -> None:
    """Click on a place in the sidebar."""
    await page.click(f'.place:has-text("{place}")')
    await expect(page.locator("#place-name")).to_have_text(place)


async def answered(page: Page, count: int = 1) -> None:
    """Return when that many answers in the thread are whole: they have their thumbs."""
    await expect(page.locator('#replies [aria-label="Bad answer"]')).to_have_count(count)
