"""Which assistant answers: decided here, and nowhere else."""

from bot.assistants import Assistant, Assistants
from bot.assistants_watch import AssistantsNow
from bot.overrides import Overrides
from storage.channels import Channels
from storage.records import Claim, Run


class Choice:
    """Chooses among the assistants as they are now."""

    def __init__(self, now: AssistantsNow, channels: Channels) -> None:
        self._now = now
        self._channels = channels

    @property
    def assistants(self) -> Assistants:
        """All of them, as they are now."""
        return self._now.assistants

    async def of(self, claim: Claim) -> Assistant:
        """Who answers a run: whom it began with; else whom it, its thread, its channel or the file names.

        As it was when the run began, and with what this run shall do otherwise. A run that is answered anew has
        begun with nobody: see `storage.reopening`.
        """
        kept = Assistant.of_run(claim.run.assistant) if claim.run.assistant else None
        if kept is not None:
            return kept
        place, overrides = claim.thread.place, Overrides.of(claim.run.overrides)
        chosen = await self.here(place.team, place.channel, overrides.assistant, claim.thread.assistant)
        return overrides.applied_to(chosen)

    async def here(self, team: str, channel: str, *wishes: str | None) -> Assistant:
        """The one that answers in that channel, unless one of the wishes, by their keys, can be fulfilled."""
        if len(self.assistants.by_key) == 1:
            return self.assistants.default
        row = await self._channels.of(team, channel)
        return self.assistants.which(channel, *wishes, row.assistant if row else None)

    def named(self, assistant: Assistant) -> str | None:
        """What people read of who answered; None where there is nobody else, and nothing to tell."""
        alone = len(self.assistants.by_key) == 1 and assistant.key == self.assistants.default.key
        return None if alone else assistant.name

    def answered(self, run: Run) -> str | None:
        """Likewise of a run that is over, or was begun."""
        kept = Assistant.of_run(run.assistant) if run.assistant else None
        return self.named(kept) if kept is not None else None
