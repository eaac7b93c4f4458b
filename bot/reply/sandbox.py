"""Addresses inside the code interpreter: nobody else can open them, so people read the file's name. Pure."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from bot.files.names import safe_name

MARK = "\u2060"
"""A word joiner stands where an address was: unseen, and it keeps apart what stood around it, like `]` and `(`."""

_SLASHES = "/{1,3}"
_PARTS = (*"sandbox:", _SLASHES, *"mnt", _SLASHES, *"data", _SLASHES)
_ADDRESS = re.compile(r"sandbox:/{1,3}(?:mnt/{1,3}data/{1,3})?", re.IGNORECASE)
_LONGEST = 24  # characters that `_ADDRESS` can match
_LINKED = re.compile(r"\]\(\s*<?(sandbox:/[^)>\"\n]*)", re.IGNORECASE)
_BARE = re.compile(r"(?<!\()(?<!\(<)\b(sandbox:/[^\s)\]>\"'`*|]+)", re.IGNORECASE)


def _beginning() -> re.Pattern[str]:
    """What more text could make an address of, or a longer one than it is."""
    pattern = "/{1,2}"  # at its end: with three slashes it cannot grow any more
    for part in reversed(_PARTS[:-1]):
        pattern = f"{part}(?:{pattern})?"
    return re.compile(pattern, re.IGNORECASE)


_BEGINNING = _beginning()


class Eraser:
    """Puts `MARK` for such addresses in text that comes in pieces; the file's name at their end stays.

    However the text is cut, the pieces together are the same. What may be the beginning of an address is held
    back: some twenty characters at most.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """The next piece; returns what is certain by now."""
        text = self._held + piece
        at = _open_end(text)
        self._held = text[at:]
        return _ADDRESS.sub(MARK, text[:at])

    def close(self) -> str:
        """There is no more; returns what was held back."""
        rest, self._held = _ADDRESS.sub(MARK, self._held), ""
        return rest


def without_addresses(text: str) -> str:
    """The whole text, with names only."""
    return _ADDRESS.sub("", text)


def file_in(dest: str) -> str:
    """The name of the file that a link leads to, after `Eraser`; empty for a link to anywhere else."""
    return _name(dest) if dest.startswith(MARK) else ""


def files_in(text: str) -> tuple[str, ...]:
    """The names of all files in the sandbox that a text refers to, each once."""
    found = sorted((match.start(1), match[1]) for rule in (_LINKED, _BARE) for match in rule.finditer(text))
    names = (_name(_ADDRESS.sub("", address).rstrip(".,;:!? ")) for _, address in found)
    return tuple(dict.fromkeys(names))


def _name(path: str) -> str:
    return safe_name(PurePosixPath(unquote(path)).name)


def _open_end(text: str) -> int:
    """Where the end of the text begins that may be the beginning of an address, or of a longer one."""
    for at in range(max(0, len(text) - _LONGEST), len(text)):
        if _BEGINNING.fullmatch(text, at):
            return at
    return len(text)
