"""Our slash command, but for `files`: what holds in this channel, told to one person, and changed for all."""

import html
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version

from bot import setting_words as words
from bot.assistants import Assistant
from bot.choice import Choice
from bot.options_view import INSTRUCTIONS_CHARS
from bot.preferences import Setter
from bot.reply.findings import one_line
from bot.typed import Typed
from storage.preference_records import Wanted
from storage.store import Store

CLEAR = "clear"
DESCRIPTION_CHARS = 150


Told = tuple[str, ...]
"""What one person reads, in plain text, a paragraph each."""


class Command:
    """Answers the command."""

    def __init__(self, store: Store, setter: Setter, choice: Choice) -> None:
        self._store = store
        self._setter = setter
        self._choice = choice
        self._words: Mapping[str, Callable[[Typed], Awaitable[Told]]] = {
            "instructions": self._instructions,
            "assistant": self._assistant,
            "status": self._status,
            "mute": self._mute,
            "unmute": self._mute,
        }

    def knows(self, word: str) -> bool:
        """Whether it answers to that word."""
        return word in self._words

    async def answer(self, typed: Typed) -> Told:
        """Do what somebody wants, if they may; what they read. KeyError for a word that it does not know."""
        reads = typed.word == "status" or (not typed.rest and typed.word in ("instructions", "assistant"))
        if reads and (refusal := await self._setter.stranger(typed.team, typed.channel, typed.user)):
            return (refusal,)
        return await self._words[typed.word](typed)

    async def _instructions(self, typed: Typed) -> Told:
        now = (await self._store.preferences.of_channel(typed.team, typed.channel)).additional_instructions
        if not typed.rest:
            return (words.INSTRUCTIONS_ARE, now) if now else (words.INSTRUCTIONS_NONE,)
        if typed.rest.lower() == CLEAR:
            return await self._set(typed, words.INSTRUCTIONS_CLEARED, Wanted(additional_instructions=None))
        text = html.unescape(typed.rest)  # Slack escapes what is typed behind a command
        if len(text) > INSTRUCTIONS_CHARS:
            return (words.INSTRUCTIONS_TOO_LONG.format(count=INSTRUCTIONS_CHARS),)
        return await self._set(typed, words.INSTRUCTIONS_SET, Wanted(additional_instructions=text))

    async def _assistant(self, typed: Typed) -> Told:
        if not typed.rest:
            return await self._all_assistants(typed)
        if typed.rest.lower() == CLEAR:
            called = self._choice.assistants.which(typed.channel).name
            sentence = words.ASSISTANT_CLEARED.format(name=called)
            return await self._set(typed, sentence, Wanted(assistant=None), called)
        found = self._named(typed.rest)
        if found is None:
            unknown = words.ASSISTANT_UNKNOWN.format(name=html.unescape(typed.rest)[:INSTRUCTIONS_CHARS])
            return (unknown, *await self._all_assistants(typed))
        sentence = words.ASSISTANT_SET.format(name=found.name)
        return await self._set(typed, sentence, Wanted(assistant=found.key), found.name)

    def _named(self, name: str) -> Assistant | None:
        """The assistant of that key, else the one of that name."""
        everybody = self._choice.assistants.by_key
        wanted = html.unescape(name).casefold()
        by_name = (each for each in everybody.values() if each.name.casefold() == wanted)
        by_key = (each for key, each in everybody.items() if key.casefold() == wanted)
        return next(by_key, None) or next(by_name, None)

    async def _all_assistants(self, typed: Typed) -> Told:
        on = await self._choice.here(typed.team, typed.channel)
        lines = (_line(each, on=each.key == on.key) for each in self._choice.assistants.by_key.values())
        return (words.ASSISTANTS, "\n".join(lines))

    async def _status(self, typed: Typed) -> Told:
        preferences = await self._store.preferences.of_channel(typed.team, typed.channel)
        on = await self._choice.here(typed.team, typed.channel)
        told = {
            "name": on.name,
            "model": on.model,
            "instructions": words.YES if preferences.additional_instructions else words.NONE,
            "muted": words.YES if preferences.muted else words.NO,
            "runs": await self._store.preferences.under_way(typed.team, typed.channel),
            "version": version("threadmate"),
        }
        return ("\n".join(line.format(**told) for line in words.STATUS),)

    async def _mute(self, typed: Typed) -> Told:
        muted = typed.word == "mute"
        return await self._set(typed, words.MUTED if muted else words.UNMUTED, Wanted(muted=muted))

    async def _set(self, typed: Typed, done: str, wanted: Wanted, called: str = "") -> Told:
        otherwise = await self._setter.channel(typed.team, typed.channel, typed.user, called, wanted)
        return (otherwise or done,)


def _line(assistant: Assistant, *, on: bool) -> str:
    line = (words.ASSISTANT_ON if on else words.ASSISTANT_LINE).format(key=assistant.key, name=assistant.name)
    description = one_line(assistant.description or "", DESCRIPTION_CHARS)
    return words.ASSISTANT_SAYS.format(line=line, description=description) if description else line
