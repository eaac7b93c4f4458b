"""The built-in model: a script that answers any request, always in the same way."""

import re

from bot.playground.openai.arithmetic import find_sum
from bot.playground.openai.context import CHARACTERS_PER_TOKEN, count_text
from bot.playground.openai.index import COMMON, terms
from bot.playground.openai.script import (
    Call,
    CodeInterpreter,
    FileSearch,
    FoundCitation,
    Incomplete,
    Json,
    Script,
    Text,
    Turn,
)

CONFESSION = "I am a script that stands in for a language model."
GREETING = re.compile(r"(hi|hello|hey|good (morning|afternoon|evening))\b", re.IGNORECASE)
ASKED_FIRST = re.compile(r"what did i (ask|say)( you)? first", re.IGNORECASE)
ASKED_BEFORE = re.compile(r"what did i (just )?(ask|say)( you)?( before| last)?", re.IGNORECASE)
WORDS = re.compile(r"(?:write|answer in|use) (?:exactly )?(\d{1,5}) words", re.IGNORECASE)
SENTENCES = re.compile(r"(?<=[.!?。])\s+|\n+")
FILLER = ("one", "word", "after", "another", "as", "was", "asked")
RELEVANT = 0.25  # the score from which a passage is about the question
QUOTED = 400  # characters of a passage


def builtin_model(turn: Turn) -> Script:
    """Greets, echoes, remembers, works out sums, quotes documents; says once that it is a script."""
    used = _with_tools(turn)
    calls, text, cites = used if used is not None else ([], _answer(turn), [])
    if not turn.said("assistant"):
        text = f"{text}\n\n{CONFESSION}"
    limit = turn.body.get("max_output_tokens")
    if limit is not None and count_text(text) > limit:
        return Script(*calls, Text(text[: limit * CHARACTERS_PER_TOKEN]), Incomplete("max_output_tokens"))
    return Script(*calls, Text(text, phase="final_answer", annotations=cites))


def _answer(turn: Turn) -> str:
    last = turn.context[-1] if turn.context else None
    if last is not None and last["type"] == "function_call_output":
        return f"The function returned: {last['output']}"
    asked = turn.said("user")
    question = asked[-1].strip() if asked else ""
    wanted = WORDS.search(question) or WORDS.search(turn.instructions or "")
    if wanted:
        return " ".join(FILLER[number % len(FILLER)] for number in range(int(wanted[1])))
    if ASKED_FIRST.search(question):
        return f"First you asked: {asked[0].strip()}"
    if ASKED_BEFORE.search(question):
        return f"Before that you asked: {asked[-2].strip()}" if len(asked) > 1 else "Nothing before that."
    if _shown(turn):
        return "You gave me an image, and a script cannot see."
    if not question or (GREETING.match(question) and len(question.split()) <= 4):
        return "Hello! Ask me something."
    return f"You said: {question}"


def _with_tools(turn: Turn) -> tuple[list[Call], str, list[FoundCitation]] | None:
    """What the tools bring to light about the question, if the request offers them and they do."""
    question = _question(turn)
    if not question:
        return None
    wanted = find_sum(question)
    if wanted is not None and _offered(turn, "code_interpreter"):
        ran = CodeInterpreter(f"print({wanted.code})", f"{wanted.value}\n")
        return [ran], f"{wanted.code} = {wanted.value}", []
    found = turn.search([question]) if _offered(turn, "file_search") else []
    if found and found[0].score >= RELEVANT:
        quoted = _said_about(question, found[0].text)
        text = f"{found[0].filename} says:\n\n> {quoted}"
        return [FileSearch([question])], text, [FoundCitation(0, len(text))]
    for name, text in turn.documents():
        if set(_words(question)) & set(terms(text)):
            return [], f"{name} says:\n\n> {_said_about(question, text)}", []
    return None


def _question(turn: Turn) -> str:
    """What was asked last, unless the last word is a function's or the answer is prescribed otherwise."""
    asked = turn.said("user")
    last = turn.context[-1] if turn.context else None
    if not asked or (last is not None and last["type"] == "function_call_output"):
        return ""
    question = asked[-1].strip()
    patterns = (WORDS, ASKED_FIRST, ASKED_BEFORE)
    return "" if any(pattern.search(question) for pattern in patterns) else question


def _offered(turn: Turn, kind: str) -> bool:
    tools: list[Json] = turn.body.get("tools") or []
    return turn.body.get("tool_choice") != "none" and any(tool["type"] == kind for tool in tools)


def _words(question: str) -> list[str]:
    return [term for term in terms(question) if term not in COMMON]


def _said_about(question: str, text: str) -> str:
    """The sentence with most of the question's words, and those that follow, in one line."""
    sentences = [sentence for sentence in SENTENCES.split(text) if sentence.strip()]
    words = set(_words(question))
    best = max(range(len(sentences)), key=lambda at: len(words & set(terms(sentences[at]))))
    return " ".join(" ".join(sentences[best:]).split())[:QUOTED]


def _shown(turn: Turn) -> bool:
    """Whether the last message is an image."""
    last = turn.context[-1] if turn.context else {}
    content = last.get("content") if last.get("role") == "user" else None
    return isinstance(content, list) and any(part["type"] == "input_image" for part in content)
