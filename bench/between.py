"""What every measurement stands on: both emulators, and the real command between them."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import chain
from pathlib import Path

from bench.processes import Child, python
from bot.clock import SystemClock
from bot.manifest import read_manifest
from bot.playground.openai.emulated import EmulatedOpenAI
from bot.playground.openai.script import Pause, Script, Turn
from bot.playground.slack.workspace import EmulatedSlack

RUN = ("-c", "from bot.cli import main; main()", "run")  # what the console script `threadmate run` does


class Between:
    """Both emulators, by the real clock, and a model that answers as it is told to."""

    def __init__(self, speak: Callable[[Turn], Script]) -> None:
        manifest, self.clock = read_manifest(), SystemClock()
        self.slack = EmulatedSlack(self.clock, scopes=manifest.scopes, subscribed=manifest.events)
        self.openai = EmulatedOpenAI(self.clock)
        self.openai.default = speak

    def command(
        self, folder: Path, database_url: str | None = None, **environ: str
    ) -> AbstractAsyncContextManager[Child]:
        """The command; its settings are the defaults, but for the limit of questions per person and `environ`."""
        return python(
            *RUN,
            folder=folder,
            SLACK_BOT_TOKEN=self.slack.bot_token,
            SLACK_APP_TOKEN=self.slack.app_token,
            SLACK_API_URL=self.slack.api_url,
            OPENAI_API_KEY=self.openai.api_key,
            OPENAI_BASE_URL=self.openai.base_url,
            DATABASE_URL=database_url or f"sqlite+aiosqlite:///{folder}/threadmate.db",
            MAX_RUNS_PER_PERSON_HOUR="1000000",
            **environ,
        )


def for_the_bare(between: Between) -> str:
    """The first line for `bench.bare`: the bot's own last request, without its conversation."""
    slack, openai = between.slack, between.openai
    given = {
        "openai": {"base_url": openai.base_url, "api_key": openai.api_key},
        "slack": {"base_url": slack.api_url, "token": slack.bot_token},
        "request": {key: value for key, value in openai.creates[-1].items() if key != "conversation"},
    }
    return json.dumps(given)


def word_by_word(words: int, rate: float) -> Sequence[str | Pause]:
    """What the model says: that many words, `rate` of them in a second."""
    pause = Pause(1 / rate)
    spoken: list[str | Pause] = list(chain.from_iterable((f"word{number} ", pause) for number in range(words)))
    return spoken[:-1]


def said(spoken: Sequence[str | Pause]) -> str:
    """The text of it."""
    return "".join(piece for piece in spoken if isinstance(piece, str))
