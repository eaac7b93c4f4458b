"""The inspector of one world: the trail, the rows behind a message, budgets, faults, time."""

from bot.playground.inspector.rows import Database, Story
from bot.playground.inspector.trail import Trail, of_message, of_run, of_thread
from bot.playground.inspector.trouble import Trouble
from bot.playground.inspector.veil import Veil
from bot.playground.slack.rates import PER_MINUTE
from bot.playground.slack.records import Json
from bot.playground.world import World

FARTHEST = 31 * 86_400.0  # seconds by which time can be moved on at once


class Inspector:
    """What the page shows of it."""

    def __init__(self, world: World) -> None:
        self.veil = Veil(world.secrets)
        self.trail = Trail(world.slack, world.openai, self.veil)
        self.trouble = Trouble(world.slack, world.openai)
        self._world = world
        self._database = Database(world.database)

    def parts(self) -> dict[str, Json]:
        """What a page with the inspector open is told, besides the trail."""
        return {"budget": self.budget(), "faults": {"list": self.trouble.listed()}}

    def world(self) -> Json:
        """What every page is told: how far the emulators' clock is ahead, and whether the bot is connected."""
        return {"ahead": self._world.clock.ahead, "sockets": self._world.slack.connected}

    def budget(self) -> Json:
        """By method: how many calls are left of how many in a minute."""
        rates = self._world.slack.rates
        return {"left": {method: [rates.left(method), PER_MINUTE[method]] for method in rates.called}}

    def put_forward(self, seconds: float) -> None:
        """Let the emulators' clock be that much later; ValueError for what is no such time."""
        if seconds > FARTHEST:
            raise ValueError("That is too far.")
        self._world.clock.put_forward(seconds)

    async def runs(self) -> Json:
        """The newest runs."""
        shown: Json = self.veil.over({"tables": {"runs": await self._database.runs()}})
        return shown

    async def behind(self, channel: str, ts: str, *, whole: bool = False) -> Json:
        """What happened behind a message: numbers of the trail's entries, and rows. `whole`: behind its thread."""
        story = await self._database.story(channel, ts)
        self.trail.refresh()
        told: Json = {"run": story.run, "numbers": self._numbers(story, channel, ts, whole=whole)}
        shown: Json = self.veil.over({**told, "tables": story.tables})
        return shown

    def _numbers(self, story: Story, channel: str, ts: str, *, whole: bool) -> list[int]:
        entries = self.trail.entries()
        place = (channel, story.thread_ts or self._root(channel, ts))
        if whole:
            return of_thread(entries, place, story.memory, list(story.traces.values()))
        if story.run is None or story.run not in story.traces:
            return of_message(entries, channel, ts)
        index = list(story.traces).index(story.run)
        return of_run(entries, place, story.memory, list(story.traces.values()), index)

    def _root(self, channel: str, ts: str) -> str:
        place = self._world.slack.channels.get(channel)
        message = place.messages.get(ts) if place is not None else None
        return message.root if message is not None else ts
