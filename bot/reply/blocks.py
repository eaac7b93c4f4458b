"""What a line of Markdown begins with, and the code fences and tables it opens or closes."""

import re
from dataclasses import dataclass

_MARKER = r"(?:[-*+]|\d{1,9}[.)])(?=[ \t])"
_LEAD = re.compile(rf"(?:[ \t>]|{_MARKER})*+")
_MAY_OPEN = re.compile(rf"{_LEAD.pattern}(?:\d{{1,9}}[.)]?|[-*+]|`{{1,2}}|~{{1,2}}|`{{3,}}[^`]*|~{{3,}}.*)?")
_MAY_CLOSE = re.compile(r"[ \t>]*(?:`*|~*)[ \t]*")
_RUN = re.compile(r"(?P<run>`{3,}(?=[^`]*\Z)|~{3,})(?P<info>.*)")
_CLOSING = re.compile(r"(?P<indent>[ \t]*)(?P<run>`+|~+)[ \t]*")
_DELIMITER = re.compile(r"[ \t>]*\|?(?:[ \t]*:?-+:?[ \t]*\|)*(?:[ \t]*:?-+:?)?[ \t]*")
_CLOSING_INDENT = 3  # CommonMark 0.31 §4.5: a closing fence may be indented by up to three spaces


def lead(line: str) -> str:
    """The indentation, quote marks and list markers that a line begins with."""
    found = _LEAD.match(line)
    return found.group() if found else ""


def continued(text: str) -> str:
    """What a further line of the same block begins with: quote marks stay, list markers become spaces."""
    return re.sub(r"[^>\s]", " ", text)


def is_delimiter(line: str) -> bool:
    """Whether this is the row of dashes between a table's header and its body."""
    return "|" in line and "-" in line and _DELIMITER.fullmatch(line) is not None


@dataclass(frozen=True)
class Fence:
    """An open code fence: what its lines begin with, its run of backticks or tildes, its language."""

    lead: str
    run: str
    info: str

    @property
    def opener(self) -> str:
        """The line that opens it, again."""
        return f"{self.lead}{self.run}{self.info}"

    @property
    def closer(self) -> str:
        """A line that closes it."""
        return f"{self.lead}{self.run}"

    def code_from(self, line: str) -> int | None:
        """Where code begins in a line inside this fence; None when the line has left the quote it stands in."""
        quotes = self.lead.count(">")
        if not quotes:
            return 0
        found = re.match(rf"(?:[ \t]{{0,3}}>){{{quotes}}}[ \t]?", line)
        return found.end() if found else None

    def closes(self, line: str) -> bool:
        """Whether this line ends the fence."""
        start = self.code_from(line)
        found = None if start is None else _CLOSING.fullmatch(line, start)
        if found is None or not found["run"].startswith(self.run):
            return False
        indent = len(self.lead) - self.lead.rfind(">") - 1
        return len(found["indent"]) <= indent + _CLOSING_INDENT


def opened(line: str) -> Fence | None:
    """The fence that this whole line opens, if it opens one."""
    before = lead(line)
    found = _RUN.fullmatch(line, len(before))
    return Fence(continued(before), found["run"], found["info"]) if found else None


def may_open(start: str) -> bool:
    """Whether more text could still make this start of a line a fence, or lengthen what the line begins with."""
    return _MAY_OPEN.fullmatch(start) is not None


def may_close(start: str) -> bool:
    """Whether more text could still make this start of a line a closing fence."""
    return _MAY_CLOSE.fullmatch(start) is not None
