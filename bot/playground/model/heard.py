"""What the offline model hears: the question, what was said before it, and what is at hand. Pure."""

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.assistant.parts import CALLED, FOUND, UNREADABLE
from bot.playground.openai.script import Json, Turn, text_of
from bot.reading import PREFACE

ATTACHED = re.compile(r"\s*^\(Attached: (?P<names>.+)\)$", re.MULTILINE)
BARE = "(mentioned you without a word"
HANGUL = re.compile(r"[\uac00-\ud7a3\u3131-\u318e]")
FILE_NAME = re.compile(r"\S+\.\w{2,5}\b")
WORD = re.compile(r"[^\W\d_]+")
KOREAN = 0.5  # the share of a text's words that are Korean, from which on it is answered in Korean


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a person. `by` is a user's id, where the message says it; `name` is how Slack calls them."""

    text: str
    by: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a call of a function, as it was told."""

    name: str
    output: str


@dataclass(frozen=True, slots=True)
class State:
    """All that an answer is decided by."""

    turn: Turn
    question: str
    asked: Said
    before: tuple[Said, ...]  # what people said before, the oldest first
    answers: int  # that were given before
    tools: frozenset[str]  # their types, as far as they may be used
    attached: tuple[str, ...] = ()  # names of the question's files
    troubles: tuple[str, ...] = ()  # what people were told of files that could not be opened
    pictures: int = 0  # that came with the question
    functions: tuple[Json, ...] = ()  # that may be called, as the request describes them
    came: tuple[Came, ...] = ()  # of the calls that were made for this question

    @property
    def korean(self) -> bool:
        """Whether to answer in Korean: as the question is written, or where it has no words, what was before."""
        for text in (self.question, *(said.text for said in reversed(self.before))):
            words = WORD.findall(FILE_NAME.sub(" ", text))
            if words:
                return sum(bool(HANGUL.search(word)) for word in words) >= KOREAN * len(words)
        return False


def state_of(turn: Turn) -> State:
    """The turn as the offline model hears it."""
    messages = [item for item in turn.context if item["type"] == "message"]
    answered = [place for place, item in enumerate(messages) if item["role"] == "assistant"]
    newest = messages[answered[-1] + 1 if answered else 0 :]
    told = [said for message in newest if not _is_background(message) for said in _lines(message)]
    before = [said for message in messages for said in _lines(message)]
    before = before[: len(before) - len(told)] if told else before
    if len(told) == 1 and told[0].text.startswith(BARE) and before:
        told, before = before[-1:], before[:-1]
    names = [
        name for said in told for found in ATTACHED.finditer(said.text) for name in found["names"].split(", ")
    ]
    return State(
        turn=turn,
        question="\n".join(_bare(said.text) for said in told).strip(),
        asked=told[-1] if told else Said(""),
        before=tuple(Said(_bare(said.text), said.by, said.name) for said in before),
        answers=len(answered),
        tools=_tools(turn.body),
        attached=tuple(names),
        troubles=tuple(sentence for message in newest for sentence in _troubles(message)),
        pictures=sum(part["type"] == "input_image" for message in newest for part in message["content"]),
        functions=_functions(turn.body),
        came=_came(turn.context),
    )


def _bare(text: str) -> str:
    """What was written, without the names of its files."""
    return ATTACHED.sub("", text).strip()


def _is_background(message: Json) -> bool:
    return text_of(message).startswith((PREFACE[:30], FOUND, UNREADABLE, CALLED))


def _troubles(message: Json) -> list[str]:
    head, _, lines = text_of(message).partition("\n")
    return [json.loads(line) for line in lines.splitlines()] if head == UNREADABLE else []


def _lines(message: Json) -> list[Said]:
    """What people say in a message: its quotations, one a line, or all of it."""
    text = text_of(message).strip()
    if message["role"] != "user" or not text or text.startswith((FOUND, UNREADABLE, CALLED)):
        return []
    if text.startswith(PREFACE[:30]):
        return [said for line in text.splitlines()[1:] if (said := _quoted(line)) is not None]
    return [_quoted(text) or Said(text)]


def _quoted(line: str) -> Said | None:
    """A line as `bot.reading.quote` writes it; None for anything else, and for our own answers."""
    try:
        line_said: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(line_said, dict) or not {"time", "text", "id"} <= line_said.keys():
        return None
    if str(line_said.get("note", "")).startswith("your own"):
        return None
    return Said(str(line_said["text"]), str(line_said["id"]), str(line_said.get("name", "")))


def _tools(body: Json) -> frozenset[str]:
    if body.get("tool_choice") == "none":
        return frozenset()
    return frozenset(tool["type"] for tool in body.get("tools") or [])


def _functions(body: Json) -> tuple[Json, ...]:
    if body.get("tool_choice") == "none":
        return ()
    return tuple(tool for tool in body.get("tools") or [] if tool["type"] == "function")


def _came(context: list[Json]) -> tuple[Came, ...]:
    """What came of the calls since the last message, in their order."""
    last = max((place for place, item in enumerate(context) if item["type"] == "message"), default=-1)
    made = [item for item in context[last + 1 :] if item["type"] == "function_call_output"]
    names = {item["call_id"]: str(item["name"]) for item in context if item["type"] == "function_call"}
    return tuple(Came(names.get(item["call_id"], "?"), _output(item["output"])) for item in made)


def _output(output: Any) -> str:
    """The text of an output, which may come in parts."""
    if isinstance(output, str):
        return output
    return "".join(str(part.get("text", "")) for part in output)
