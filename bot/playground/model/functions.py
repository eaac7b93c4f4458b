"""What the offline model does with functions: calls those that a question names, repeats what they say. Pure."""

import json
import re
from typing import Any

from bot.playground.model.arguments import Arguments, arguments_for, bare, words_of
from bot.playground.model.heard import Came, State
from bot.playground.model.phrases import Phrases, phrases
from bot.playground.model.reckoning import markdown_table
from bot.playground.model.reply import Reply
from bot.playground.openai.script import FunctionCall, Json

MOST = 8  # calls at once
READ = 2_000  # characters of a question, and of what was said before it, in which arguments are looked for
ROWS, COLUMNS = 40, 8  # of a table in an answer
STEM = 4  # letters from which on a word may go on: "order" is in "orders"
LOOKING = frozenset(
    {"check", "describe", "fetch", "find", "get", "list", "lookup", "query", "read", "search", "show", "tell"}
)
"""What a function that only looks is called besides what it looks at: people do not say it."""


def called(state: State) -> Reply | None:
    """The calls that the question is about; and when they have been made, what came of them."""
    say = phrases(korean=state.korean)
    if state.came:
        return Reply("\n\n".join(_told(one, say) for one in state.came), "")
    found = [(function, _arguments(function, state)) for function in _meant(state)]
    ready = [FunctionCall(str(one["name"]), args.given) for one, args in found if not args.missing]
    if ready:
        return Reply("", say.chose, calls=tuple(ready[:MOST]))
    needs = [_needs(function, args, say) for function, args in found]
    return Reply("\n\n".join(needs), say.by_rule) if needs else None


def offered(state: State) -> str:
    """Which functions there are, and what they take, for the help; empty where there are none."""
    if not state.functions:
        return ""
    named = (f"`{one['name']}` ({', '.join(_parameters(one).get('properties', {}))})" for one in state.functions)
    return phrases(korean=state.korean).functions.format(names=", ".join(named))


def _meant(state: State) -> list[Json]:
    """The functions whose whole names are in the question; else those it may be looking something up with."""
    said = _words(state.question[:READ])
    whole = [one for one in state.functions if all(_is_said(word, said) for word in words_of(str(one["name"])))]
    return whole or [one for one in state.functions if _looks_for(one, state, said)]


def _looks_for(function: Json, state: State, said: set[str]) -> bool:
    """Whether it is a function that looks up what the question names, with all that it needs."""
    words = set(words_of(str(function["name"])))
    subject = words - LOOKING
    if not subject or subject == words or not all(_is_said(word, said) for word in subject):
        return False
    return not _arguments(function, state).missing


def _words(question: str) -> set[str]:
    whole = re.findall(r"\w+", question)
    said = {word.lower() for word in whole} | {part for word in whole for part in words_of(word)}
    joined = (
        {"lookup"} if re.search(r"\blook(?:ing)?\b(?:\W+\w+){0,4}?\W+up\b", question, re.IGNORECASE) else set()
    )
    return said | joined


def _is_said(word: str, said: set[str]) -> bool:
    return word in said or (len(word) >= STEM and any(one.startswith(word) for one in said))


def _arguments(function: Json, state: State) -> Arguments:
    question, name = state.question[:READ], str(function["name"])
    last = [
        found.end() for word in words_of(name) for found in re.finditer(re.escape(word), question, re.IGNORECASE)
    ]
    rest = bare(question[max(last) :]) if last else ""
    before = "\n".join(said.text for said in reversed(state.before))[:READ]
    return arguments_for(_parameters(function), question, rest, before)


def _parameters(function: Json) -> Json:
    return function.get("parameters") or {}


def _needs(function: Json, args: Arguments, say: Phrases) -> str:
    return say.needs.format(name=function["name"], missing=", ".join(f"`{name}`" for name in args.missing))


def _told(came: Came, say: Phrases) -> str:
    """What a function returned: as a list, a table, a block of code, or a quotation."""
    head = say.came.format(name=came.name)
    try:
        value = json.loads(came.output)
    except ValueError:
        value = came.output
    if isinstance(value, str):
        quoted = value.strip().replace("\n", "\n> ")
        return f"{head}\n\n> {quoted}"
    return f"{head}\n\n{_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict) and value and not any(isinstance(one, dict | list) for one in value.values()):
        return "\n".join(f"- **{name}**: {_cell(one)}" for name, one in value.items())
    if isinstance(value, list) and value and all(isinstance(one, dict) and one for one in value):
        header = list(value[0])[:COLUMNS]
        return markdown_table(header, [[_cell(one.get(name, "")) for name in header] for one in value[:ROWS]])
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


def _cell(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
