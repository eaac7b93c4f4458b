"""The playground's world: both emulators in this process, the bot beside it, and the people of the workspace."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.clock import Clock
from bot.manifest import Manifest, read_manifest
from bot.playground.cast import furnish
from bot.playground.child import Child
from bot.playground.clock import ShiftedClock
from bot.playground.keeping import load, save
from bot.playground.model import MODEL, offline, offline_models
from bot.playground.openai import EmulatedOpenAI
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.own import OwnAssistants
from bot.playground.slack import EmulatedSlack

OPENAI = "https://api.openai.com/v1"
OFFLINE = "offline.db"  # begun anew every time, as the emulated OpenAI forgets what it was told
KEEP_EVERY = 5.0  # real seconds
GRACE = "1"  # seconds that answers get when the bot is told to end: nobody waits for a playground


class World:
    """Everything behind the page. Made by `open`; `openai` is None where a real API answers.

    `clock` is that of the emulators, which can be put forward; the bot beside them has the machine's.
    """

    def __init__(
        self, clock: Clock, folder: Path, openai_environ: Mapping[str, str], own: OwnAssistants | None = None
    ) -> None:
        self.clock = clock = ShiftedClock(clock)
        self.manifest = read_manifest()
        self.slack = emulated_slack(clock, self.manifest)
        self.real = bool(openai_environ.get("OPENAI_API_KEY"))
        self.openai = None if self.real else offline_openai(clock, own)
        kept = load(self.slack, folder.parent)
        self.people = furnish(self.slack) if kept is None else kept
        self._folder = folder
        self._openai_environ = openai_environ
        self._own = own
        self.bot = Child({}, folder, self.slack.touch)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        clock: Clock,
        folder: Path,
        openai_environ: Mapping[str, str],
        *,
        keep: bool = False,
        own: OwnAssistants | None = None,
    ) -> AsyncIterator["World"]:
        """The emulators serving, the bot not yet started; all of it ends with the block.

        With an OPENAI_API_KEY in `openai_environ` its variables go to the bot, and no OpenAI is emulated. `folder`
        is where the bot runs and has its database: it must hold no .env, and no assistants.toml. The folder above
        is where the workspace is taken from, if one is kept there, and kept with `keep`. `own` are the assistants
        that answer instead of one of ours.
        """
        world = cls(clock, folder, openai_environ, own)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(world.slack.serve())
            if world.openai is not None:
                await stack.enter_async_context(world.openai.serve())
            for file in folder.glob(f"{OFFLINE}*"):  # noqa: ASYNC240 - of a moment, before anything runs
                file.unlink()
            modules = own.modules if own is not None else None
            world.bot = Child(world.environment(), folder, world.slack.touch, modules)
            stack.push_async_callback(world.bot.stop)
            if keep:
                await stack.enter_async_context(world._kept())
            yield world

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[None]:
        """The workspace kept: now and then in the block, and at its end."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            save(self.slack, self.people, self._folder.parent)

    async def _keep(self) -> None:
        seen = -1
        while True:
            if self.slack.activity != seen:
                seen = self.slack.activity
                save(self.slack, self.people, self._folder.parent)
            await asyncio.sleep(KEEP_EVERY)

    @property
    def answers_from(self) -> str:
        """Where answers come from, as the page says it: an address, or nothing where it is the offline model."""
        return (self._openai_environ.get("OPENAI_BASE_URL") or OPENAI) if self.real else ""

    @property
    def assistants_from(self) -> str:
        """The file whose assistants answer; nothing where it is one of ours."""
        return str(self._own.file) if self._own is not None else ""

    @property
    def database(self) -> Path:
        """The bot's database, which is there once the bot has run."""
        return self._folder / (OFFLINE if self.openai is not None else "threadmate.db")

    @property
    def secrets(self) -> list[str]:
        """What nobody is to see."""
        keys = [self.openai.api_key] if self.openai is not None else []
        real = [value for name, value in self._openai_environ.items() if name.endswith("_KEY")]
        named = self._own.variables.values() if self._own is not None else ()
        return [self.slack.bot_token, self.slack.app_token, *keys, *real, *named]

    def environment(self) -> dict[str, str]:
        """All that the bot is told."""
        return {
            **self._assistants(),
            **self._openai(),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.database.resolve()}",
            "SHUTDOWN_GRACE": GRACE,
        }

    def _openai(self) -> dict[str, str]:
        if self.openai is None:
            return dict(self._openai_environ)
        return {
            "OPENAI_API_KEY": self.openai.api_key,
            "OPENAI_BASE_URL": self.openai.base_url,
            "OPENAI_MODEL": MODEL,
        }

    def _assistants(self) -> dict[str, str]:
        if self._own is not None:
            return {**self._own.variables, "ASSISTANTS_FILE": str(self._own.file)}
        if self.real:
            return {}
        return {"ASSISTANT_TOOLS": "file_search,code_interpreter", "VECTOR_STORE_IDS": OPERATOR_STORE}


def offline_openai(clock: Clock, own: OwnAssistants | None = None) -> EmulatedOpenAI:
    """An API that has the offline model, and no other: it answers to the names that somebody's assistants want."""
    named = own.models if own is not None else ()
    openai = EmulatedOpenAI(clock, models=offline_models(*named))
    openai.default = offline
    for store in own.vector_stores - {OPERATOR_STORE} if own is not None else ():
        openai.stores.put(store)
    return openai


def emulated_slack(clock: Clock, manifest: Manifest) -> EmulatedSlack:
    """A workspace in which the app is installed with that manifest."""
    features = manifest.content["features"]
    return EmulatedSlack(
        clock,
        scopes=manifest.scopes,
        subscribed=manifest.events,
        shortcuts=[one["callback_id"] for one in features.get("shortcuts", ()) if one["type"] == "message"],
        commands=[one["command"] for one in features.get("slash_commands", ())],
    )
