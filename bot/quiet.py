"""What people are told who mention us where we are muted: once a day at most."""

from collections import OrderedDict

from bot.addressing import Manners, Post, is_a_person, mentioned
from bot.clock import Clock
from storage.store import Store

AGAIN = 24 * 3600.0  # seconds
MOST = 10_000  # people in channels that are remembered: whoever was forgotten is told once more


class Quiet:
    """Remembers who has been told, in this process only."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._told: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    async def is_to_be_told(self, post: Post, manners: Manners) -> bool:
        """Whether its author spoke to us where we are muted, and has not been told lately that we are."""
        spoke = post.direct or post.mention or manners.bot_user in mentioned(post.text)
        if not spoke or not is_a_person(post, manners) or (post.external and not manners.allow_external):
            return False
        key, now = (post.team, post.channel, post.user), self._clock.monotonic()
        if now - self._told.get(key, -AGAIN) < AGAIN:
            return False
        self._told[key] = now
        if not await self._store.preferences.is_muted(post.place):
            self._told.pop(key, None)
            return False
        if len(self._told) > MOST:
            self._told.popitem(last=False)
        return True
