"""An answer's Slack message without what a forgotten file left in it. Pure.

What it shows is read back from Slack, because nothing of it is kept here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import words
from bot.reply.closing import DETAILS, TEXT_MAX
from bot.reply.findings import one_line, web_address
from bot.reply.rich_text import Element, block, section, text
from bot.reply.sources import LABEL_MAX
from bot.reply.split import plain
from bot.reply.steps import Block

SEPARATOR = " · "

STREAMED = frozenset({"plan", "task_card"})
"""What a stream showed of its steps: no edit of ours keeps it, and Slack takes none back without a title."""


@dataclass(frozen=True, slots=True)
class Traces:
    """How a file is called under an answer, and where its source leads."""

    names: frozenset[str]
    links: frozenset[str]

    @classmethod
    def of(cls, names: Collection[str], links: Collection[str]) -> "Traces":
        """Those names, also as they are shown where they are long."""
        known = frozenset(filter(None, names))
        shown = {one_line(name, LABEL_MAX) for name in known}
        return cls(known | shown, frozenset(filter(None, map(web_address, links))))


@dataclass(frozen=True, slots=True)
class Blanked:
    """What the message shall say instead."""

    text: str
    blocks: list[Block]


def blanked(message: Mapping[str, Any], traces: Traces) -> Blanked | None:
    """The message without the file: None where nothing of it is there.

    The answer's own words stay. Of the folded steps the headlines stay: what a step searched for, found, ran or
    thought may quote any file it read. With that goes the button to all details, as the details themselves go.
    """
    before = [
        {key: value for key, value in one.items() if key != "block_id"} for one in message.get("blocks") or ()
    ]
    after = [left for one in before for left in _without(one, traces)]
    if after == before:
        return None
    after = [one for one in after if one.get("type") not in STREAMED]
    said = "\n\n".join(str(one["text"]) for one in after if one.get("type") == "markdown")
    if not said:
        said = "\n".join(
            line for line in str(message.get("text") or "").split("\n") if not _named_in(line, traces)
        )
    if not after and not said.strip():
        said = words.FORGOTTEN
    return Blanked(plain(said, TEXT_MAX), after)


def _without(one: Block, traces: Traces) -> list[Block]:
    match one.get("type"):
        case "container":
            return _headlines(one)
        case "rich_text":
            return _sources(one, traces)
        case "markdown":
            return _markdown(one, traces)
        case "actions":
            buttons = [button for button in one.get("elements") or () if button.get("action_id") != DETAILS]
            return [{**one, "elements": buttons}] if buttons else []
        case "context":
            notes = [
                note for note in one.get("elements") or () if not _named_in(str(note.get("text") or ""), traces)
            ]
            return [{**one, "elements": notes}] if notes else []
        case "section":
            said = (one.get("text") or {}).get("text") or ""
            return [] if _named_in(said, traces) else [one]
        case _:
            return [one]


def _headlines(container: Block) -> list[Block]:
    rows = [row for child in container.get("child_blocks") or () for row in child.get("elements") or ()]
    kept = [row for row in rows if _is_bold(row)]
    return [{**container, "child_blocks": [block(kept)]}] if kept else []


def _is_bold(row: Element) -> bool:
    """Whether it is the headline of a step: everything else in there was written by others, and is not bold."""
    first: Element = next(iter(row.get("elements") or ()), {})
    return row.get("type") == "rich_text_section" and bool((first.get("style") or {}).get("bold"))


def _sources(listed: Block, traces: Traces) -> list[Block]:
    """The line of sources without that one; any other rich text as it is."""
    rows: Sequence[Element] = listed.get("elements") or ()
    parts = [part for row in rows for part in row.get("elements") or ()]
    if not parts or not _is_bold(rows[0]) or parts[0].get("text") != words.SOURCES:
        return [listed]
    named = [part for part in parts[1:] if str(part.get("text") or part.get("url") or "").strip(SEPARATOR)]
    kept = [part for part in named if not _is_source(part, traces)]
    if len(kept) == len(named):
        return [listed]
    line = [text(words.SOURCES, bold=True)]
    for place, part in enumerate(kept):
        joined = str(part.get("text") or "").startswith(SEPARATOR)
        line += [part] if joined else [text(SEPARATOR if place else " "), part]
    return [block([section(*line)])] if kept else []


def _is_source(part: Element, traces: Traces) -> bool:
    """Another file of the same name is another source: its link says so."""
    if part.get("type") == "link":
        return part.get("url") in traces.links
    return str(part.get("text") or "").strip(SEPARATOR) in traces.names


def _markdown(said: Block, traces: Traces) -> list[Block]:
    """The answer's own words, and our line of sources where Slack took no blocks for it."""
    kept = [
        line
        for line in str(said.get("text") or "").split("\n")
        if not (line.startswith(words.SOURCES) and _named_in(line, traces))
    ]
    whole = "\n".join(kept).strip() if len(kept) <= str(said.get("text") or "").count("\n") else said.get("text")
    return [{**said, "text": whole}] if whole else []


def _named_in(line: str, traces: Traces) -> bool:
    return any(name in line for name in (*traces.names, *traces.links))
