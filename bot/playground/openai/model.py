"""The built-in model: a script that answers any request, always in the same way."""

import re

from bot.playground.openai.context import CHARACTERS_PER_TOKEN, count_text
from bot.playground.openai.script import Incomplete, Script, Text, Turn

CONFESSION = "I am a script that stands in for a language model."
GREETING = re.compile(r"(hi|hello|hey|good (morning|afternoon|evening))\b", re.IGNORECASE)
ASKED_FIRST = re.compile(r"what did i (ask|say)( you)? first", re.IGNORECASE)
ASKED_BEFORE = re.compile(r"what did i (just )?(ask|say)( you)?( before| last)?", re.IGNORECASE)
WORDS = re.compile(r"(?:write|answer in|use) (?:exactly )?(\d{1,5}) words", re.IGNORECASE)
FILLER = ("one", "word", "after", "another", "as", "was", "asked")


def builtin_model(turn: Turn) -> Script:
    """Greets, echoes, remembers what was asked, writes a number of words; says once that it is a script."""
    text = _answer(turn)
    if not turn.said("assistant"):
        text = f"{text}\n\n{CONFESSION}"
    limit = turn.body.get("max_output_tokens")
    if limit is not None and count_text(text) > limit:
        return Script(Text(text[: limit * CHARACTERS_PER_TOKEN]), Incomplete("max_output_tokens"))
    return Script(Text(text, phase="final_answer"))


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
    if not question or (GREETING.match(question) and len(question.split()) <= 4):
        return "Hello! Ask me something."
    return f"You said: {question}"
