"""Tables with tabs as tables with commas: the code interpreter takes .csv and no .tsv."""

import csv
from pathlib import Path

from bot.files.text import to_utf8


class _Bare(csv.excel_tab):
    """Tabs and line ends are all that means anything."""

    quoting = csv.QUOTE_NONE


def to_csv(source: Path, target: Path, encoding: str) -> int:
    """Write a .tsv as .csv in UTF-8, line by line; the bytes written.

    As spreadsheets write it, quotes around a cell may hide a line's end. Where they do not balance they are
    letters like any other. A cell over 128 KB is no table's: the text is then kept as it is.
    """
    for quoted in (True, False):
        try:
            return _rewritten(source, target, encoding, quoted=quoted)
        except csv.Error:
            continue
    return to_utf8(source, target, encoding)


def _rewritten(source: Path, target: Path, encoding: str, *, quoted: bool) -> int:
    with (
        source.open(encoding=encoding, errors="replace", newline="") as read,
        target.open("w", encoding="utf-8", newline="") as write,
    ):
        dialect = csv.excel_tab if quoted else _Bare
        rows = csv.reader(read, dialect, strict=True)
        csv.writer(write, lineterminator="\n").writerows(rows)
    return target.stat().st_size
