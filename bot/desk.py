"""What handlers may do: the front desk, where Slack's people are received."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from bot import setting_words, words
from bot.addressing import Post
from bot.anew import Anew
from bot.approvals import Approvals
from bot.attachments.changes import FileChanges
from bot.attachments.library import Librarian
from bot.borders import Borders, Standing
from bot.choice import Choice
from bot.command import Command
from bot.errors import SlackError
from bot.files_window import FilesWindow
from bot.inbox import Inbox
from bot.opinions import Opinions
from bot.options_view import Filled, Form
from bot.options_window import Answer, OptionsWindow
from bot.pressed import Press, Questions
from bot.quiet import Quiet
from bot.reply.details import Leaf
from bot.reply.reason import About
from bot.step_details import StepDetails
from bot.workspaces import Workspaces
from storage.file_records import NewLibraryChange
from storage.records import ACTIVE, Heard, Place
from storage.store import Store

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds: these calls are courtesies


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """The inbox, and the small services around it."""

    inbox: Inbox
    store: Store
    workspaces: Workspaces
    details: StepDetails
    opinions: Opinions
    anew: Anew
    questions: Questions
    changes: FileChanges
    librarian: Librarian
    files: FilesWindow
    borders: Borders
    choice: Choice
    approvals: Approvals
    command: Command
    options: OptionsWindow
    quiet: Quiet
    telling: "set[asyncio.Task[None]]" = field(default_factory=set)  # under way; lost with the process

    def refusal(self, team: str, external: bool) -> str | None:
        """Why a press is not for us; None where it is."""
        if team not in self.workspaces.teams:
            return "we are not installed there"
        if external and not self.inbox.allow_external:
            return "pressed by somebody of another organisation"
        return None

    async def take_feedback(
        self, team: str, about: About, user: str, value: str, trigger_id: str, thread_ts: str | None
    ) -> None:
        """Keep what a person thinks of an answer; who cannot have an opinion of it is told so."""
        sentence = await self.opinions.take(team, about, user, value, trigger_id)
        if sentence:
            await self.whisper(team, about.channel, user, sentence, thread_ts)

    async def regenerate(self, team: str, channel: str, message_ts: str, user: str, thread_ts: str | None) -> None:
        """Give the answer behind a message anew, or tell why not."""
        sentence = await self.anew.under(team, channel, message_ts, user)
        if sentence:
            await self.whisper(team, channel, user, sentence, thread_ts)

    async def answer_changed(
        self, team: str, channel: str, question_ts: str, user: str, thread_ts: str | None
    ) -> None:
        """Answer a changed question anew, or tell why not."""
        sentence = await self.anew.to(team, channel, question_ts, user)
        if sentence:
            await self.whisper(team, channel, user, sentence, thread_ts)

    async def take(self, post: Post) -> None:
        """Take what somebody said; where its thread waits for a decision, that is said at once."""
        heard = await self.inbox.accept(post)
        if heard is Heard.ACCEPTED and post.thread_ts:  # in a thread that begins with it nothing waits yet
            self.approvals.remind_soon(post.message().place)
        elif heard is Heard.IGNORED:
            task = asyncio.create_task(self._tell_if_muted(post))
            self.telling.add(task)
            task.add_done_callback(self.telling.discard)

    async def ask(self, press: Press, thread_ts: str | None) -> None:
        """Take a question that somebody asks by a button, or tell why not; committed when this returns."""
        sentence = await self.questions.ask(press)
        if sentence:
            await self.whisper(press.team, press.channel, press.user, sentence, thread_ts)

    async def ask_with(self, form: Form, filled: Filled, author_team: str) -> Answer:
        """Take a question that somebody asks in a modal, committed when this returns; what the modal does now."""
        answer = await self.options.submit(form, filled, author_team)
        if not answer:
            self.approvals.remind_soon(Place(form.team, form.channel, form.thread_ts))
        return answer

    async def _tell_if_muted(self, post: Post) -> None:
        """Tell somebody who speaks to us where we are muted that we are, once."""
        known = post.team in self.workspaces.teams
        if known and await self.quiet.is_to_be_told(post, self.inbox.manners(post.team)):
            await self.whisper(post.team, post.channel, post.user, setting_words.MUTED_HERE, post.thread_ts)

    async def take_edit(self, post: Post, taken_off: Collection[str]) -> None:
        """Take an edit; `taken_off` are Slack's ids of files that are not on the message any more."""
        await self.inbox.change(post)
        if taken_off:
            await self.changes.taken_off(post.team, post.channel, post.ts, taken_off)

    async def take_deletion(self, team: str, channel: str, ts: str, said: Post | None) -> None:
        """Take a deletion: of the message, of its answer, and of its files. `said` is how the message read."""
        await self.inbox.withdraw(team, channel, ts, said)
        await self.changes.message_deleted(team, channel, ts)

    async def offer_anew(self, post: Post) -> None:
        """Offer the author of a changed question to answer it again, if we have answered it and still can."""
        if self.refusal(post.team, post.external) is None and post.bot_id is None:
            await self.anew.offer(post.team, post.channel, post.ts, post.user)

    async def try_again(self, team: str, channel: str, message_ts: str, user: str, thread_ts: str | None) -> None:
        """Let the run behind a message be tried again; a second click is told so."""
        found = await self.store.runs.of_reply(team, channel, message_ts)
        if found and await self.store.preferences.is_muted(found[1].place):
            await self.whisper(team, channel, user, setting_words.MUTED_HERE, thread_ts)
            return
        if found and await self.inbox.try_again(found[0].id):
            return
        late = found is None or await self.store.runs.has_messages(found[0].id)
        sentence = words.TRY_AGAIN_TOO_LATE if late else words.TRYING_AGAIN_ALREADY
        await self.whisper(team, channel, user, sentence, thread_ts)

    async def stop(self, team: str, channel: str, message_ts: str, user: str, thread_ts: str | None) -> None:
        """Stop the run behind a message, as Slack's own Stop button does; nothing where it has ended already.

        A message that no run owns was posted a moment ago, by the run of its thread.
        """
        found = await self.store.runs.of_reply(team, channel, message_ts)
        if found and found[0].status in ACTIVE:
            await self.inbox.stop(found[1].place, user)
        elif found is None and thread_ts:
            await self.inbox.stop(Place(team, channel, thread_ts), user)
        else:
            log.info("a stop of what is not under way", extra={"ts": message_ts})

    async def refuse(self, team: str, channel: str, user: str, thread_ts: str | None) -> None:
        """Tell somebody of another organisation that our buttons are not for them."""
        if team in self.workspaces.teams:
            await self.whisper(team, channel, user, words.NOT_FOR_OUTSIDERS, thread_ts)

    async def show_details(self, leaf: Leaf, trigger_id: str, thread_ts: str | None) -> None:
        """Open everything about the steps of an answer, for the person who pressed the button."""
        if not await self.details.open(leaf, trigger_id):
            await self.whisper(leaf.team, leaf.channel, leaf.user, words.DETAILS_LATE, thread_ts)

    async def turn_page(self, leaf: Leaf, view_id: str, team: str, user: str) -> None:
        """Show another page of it, only to the person it was opened for, and only where it was opened."""
        if (leaf.team, leaf.user) != (team, user):
            log.warning("somebody else's details", extra={"user": user})
            return
        await self.details.fill(leaf, view_id)

    async def change_library(self, new: NewLibraryChange) -> str | None:
        """Have a library changed by a member of its channel, or tell why not."""
        if not new.slack_files:
            return words.LIBRARY_NO_FILES
        match await self.borders.standing(new.team, new.channel, new.user):
            case Standing.STRANGER:
                return words.LIBRARY_MEMBERS_ONLY
            case Standing.UNKNOWN:
                return words.LIBRARY_NOT_HERE
        await self.librarian.ask(new)
        return None

    async def whisper(self, team: str, channel: str, user: str, sentence: str, thread_ts: str | None) -> None:
        """Tell one person something that the others do not see."""
        thread: dict[str, Any] = {"thread_ts": thread_ts} if thread_ts else {}
        try:
            await self.workspaces.of(team).slack.call(
                "chat.postEphemeral", patience=PATIENCE, channel=channel, user=user, text=sentence, **thread
            )
        except SlackError as error:
            log.info("a sentence for one person was dropped", extra={"error": error.error})

    async def suggest_prompts(self, team: str, channel: str) -> None:
        """Offer questions at the top of the Messages tab (reference/slack-platform.md §1.3: without thread_ts)."""
        if self.refusal(team, external=False):
            return
        own = (await self.choice.here(team, channel)).suggested_prompts
        prompts = [one.model_dump() for one in own] or [
            {"title": title, "message": message} for title, message in words.PROMPTS
        ]
        try:
            await self.workspaces.of(team).slack.call(
                "assistant.threads.setSuggestedPrompts", patience=PATIENCE, channel_id=channel, prompts=prompts
            )
        except SlackError as error:
            log.info("suggested prompts were dropped", extra={"error": error.error})
