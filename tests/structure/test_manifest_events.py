"""What the handlers take is what the manifest subscribes to, and the reverse."""

import re
from types import SimpleNamespace
from typing import Any, cast

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.desk import FrontDesk
from bot.manifest import read_manifest
from handlers import SUBSCRIPTIONS, register


class NotingApp(AsyncApp):
    """Bolt, which also notes what is registered, in order."""

    def __init__(self) -> None:
        async def authorize() -> AuthorizeResult:
            raise AssertionError("no event arrives here")

        super().__init__(client=AsyncWebClient(), authorize=authorize, request_verification_enabled=False)
        self.events: list[Any] = []
        self.shortcuts: list[Any] = []
        self.commands: list[Any] = []

    def event(self, event: Any, *args: Any, **kwargs: Any) -> Any:
        self.events.append(event)
        return super().event(event, *args, **kwargs)

    def shortcut(self, constraints: Any, *args: Any, **kwargs: Any) -> Any:
        self.shortcuts.append(constraints)
        return super().shortcut(constraints, *args, **kwargs)

    def command(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        self.commands.append(command)
        return super().command(command, *args, **kwargs)


def told() -> NotingApp:
    """What `register` tells Bolt; nothing is called, so there need be nobody at the desk."""
    app = NotingApp()
    register(app, cast("FrontDesk", SimpleNamespace(inbox=None)))
    return app


def registered() -> list[Any]:
    """The events that `register` tells Bolt of."""
    return told().events


def test_every_shortcut_and_command_has_a_handler_and_the_reverse() -> None:
    app, manifest = told(), read_manifest()
    *shortcuts, everything = app.shortcuts
    assert everything == re.compile(".*")
    assert sorted(shortcuts) == sorted(manifest.shortcuts)
    assert app.commands == list(manifest.commands)


def test_every_event_with_a_handler_is_subscribed_and_the_reverse() -> None:
    *handled, _ = registered()
    types = {event["type"] if isinstance(event, dict) else event for event in handled}
    assert sorted(types) == sorted(SUBSCRIPTIONS)
    assert sorted(name for names in SUBSCRIPTIONS.values() for name in names) == sorted(read_manifest().events)


def test_a_subscription_belongs_to_its_event() -> None:
    for event, names in SUBSCRIPTIONS.items():
        assert {name.split(".")[0] for name in names} == {event}


def test_what_takes_everything_comes_last() -> None:
    assert registered()[-1] == re.compile(".*")
