"""Who is in a conversation, and whether people of another organisation are: Slack is asked."""

import logging
from enum import Enum
from typing import Any

from bot.clock import Clock
from bot.errors import SlackError
from bot.workspaces import Workspaces
from storage.records import Claim
from storage.store import Store

log = logging.getLogger(__name__)

PATIENCE = 20.0  # seconds
PAGE = 1_000  # members of a page, at most (docs.slack.dev/reference/methods/conversations.members)
PAGES = 50
FRESH = 60.0  # seconds for which what Slack said with a message of the channel being shared still holds


class Standing(Enum):
    """What somebody is to a conversation."""

    MEMBER = "member"
    STRANGER = "stranger"
    UNKNOWN = "unknown"  # we are not in it, or Slack does not answer


class Borders:
    """The borders of conversations. What cannot be known is taken to be on the other side."""

    def __init__(self, store: Store, workspaces: Workspaces, clock: Clock, *, allow_external: bool) -> None:
        self._store = store
        self._workspaces = workspaces
        self._clock = clock
        self._allow_external = allow_external

    async def standing(self, team: str, channel: str, user: str) -> Standing:
        """Whether somebody is a member, as far as we are one ourselves.

        A message's menu proves nothing: public channels can be read, and their messages acted on, by anybody.
        """
        workspace = self._workspaces.of(team)
        members, cursor = set[str](), dict[str, Any]()
        try:
            for _ in range(PAGES):
                page = await workspace.slack.call(
                    "conversations.members", patience=PATIENCE, channel=channel, limit=PAGE, **cursor
                )
                members |= {user, workspace.bot_user} & {*page["members"]}
                following = (page.get("response_metadata") or {}).get("next_cursor")
                if len(members) == 2 or not following:
                    break
                cursor = {"cursor": following}
        except SlackError as error:
            log.info("the members of a conversation are unknown", extra={"error": error.error})
            return Standing.UNKNOWN
        if workspace.bot_user not in members:
            return Standing.UNKNOWN
        return Standing.MEMBER if user in members else Standing.STRANGER

    async def note(self, team: str, channel: str, *, shared: bool) -> None:
        """Remember that a channel is shared with another organisation now, or is not any more."""
        if team in self._workspaces.teams and not is_dm(channel):
            await self._store.channels.set_shared(team, channel, shared)

    async def closed(self, team: str, channel: str) -> bool:
        """Whether the channel's library is closed: outsiders are in it, or may be. Asks Slack, and remembers."""
        if self._allow_external or is_dm(channel):
            return False
        slack = self._workspaces.of(team).slack
        try:
            told = await slack.call("conversations.info", patience=PATIENCE, channel=channel)
        except SlackError as error:
            log.info("whether a channel is shared is unknown", extra={"error": error.error})
            return True
        shared = bool(told["channel"].get("is_ext_shared"))
        row = await self._store.channels.of(team, channel)
        if shared != (row is not None and row.shared):
            await self._store.channels.set_shared(team, channel, shared)
        return shared

    async def read_along(self, claim: Claim) -> bool:
        """Whether people of another organisation read the answer of a run.

        Slack says so with every message, not with a press; and the channel may have been shared since, as when an
        older question is answered again. An event that tells it may be missed, so then, and where the two
        differ, Slack is asked.
        """
        if self._allow_external:
            return False
        place = claim.thread.place
        told = any(message.shared for message in claim.messages)
        if is_dm(place.channel):
            return told
        row = await self._store.channels.of(place.team, place.channel)
        known = row is not None and row.shared
        if told:
            if not known:
                await self._store.channels.set_shared(place.team, place.channel, True)
            return True
        posted = (float(message.ts) for message in claim.messages if message.pressed is None)
        newest = max(posted, default=0.0)
        if not known and self._clock.time() - newest < FRESH:
            return False
        return await self.closed(place.team, place.channel)


def is_dm(channel: str) -> bool:
    """Whether it is a conversation of two, which is never shared with an organisation. Its id begins with D."""
    return channel.startswith("D")
