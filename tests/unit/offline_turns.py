"""Requests as the offline model sees them, made by hand."""

from typing import Any

from bot.playground.openai.passages import Passage
from bot.playground.openai.script import Script, Text, Turn

TOOLS = ("file_search", "code_interpreter")
HANDBOOK = Passage("file-1", "handbook.md", 0.8, "Welcome. Everybody has 25 days of leave. Ask Kim.", {})
SALES = ("sales.csv", b'region,month,amount\nNorth,Jan,10.5\nSouth,Jan,20\nNorth,Feb,"1,000"\n')


def item(role: str, text: str) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"id": "msg", "type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def turn(*said: str, tools: tuple[str, ...] = TOOLS, holds: Any = (), **body: Any) -> Turn:
    """What people said, answered but for the last; `holds` are passages, tables and (name, text) documents."""
    context = [part for text in said for part in (item("user", text), item("assistant", "Fine."))][:-1]
    return turn_of(context, tools, holds, **body)


def turn_of(context: Any, tools: tuple[str, ...] = TOOLS, holds: Any = (), **body: Any) -> Turn:
    passages = [one for one in holds if isinstance(one, Passage)]
    tables = [one for one in holds if not isinstance(one, Passage) and isinstance(one[1], bytes)]
    documents = [one for one in holds if not isinstance(one, Passage) and isinstance(one[1], str)]
    request = {"tools": [{"type": kind} for kind in tools], "reasoning": {"summary": "auto"}, **body}
    found = [one for one in passages if one.score]
    return Turn(request, context, None, lambda _: found, lambda: documents, lambda: passages, lambda: tables)


def text_of(script: Script) -> str:
    """Everything that the script says."""
    return "\n".join(part.whole() for part in script.parts if isinstance(part, Text))
