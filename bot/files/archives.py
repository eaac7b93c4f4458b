"""What is inside a zip or an OLE document, by its table of contents alone: nothing is ever unpacked."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

TABLE = 4 << 20
"""Bytes of a zip's table of contents that are read: about 40,000 files, which no document has."""

_END = struct.Struct("<4s4H2LH")  # the end of the table of contents: APPNOTE.TXT 4.3.16
_ENTRY = struct.Struct("<4s6H3L5H2L")  # one file in it: 4.3.12
_COMMENT = 0xFFFF
_ZIP64 = 0xFFFFFFFF
_OLE_NAME = 64  # bytes of UTF-16 in a directory entry of 128: [MS-CFB] 2.6.1


class Contents(NamedTuple):
    """The table of contents of a zip."""

    names: tuple[str, ...]
    unpacked: int  # bytes, as it claims

    def has(self, *beginnings: str) -> bool:
        """Whether some name begins with one of these."""
        return any(name.startswith(beginnings) for name in self.names)


def zip_contents(path: Path) -> Contents | None:
    """The names in a zip; none of them where the table is too long to be a document's. None: it is damaged."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        tail_at = max(0, size - _END.size - _COMMENT)
        file.seek(tail_at)
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            return None
        *_, table_size, table_at, _comment = _END.unpack_from(tail, at)
        if table_size > TABLE or table_at == _ZIP64:
            return Contents((), 0)
        file.seek(max(0, tail_at + at - table_size))  # not `table_at`: self-extracting files begin with a program
        entries = list(_entries(file.read(table_size)))
    if table_size and not entries:
        return None
    return Contents(tuple(name for name, _ in entries), sum(unpacked for _, unpacked in entries))


def _entries(table: bytes) -> Iterator[tuple[str, int]]:
    at = 0
    while at + _ENTRY.size <= len(table) and table.startswith(b"PK\x01\x02", at):
        entry = _ENTRY.unpack_from(table, at)
        unpacked, name, extra, comment = entry[9], entry[10], entry[11], entry[12]
        at += _ENTRY.size
        yield table[at : at + name].decode("utf-8", "replace"), unpacked
        at += name + extra + comment


def ole_streams(path: Path) -> frozenset[str]:
    """Names of the first streams of an OLE document: they say whether Word, Excel or PowerPoint made it."""
    with path.open("rb") as file:
        return frozenset(_streams(file))


def _streams(file: BinaryIO) -> Iterator[str]:
    header = file.read(76)
    if len(header) < 76:
        return
    (shift,) = struct.unpack_from("<H", header, 30)
    (first,) = struct.unpack_from("<L", header, 48)
    if shift not in (9, 12):  # sectors of 512 or 4,096 bytes: [MS-CFB] 2.2
        return
    file.seek((first + 1) << shift)
    sector = file.read(4096)
    for at in range(0, len(sector) - 127, 128):
        (length,) = struct.unpack_from("<H", sector, at + _OLE_NAME)
        if 2 < length <= _OLE_NAME:
            yield sector[at : at + length - 2].decode("utf-16-le", "replace")
