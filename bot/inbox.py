"""The inbox: remembers each message once and wakes the worker. What it has accepted is committed."""

import logging
from collections.abc import Callable
from functools import partial

from bot.addressing import FollowThreads, Manners, Post, decide, decide_on_press, is_a_person
from bot.clock import Clock
from bot.logs import ids
from bot.tracing import SILENCE, Origin, Tracer, now
from bot.workspaces import Workspaces
from storage.records import Heard, NewMessage, Place, Reopening, Thread, Touched, Verdict
from storage.store import Store

log = logging.getLogger(__name__)

HOUR = 3600.0  # seconds


class Inbox:
    """Everything that people say, edit, delete and stop passes here."""

    def __init__(
        self,
        store: Store,
        workspaces: Workspaces,
        clock: Clock,
        wake: Callable[[], None],
        *,
        follow: FollowThreads,
        allow_external: bool,
        runs_per_person_hour: int,
        tracer: Tracer = SILENCE,
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._clock = clock
        self._wake = wake
        self._tracer = tracer
        self._follow: FollowThreads = follow
        self._runs_per_person_hour = runs_per_person_hour
        self.allow_external = allow_external

    async def accept(self, post: Post) -> Heard:
        """Remember a message that is for us. Committed when this returns; StorageError where it is not."""
        if post.team not in self._workspaces.teams:
            log.info("not a message for us", extra={"reason": "we are not installed there", "ts": post.ts})
            return Heard.IGNORED
        verdict_on = partial(decide, post, manners=self.manners(post.team), now=self._clock.time())
        return await self._hear(post.message(), verdict_on)

    async def ask(self, message: NewMessage) -> Heard:
        """Take a question that somebody asked by a button. Committed when this returns; StorageError where not.

        IGNORED: it is muted there.
        """
        return await self._hear(message, partial(decide_on_press, message.user))

    async def _hear(self, message: NewMessage, verdict_on: Callable[[Thread | None], Verdict]) -> Heard:
        """Remember a message, if it is for us; a trace begins with it, and the worker is woken."""
        place, began = message.place, now()
        with ids(team=place.team, channel=place.channel, thread_ts=place.thread_ts):
            heard, verdict = await self._store.messages.hear(message, verdict_on)
            log.info("heard a message", extra={"heard": heard.value, "reason": verdict.reason, "ts": message.ts})
        if heard is Heard.ACCEPTED:
            self._tracer.accepted(Origin(place.team, place.channel, message.ts), began)
            self._wake()
        return heard

    async def change(self, post: Post) -> Touched:
        """Take an edit: a waiting message reads differently now; one that was not for us may be by now.

        What was answered already (ENDED) is not answered again by itself: see `bot.anew`.
        """
        known = post.team in self._workspaces.teams and is_a_person(post, self.manners(post.team))
        touched = await self._change(post) if known else Touched.UNKNOWN
        if touched is Touched.UNKNOWN and await self.accept(post) is Heard.DUPLICATE:
            touched = await self._change(post)  # the message itself was told in between
        log.info("a message was edited", extra={"met": touched.value, "ts": post.ts})
        if touched is Touched.ACTIVE:
            self._wake()
        return touched

    async def _change(self, post: Post) -> Touched:
        return await self._store.messages.change(post.team, post.channel, post.ts, post.text, post.files)

    async def withdraw(self, team: str, channel: str, ts: str, said: Post | None = None) -> Touched:
        """Take a deletion: what waits is withdrawn, what is being answered begins again without it.

        The answer to what was answered is withdrawn with it. Where we have not been told of the message yet
        (Slack keeps no order), it will not be answered: `said` is how it read, as far as Slack says that.
        """
        touched = await self._store.messages.withdraw(team, channel, ts)
        if touched is Touched.UNKNOWN and said is not None and not await self._forestall(said):
            touched = await self._store.messages.withdraw(team, channel, ts)
        log.info("a message was deleted", extra={"met": touched.value, "ts": ts})
        if touched in (Touched.ACTIVE, Touched.ENDED):
            self._wake()
        return touched

    async def _forestall(self, said: Post) -> bool:
        """Whether a deleted message can come too late now; otherwise it has come in between."""
        if said.team not in self._workspaces.teams:
            return True
        verdict_on = partial(decide, said, manners=self.manners(said.team), now=self._clock.time())
        return await self._store.messages.forestall(said.message(), verdict_on)

    async def stop(self, place: Place, user: str) -> None:
        """Take a Stop: the answer under way ends, what waits in the thread is not answered."""
        stopping = await self._store.runs.request_stop(place, user)
        log.info("a stop was asked for", extra={"run": stopping.run_id, "unqueued": stopping.unqueued})
        self._wake()

    async def try_again(self, run_id: str) -> bool:
        """Let a failed or stopped run's messages wait again; False where that is not possible (any more)."""
        again = await self._store.runs.try_again(run_id)
        if again:
            self._wake()
        return again

    async def regenerate(self, run_id: str, user: str) -> Reopening:
        """Let a run be answered anew, if it is the newest of its thread."""
        reopening = await self._store.runs.reopen(run_id, user)
        log.info("an answer is to be given anew", extra={"run": run_id, "found": reopening.value})
        if reopening is Reopening.REOPENED:
            self._wake()
        return reopening

    async def is_hasty(self, team: str, user: str) -> bool:
        """Whether somebody has had all the answers that one person gets in an hour."""
        return await self._store.runs.of_person(team, user, HOUR) >= self._runs_per_person_hour

    def manners(self, team: str) -> Manners:
        """Who we are there, and when we speak."""
        workspace = self._workspaces.of(team)
        return Manners(workspace.bot_user, workspace.bot_id, self._follow, self.allow_external)
