"""The modals behind our shortcuts: a question about a message, a question with options, a thread's settings."""

import html
import logging
from collections.abc import Mapping
from typing import Any

from bot import setting_words as words
from bot.choice import Choice
from bot.clock import Clock
from bot.errors import SlackError
from bot.inbox import Inbox
from bot.options_more import read
from bot.options_view import (
    NOBODY,
    Filled,
    Form,
    Offer,
    View,
    asking,
    loading,
    saying,
    switchable,
    thread_settings,
)
from bot.overrides import Overrides, tool_names
from bot.people import People
from bot.preferences import Setter
from bot.reading import people_in, readable
from bot.workspaces import Workspaces
from storage.errors import StorageError
from storage.preference_records import Wanted
from storage.records import Heard, NewMessage, Place
from storage.store import Store

log = logging.getLogger(__name__)

TRIGGER_LIVES = 3.0  # seconds in which a shortcut may open a modal (docs.slack.dev/surfaces/modals)
ACK_WITHIN = 2.0  # seconds to find out whether somebody may ask: Slack waits three for the acknowledgement
PATIENCE = 10.0  # seconds that filling the modal goes on trying


class Faults(dict[str, str]):
    """What is wrong with a submission: by block, a sentence."""


Answer = Mapping[str, Any]
"""What the acknowledgement of a submission says; nothing in it: the modal closes."""


