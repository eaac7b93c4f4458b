"""The Slack workspaces we are installed in: one today, many later. Nobody holds "the" client."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack import Slack
from bot.surfaces import Surfaces


@dataclass(frozen=True, slots=True)
class Workspace:
    """One installation: how to call Slack there, and who we are there."""

    team: str
    slack: Slack
    bot_user: str
    bot_id: str
    surfaces: Surfaces
    enterprise: str | None = None


class Workspaces:
    """Every installation, by its team."""

    def __init__(self, workspaces: Mapping[str, Workspace]) -> None:
        self._workspaces = workspaces

    def of(self, team: str) -> Workspace:
        """The installation of that team. KeyError where we are not installed."""
        return self._workspaces[team]

    @property
    def teams(self) -> frozenset[str]:
        """The teams we are installed in."""
        return frozenset(self._workspaces)
