"""Our own younger answers, without what a forgotten file left in them."""

import logging
from typing import Any

from bot.assistant.engine import Engine
from bot.catch_up import read_thread
from bot.errors import SlackRefused
from bot.reply.blanked import Blanked, Traces, blanked
from bot.reply.calls import TOO_MUCH
from bot.workspaces import Workspaces
from storage.file_records import FilePlace, Showing
from storage.records import Place
from storage.store import Store

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds that an edit goes on trying; then the whole removal is tried again


class Answers:
    """Takes a file out of answers that have been given. Each call may be made again."""

    def __init__(self, store: Store, engine: Engine, workspaces: Workspaces) -> None:
        self._store = store
        self._engine = engine
        self._workspaces = workspaces

    async def forget_details(self, run_id: str) -> None:
        """Delete the responses of a run at OpenAI: "All details" says then that they are gone."""
        for response in await self._store.runs.responses(run_id):
            await self._engine.forget_details(response.response_id)

    async def forget_shown(self, place: FilePlace, showing: Showing) -> None:
        """Edit an answer's messages so that they show nothing of the file; raises SlackError.

        One that Slack does not let us edit stays as it is: it is too old, it is gone, or we are.
        """
        if place.team not in self._workspaces.teams:
            return
        thread = Place(place.team, place.channel, showing.thread_ts)
        traces = Traces.of([place.file.name, place.shown], [place.permalink])
        for reply in await self._store.runs.replies(showing.run_id):
            if reply.ts is None:
                continue
            try:
                await self._blank(thread, reply.ts, traces)
            except SlackRefused as refused:
                log.warning("an answer keeps what it shows", extra={"ts": reply.ts, "error": refused.error})

    async def _blank(self, thread: Place, ts: str, traces: Traces) -> None:
        slack = self._workspaces.of(thread.team).slack
        messages, _ = await read_thread(slack, thread, ts, ts, inclusive=True)
        found = next((blanked(message, traces) for message in messages if message["ts"] == ts), None)
        if found is None:
            return
        try:
            await self._update(thread, ts, found)
        except SlackRefused as refused:
            if refused.error not in TOO_MUCH:
                raise
            log.warning("Slack refused what a message shows", extra={"error": refused.error})
            await self._update(thread, ts, Blanked(found.text, []))

    async def _update(self, thread: Place, ts: str, now: Blanked) -> None:
        slack = self._workspaces.of(thread.team).slack
        where: dict[str, Any] = {"channel": thread.channel, "ts": ts}
        await slack.call("chat.update", patience=PATIENCE, **where, text=now.text, blocks=now.blocks)