class OptionsWindow:
    """Opens the modals, fills them, takes what is submitted. Who may is checked every time."""

    def __init__(
        self,
        inbox: Inbox,
        store: Store,
        workspaces: Workspaces,
        people: Mapping[str, People],  # by team
        setter: Setter,
        choice: Choice,
        clock: Clock,
        models: tuple[str, ...],  # ALLOWED_MODELS
    ) -> None:
        self._inbox = inbox
        self._store = store
        self._workspaces = workspaces
        self._people = people
        self._setter = setter
        self._choice = choice
        self._clock = clock
        self._models = models

    async def open(self, form: Form, trigger_id: str, text: str) -> bool:
        """Open a modal for whoever used the shortcut; False where Slack did not open it (any more).

        `text` is what the message says, as Slack writes it.
        """
        slack = self._workspaces.of(form.team).slack
        try:
            opened = await slack.call(
                "views.open", patience=TRIGGER_LIVES, trigger_id=trigger_id, view=loading(form)
            )
        except SlackError as error:
            log.info("the options were not opened", extra={"error": error.error})
            return False
        if form.thread_ts != form.message_ts:
            names = await self._people[form.team].names(people_in(text))
            form = form.excerpted(readable(text, names))
        await self.fill(form, str(opened["view"]["id"]))
        return True

    async def fill(self, form: Form, view_id: str, assistant: str | None = None) -> None:
        """Show what can be chosen, to members; `assistant` is the one that was chosen in the modal."""
        try:
            refusal = await self._setter.stranger(form.team, form.channel, form.user)
            view = saying(form, refusal) if refusal else await self._view(form, assistant)
        except StorageError as error:
            log.warning("the options were not read", extra={"error": type(error).__name__})
            view = saying(form, words.LATE)
        try:
            slack = self._workspaces.of(form.team).slack
            await slack.call("views.update", patience=PATIENCE, view_id=view_id, view=view)
        except SlackError as error:  # closed meanwhile, as a rule
            log.info("the options were not shown", extra={"error": error.error})

    async def submit(self, form: Form, filled: Filled, author_team: str) -> Answer:
        """Take what somebody asked; committed when this returns. What the modal does now."""
        if form.kind != "about" and not filled.question:
            return _errors(question=words.QUESTION_HINT)
        try:
            async with self._clock.timeout(ACK_WITHIN):
                refusal = await self._setter.stranger(form.team, form.channel, form.user)
        except TimeoutError:
            return _errors(question=words.LATE)
        if refusal:
            return _saying(form, refusal)
        overrides = await self._overrides(form, filled)
        if isinstance(overrides, Faults):
            return _errors(**overrides)
        heard = await self._inbox.ask(await self._message(form, filled, overrides, author_team))
        return _saying(form, words.MUTED_HERE) if heard is Heard.IGNORED else {}

    async def save(self, form: Form, filled: Filled) -> str | None:
        """Set a thread up; the sentence on what came of it, None where all is well."""
        assistants = self._choice.assistants
        wanted = Wanted(additional_instructions=filled.extra or None, muted=filled.muted)
        if filled.assistant is not None:
            if filled.assistant != NOBODY and filled.assistant not in assistants.by_key:
                return words.NOT_OFFERED
            wanted["assistant"] = None if filled.assistant == NOBODY else filled.assistant
        called = await self._choice.here(form.team, form.channel, wanted.get("assistant"))
        return await self._setter.thread(_place(form), form.user, called.name, wanted)

    async def _view(self, form: Form, assistant: str | None) -> View:
        if form.kind == "thread":
            now = await self._store.preferences.of_thread(_place(form))
            return thread_settings(form, self._choice.assistants, now)
        return asking(form, await self._offer(form, assistant))

    async def _offer(self, form: Form, assistant: str | None) -> Offer:
        """What can be chosen, once that assistant is; None: the one that answers there anyway."""
        thread = await self._store.threads.find(_place(form))
        wishes = assistant, thread.assistant if thread else None
        return Offer(
            self._choice.assistants, await self._choice.here(form.team, form.channel, *wishes), self._models
        )

    async def _overrides(self, form: Form, filled: Filled) -> Overrides | Faults:
        """What is otherwise than it would be anyway; or what is wrong, or not offered (any more), by block."""
        about = Overrides(about=form.message_ts)
        if form.kind == "about":
            return about
        usual, offer = (await self._offer(form, None)).assistant, await self._offer(form, filled.assistant)
        chosen = offer.assistant
        if filled.assistant not in (None, chosen.key) or filled.model not in (None, *offer.all_models):
            return Faults(question=words.NOT_OFFERED)
        more = read(filled.more, chosen)
        if more.faults:
            return Faults(more.faults)
        return about.model_copy(
            update={
                "assistant": chosen.key if chosen.key != usual.key else None,
                "model": filled.model if filled.model != chosen.model else None,
                "tools": _kept_tools(filled, offer),
                "additional_instructions": filled.extra or None,
                **more.overrides,
            }
        )

    async def _message(self, form: Form, filled: Filled, overrides: Overrides, author_team: str) -> NewMessage:
        """The question, as that person's. What the message said is quoted where it does not begin the thread."""
        channel = await self._store.channels.of(form.team, form.channel)
        quoted = words.ABOUT.format(text=form.excerpt) if form.excerpt else ""
        text = "\n\n".join(part for part in (filled.question or words.ANSWER_THIS, quoted) if part)
        key = f"{form.at}0"
        return NewMessage(
            place=_place(form),
            ts=key,
            user=form.user,
            text=html.escape(text, quote=False),
            author_team=author_team or None,
            shared=channel is not None and channel.shared,
            pressed=key,
            overrides=overrides.written(),
        )


def _kept_tools(filled: Filled, offer: Offer) -> tuple[str, ...] | None:
    """Those that were left on; None where all were. What no modal can name stays on."""
    if filled.tools is None:
        return None
    offered, everything = switchable(offer.assistant), tool_names(offer.assistant)
    kept = tuple(name for name in everything if name in filled.tools or name not in offered)
    return None if kept == everything else kept


def _place(form: Form) -> Place:
    return Place(form.team, form.channel, form.thread_ts)


def _errors(**sentences: str) -> Answer:
    return {"response_action": "errors", "errors": sentences}


def _saying(form: Form, sentence: str) -> Answer:
    return {"response_action": "update", "view": saying(form, sentence)}
