"""What an answer cites, in one line under it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot import words
from bot.assistant.events import Cited, SourceKind
from bot.reply.findings import one_line, web_address
from bot.reply.links import note, target
from bot.reply.rich_text import Element, block, link, section, size, text

LISTED_MAX = 20  # sources; more are counted
LABEL_MAX = 150  # characters of a source's title
SOURCES_BYTES = 6_000
"""UTF-8 bytes of the line as JSON: addresses may have thousands of characters. At least one source is listed."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file or web page as it is shown."""

    label: str
    url: str = ""  # of the web or of the file in Slack; empty: there is nothing to open


def sources(cited: Iterable[Cited], permalinks: Mapping[str, str]) -> list[Source]:
    """Each source once, in the order of its first citation. `permalinks`: by file id, where a file is in Slack.

    Files that the code interpreter made are no sources: they are part of the answer.
    """
    shown: dict[str, Source] = {}
    for one in cited:
        if one.kind is SourceKind.CONTAINER_FILE:
            continue
        source = _web_page(one) if one.kind is SourceKind.WEB else _file(one, permalinks)
        if source.label:
            shown.setdefault(source.url.partition("#:~:")[0] or source.label, source)
    return list(shown.values())


def line(listed: Sequence[Source]) -> list[Element]:
    """The sources as one block; nothing where there are none."""
    if not listed:
        return []
    for count in range(min(len(listed), LISTED_MAX), 0, -1):
        made = _line(listed[:count], len(listed) - count)
        if size(made) <= SOURCES_BYTES:
            break
    return [made]


def plain_line(listed: Sequence[Source]) -> str:
    """The same as unsafe Markdown, for where blocks are refused."""
    if not listed:
        return ""
    named = [f"{one.label} ({one.url})" if one.url else one.label for one in listed[:LISTED_MAX]]
    unlisted = len(listed) - len(named)
    more = [words.SOURCES_MORE.format(count=unlisted)] if unlisted else []
    return f"{words.SOURCES} {' · '.join([*named, *more])}"


def _line(listed: Sequence[Source], unlisted: int) -> Element:
    elements = [text(words.SOURCES, bold=True)]
    for place, one in enumerate(listed):
        elements.append(text(" · " if place else " "))
        elements.append(link(one.url, one.label) if one.url else text(one.label))
    if unlisted:
        elements.append(text(f" · {words.SOURCES_MORE.format(count=unlisted)}"))
    return block([section(*elements)])


def _web_page(cited: Cited) -> Source:
    """A page by its title; a title that names another host is shown with the real one."""
    url = web_address(cited.url)
    label = one_line(cited.title, LABEL_MAX) or one_line(cited.url, LABEL_MAX)
    if not url:
        return Source(label)
    return Source(label + note(label, target(url)), url)


def _file(cited: Cited, permalinks: Mapping[str, str]) -> Source:
    return Source(
        one_line(cited.title or cited.file_id, LABEL_MAX), web_address(permalinks.get(cited.file_id, ""))
    )
