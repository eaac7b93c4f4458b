"""Full-text search over passages: SQLite FTS5 in memory, one table per vector store."""

import re
import sqlite3
import weakref
from dataclasses import dataclass

MAX_TERMS = 32  # of one query that are looked up
_COMMON = (
    "a about an and any are as at be by can could do does for from give had has have how i if in into is it its"
    " me many much my no not of on one or our out please show so tell than that the their them then there these"
    " they this to us was we were what when where which who why will with would you your"
)
COMMON = frozenset(_COMMON.split())
WORD = re.compile(r"[^\W_]+")
UNSPACED = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
COVERAGE = 0.9  # how much of a score is the share of the query's words; the rest is bm25


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that shares words with a query."""

    key: int  # of the attachment
    position: int  # of the passage
    text: str
    score: float  # between 0 and 1


def terms(text: str) -> list[str]:
    """The words to find: Korean, Japanese and Chinese in pairs of characters, the rest as they are."""
    found: list[str] = []
    for word in WORD.findall(text.lower()):
        found += _pairs(word) if UNSPACED.search(word) else [word]
    return found


def _pairs(word: str) -> list[str]:
    pieces: list[str] = []
    for piece in re.split(f"({UNSPACED.pattern})", word):
        if UNSPACED.fullmatch(piece) and len(piece) > 1:
            pieces += [piece[at : at + 2] for at in range(len(piece) - 1)]
        elif piece:
            pieces.append(piece)
    return pieces


class Index:
    """The passages of every store. No score depends on what another store holds."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)

    def add(self, store: str, key: int, passages: list[str]) -> None:
        """Keep the passages of an attachment."""
        columns = "terms, text UNINDEXED, key UNINDEXED, position UNINDEXED, tokenize = 'porter unicode61'"
        self._run(f'CREATE VIRTUAL TABLE IF NOT EXISTS "{store}" USING fts5({columns})')
        for position, text in enumerate(passages):
            values = (" ".join(terms(text)), text, key, position)
            self._run(f'INSERT INTO "{store}" VALUES (?, ?, ?, ?)', *values)  # noqa: S608 - an id of ours

    def remove(self, store: str, key: int) -> None:
        """Forget an attachment."""
        if self._has(store):
            self._run(f'DELETE FROM "{store}" WHERE key = ?', key)  # noqa: S608 - an id of ours

    def drop(self, store: str) -> None:
        """Forget a store."""
        self._run(f'DROP TABLE IF EXISTS "{store}"')

    def search(self, store: str, query: str) -> list[Hit]:
        """The passages that share words with the query, scored by how many, and by bm25."""
        wanted = [term for term in dict.fromkeys(terms(query)) if term not in COMMON][:MAX_TERMS]
        if not wanted or not self._has(store):
            return []
        columns = f'bm25("{store}"), key, position, text'
        ranks: dict[tuple[int, int, str], list[float]] = {}
        for term in wanted:
            lookup = f'SELECT {columns} FROM "{store}" WHERE "{store}" MATCH ?'  # noqa: S608 - an id of ours
            for rank, *passage in self._run(lookup, f'"{term}"'):
                ranks.setdefault((passage[0], passage[1], passage[2]), []).append(-rank)
        return [Hit(*passage, _score(found, len(wanted))) for passage, found in ranks.items()]

    def _has(self, store: str) -> bool:
        return bool(list(self._run("SELECT 1 FROM sqlite_master WHERE name = ?", store)))

    def _run(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._database.execute(statement, values)


def _score(found: list[float], words: int) -> float:
    """From the rank of each word that was found, out of so many."""
    strength = max(0.0, sum(found))
    return round(COVERAGE * len(found) / words + (1 - COVERAGE) * strength / (1 + strength), 4)
