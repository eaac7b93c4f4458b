"""Tables that the offline model can reckon with: files that its code would find, and what was typed. Pure."""

import csv
import re
from dataclasses import dataclass, field

from bot.playground.model import computing
from bot.playground.model.asking import WORKS
from bot.playground.model.heard import State

ENDINGS = (".csv", ".tsv")
ENCODINGS = ("utf-8-sig", "cp949", "latin-1")  # the first that fits; the last always does
DELIMITERS = ",;\t|"
RULER = re.compile(r"^[\s|:-]+$")
LISTED = re.compile(r"\s*(?:,|;|\n|\band\b|(?<=\d)(?:와|과|하고)\s|그리고)\s*(?:and\s+)?")
LABELLED = re.compile(
    r"(?:.*\b(?:of|from|with|for|that says)\s|.*:)?\s*(?P<name>[^\W\d_][^\d,;:=|]{0,30}?)\s*[:=]?\s*"
    r"(?P<figure>[+-]?\d+(?:\.\d+)?)(?!\w*[./-]\d)",
    re.IGNORECASE | re.DOTALL,
)
BARE = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?![\w.]*\d)")
SOME = 2  # figures that make a list

SAMPLE = {"Mon": 12.0, "Tue": 19.0, "Wed": 7.0, "Thu": 15.0, "Fri": 23.0}


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading. `file` is empty where it was typed; `source` is its text."""

    rows: list[list[str]]
    source: str
    delimiter: str = ","
    file: str = ""
    encoding: str = ENCODINGS[0]

    @property
    def header(self) -> list[str]:
        """The columns' names."""
        return self.rows[0]

    def numeric(self) -> list[str]:
        """The columns in which most cells hold a number."""
        return [name for place, name in enumerate(self.header) if name and self._share(place) > 0.5]

    def _share(self, place: int) -> float:
        filled = [row[place] for row in self.rows[1:] if row[place]]
        return sum(computing.number(cell) is not None for cell in filled) / max(1, len(filled))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be worked out of a table."""

    what: str
    columns: list[str] = field(default_factory=list)
    by: str = ""
    named: bool = False  # whether the question names a column


def table_for(state: State) -> Table | None:
    """The table that the question is about: typed with it, named in it, or the newest one."""
    typed = typed_table(state.question)
    if typed is not None:
        return typed
    files = [(name, data) for name, data in state.turn.container_files() if name.lower().endswith(ENDINGS)]
    wanted = [one for one in files if mentions(state.question, one[0])] or files
    for name, data in reversed(wanted):
        table = _from_file(name, data)
        if table is not None:
            return table
    earlier = (typed_table(said.text) for said in reversed(state.before))
    return next((table for table in earlier if table is not None), None)


def mentions(question: str, name: str) -> bool:
    """Whether the question names the file, with its ending or without."""
    stem = name.rpartition(".")[0] or name
    return bool(re.search(rf"(?<!\w){re.escape(stem)}(?![a-z0-9])", question, re.IGNORECASE))


def typed_table(text: str) -> Table | None:
    """Lines of a message with as many cells each: as Markdown writes a table, or with commas or tabs."""
    for delimiter in "|\t;,":
        lines = [line.strip().strip("|") if delimiter == "|" else line for line in text.splitlines()]
        cut = [line for line in lines if delimiter in line and not RULER.match(line)]
        if len(cut) >= SOME and len({line.count(delimiter) for line in cut}) == 1:
            table = _table("\n".join(cut), delimiter)
            if table is not None and table.numeric():
                return table
    return None


def _from_file(name: str, data: bytes) -> Table | None:
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        heading = text.partition("\n")[0]
        return _table(text, max(DELIMITERS, key=heading.count), name, encoding)
    return None


def _table(source: str, delimiter: str, file: str = "", encoding: str = ENCODINGS[0]) -> Table | None:
    try:
        rows = computing.read_table(source, delimiter)
    except csv.Error:
        return None
    if len(rows) < SOME or len(set(rows[0])) < len(rows[0]):
        return None
    return Table(rows, source, delimiter, file, encoding)


def wish_of(question: str, table: Table) -> Wish | None:
    """What the question wants worked out of that table, if anything."""
    asked = next((what for what, pattern in WORKS.items() if pattern.search(question)), None)
    named = [name for name in table.header if _names(question, name)]
    by = next((name for name in named if _groups(question, name)), "")
    numeric = table.numeric()
    columns = [name for name in named if name in numeric and name != by]
    if asked is None or not (columns or asked in ("sum", "average", "median", "count")):
        return None
    return Wish(asked, columns or [name for name in numeric if name != by], by, bool(named))


def _names(question: str, column: str) -> bool:
    written = re.escape(column)
    return bool(column and re.search(rf"(?<![^\W_]){written}(?:s|es)?(?![a-z0-9])", question, re.IGNORECASE))


def _groups(question: str, column: str) -> bool:
    written = re.escape(column)
    pattern = rf"\b(?:by|per|for each|each|which) (?:the )?{written}\b|{written} ?별"
    return bool(re.search(pattern, question, re.IGNORECASE))


def listed(question: str) -> dict[str, float]:
    """Figures typed with their names: "apples 3, pears: 5 and plums = 4"."""
    found = [one for piece in LISTED.split(question) if (one := LABELLED.match(piece))]
    return {one["name"].strip(): float(one["figure"]) for one in found} if len(found) >= SOME else {}


def bare_numbers(question: str) -> list[float]:
    """The numbers in a question, where there are some."""
    numbers = [float(one) for one in BARE.findall(question)]
    return numbers if len(numbers) >= SOME else []
