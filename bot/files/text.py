"""Is it text, in which encoding, and the same text as UTF-8. Streamed: memory stays flat."""

import codecs
import io
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import BinaryIO, NamedTuple

from charset_normalizer import from_bytes

CHUNK = 1 << 18
SAMPLE = 1 << 15
"""Bytes: so much of what is not ASCII is enough to tell an encoding by."""

CONTROLS = 1000
"""In text at most one byte of so many is a control character: logs have strays, other files have many."""

LEGACY = ("cp949", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp1252", "cp1251")
"""Without a mark of their own. cp949 holds EUC-KR, cp932 holds Shift-JIS, cp1252 nearly all of Latin-1."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN = bytes([0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B, *range(0x20, 0x7F), *range(0x80, 0x100)])
"""Bytes that text has: 0x1B colours logs and switches ISO-2022-JP, 0x1A ended files under DOS."""
_BREAKS = "\t\n\r\f\v\b\x1a\x1b\x85"
_TYPOGRAPHY = frozenset(b"\x80\x82\x84\x85\x8b\x91\x92\x93\x94\x95\x96\x97\x99\x9b")
_HANGUL = re.compile(rb"(?:[\x00-\x7f]|[\xb0-\xc8][\xa1-\xfe])+")
"""EUC-KR with no letter but Hangul: too few of them are taken for Big5."""
_PAIR = re.compile(rb"[\x80-\xff].", re.DOTALL)
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")  # in cp1252


def encoding_of(path: Path) -> str | None:
    """The encoding of a text file as Python names it; None where it is no text. Reads the whole file."""
    with path.open("rb") as file:
        return _encoding(file, cut=False)


def encoding_in(head: bytes) -> str | None:
    """The same of the first bytes of something, which may end within a character."""
    return _encoding(io.BytesIO(head), cut=True)


def to_utf8(source: Path, target: Path, encoding: str) -> int:
    """Write the same text as UTF-8 without a mark, newlines untouched; the bytes written.

    What cannot be read becomes U+FFFD: one bad byte does not cost a document.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    written = 0
    with source.open("rb") as read, target.open("wb") as write:
        while chunk := read.read(CHUNK):
            written += write.write(decoder.decode(chunk).encode())
        written += write.write(decoder.decode(b"", final=True).encode())
    return written


class _Scan(NamedTuple):
    size: int
    controls: int
    utf8: bool
    high: bool  # it has bytes that are not ASCII
    escapes: bool  # and bytes that ISO-2022-JP is made of


def _encoding(file: BinaryIO, *, cut: bool) -> str | None:
    start = file.read(SAMPLE)
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name if _reads(start, name) else None
    if b"\0" in start:
        return _utf16(start)
    file.seek(0)
    scan = _scan(file, cut=cut)
    if scan.size == 0 or scan.controls * CONTROLS > scan.size:
        return None
    if scan.utf8 and not scan.escapes:
        return "utf-8"
    file.seek(0)
    if scan.utf8:
        return "iso2022_jp" if _reads(start, "iso2022_jp") else "utf-8"
    return _legacy(_sample(file))


def _scan(file: BinaryIO, *, cut: bool) -> _Scan:
    decoder = codecs.getincrementaldecoder("utf-8")()
    size, controls, utf8, high, escapes = 0, 0, True, False, False
    while chunk := file.read(CHUNK):
        size += len(chunk)
        controls += len(chunk.translate(None, _PLAIN))
        high = high or not chunk.isascii()
        escapes = escapes or b"\x1b$B" in chunk or b"\x1b$@" in chunk
        utf8 = utf8 and _decodes(decoder, chunk, final=False)
    utf8 = utf8 and (cut or _decodes(decoder, b"", final=True))
    return _Scan(size, controls, utf8, high, escapes and not high)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _reads(sample: bytes, encoding: str) -> bool:
    """Whether the sample, which may end within a character, is text in that encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    wrong = sum(unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in _BREAKS for c in text)
    return wrong * CONTROLS <= len(text)


def _utf16(start: bytes) -> str | None:
    """UTF-16 without its mark: the byte order in which it reads like words with blanks between them."""
    if len(start) % 2 and len(start) < SAMPLE:
        return None
    orders = {"utf-16-le": start[1::2].count(0), "utf-16-be": start[0::2].count(0)}
    for name in sorted(orders, key=lambda name: -orders[name]):
        if _reads(start, name) and _wordy(start.decode(name, "ignore")):
            return name
    return None


def _wordy(text: str) -> bool:
    """Letters of few alphabets with blanks: tables of numbers, read as UTF-16, are of many and have none."""
    rows = Counter("CJK" if 0x3000 <= ord(c) <= 0xD7FF or ord(c) > 0xFFFF else ord(c) >> 8 for c in text)
    common = sum(count for _, count in rows.most_common(3))
    return common * 20 >= len(text) * 19 and rows[0] * 50 >= len(text)


def _sample(file: BinaryIO) -> bytes:
    """Lines that are not ASCII, from wherever in the file they stand: a table may begin with plain numbers."""
    lines: list[bytes] = []
    size, goes_on = 0, False
    while size < SAMPLE and (line := file.readline(SAMPLE // 8)):
        if goes_on or not line.isascii():
            lines.append(line)
            size += len(line)
            goes_on = not line.endswith(b"\n")  # the next piece may begin within a character
    return b"".join(lines)


def _legacy(sample: bytes) -> str | None:
    """The likeliest encoding; None where the bytes are text in none."""
    if _nearly_utf8(sample):
        return "utf-8"
    if _western(sample):
        return "latin-1" if _UNDEFINED.intersection(sample) else "cp1252"
    for encodings in (LEGACY, ()):
        for whole in (sample, sample[:-1]):
            if best := from_bytes(whole, cp_isolation=list(encodings), enable_fallback=False).best():
                return _asian(whole, best.encoding)
    return None


def _asian(sample: bytes, guess: str) -> str:
    """Put right what is guessed wrong of a few words: Korean as Big5, Japanese as Korean."""
    if guess in ("big5", "cp932") and _HANGUL.fullmatch(sample):
        return "cp949"
    if guess != "cp949":
        return guess
    pairs = _PAIR.findall(sample)
    if sum(pair[0] <= 0xA0 for pair in pairs) * 2 > len(pairs) and _reads(sample, "cp932"):
        return "cp932"  # cp949 begins syllables with these bytes that hardly any word has, Shift-JIS its kana
    kana = [pair for pair in pairs if pair[0] in (0xA4, 0xA5)]  # in Korean: single jamo, of which chats have a few
    if len(kana) * 3 > len(pairs) and len(set(kana)) > 5 and _reads(sample, "euc_jp"):
        return "euc_jp"
    return guess


def _nearly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", "replace")
    return text.count("\ufffd") * 50 <= sum(not c.isascii() for c in text)


def _western(sample: bytes) -> bool:
    """Accents and typographic signs stand alone between ASCII letters; other alphabets come in runs."""
    high = sum(byte >= 0x80 for byte in sample)
    runs = sum(after >= 0x80 > before for before, after in zip(b"\0" + sample, sample, strict=False))
    latin = sum(byte >= 0xA0 or byte in _TYPOGRAPHY for byte in sample if byte >= 0x80)
    return high * 10 <= runs * 13 and latin * 10 >= high * 9
