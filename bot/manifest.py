"""The Slack app's manifest: its text, the scopes it asks for, the events it hears, the link that creates it."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

NAME = "manifest.yml"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest as written, and what is in it."""

    text: str
    content: dict[str, Any]

    @property
    def scopes(self) -> tuple[str, ...]:
        """The bot scopes that the app is installed with."""
        return tuple(self.content["oauth_config"]["scopes"]["bot"])

    @property
    def events(self) -> tuple[str, ...]:
        """The events that Slack sends, as subscribed: `message.im` and its like for `message`."""
        return tuple(self.content["settings"]["event_subscriptions"]["bot_events"])

    @property
    def shortcuts(self) -> tuple[str, ...]:
        """The callback ids of its message shortcuts."""
        return tuple(shortcut["callback_id"] for shortcut in self.content["features"]["shortcuts"])

    @property
    def commands(self) -> tuple[str, ...]:
        """Its slash commands."""
        return tuple(command["command"] for command in self.content["features"]["slash_commands"])

    @property
    def creation_url(self) -> str:
        """Where a click creates the app with this manifest (reference/slack-platform.md §10)."""
        return f"https://api.slack.com/apps?new_app=1&manifest_yaml={quote(self.text, safe='')}"


def read_manifest() -> Manifest:
    """Read the manifest from the installed package, or from the root of a checkout."""
    packaged = resources.files("bot") / NAME
    source = packaged if packaged.is_file() else Path(__file__).parents[1] / NAME
    text = source.read_text(encoding="utf-8")
    return Manifest(text, yaml.safe_load(text))
