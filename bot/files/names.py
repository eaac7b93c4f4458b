"""File names that are safe to show, to log and to upload under. Pure."""

import re
import unicodedata

LONGEST = 100
"""Characters of a name, its extension included."""

LONGEST_BYTES = 200
"""Of UTF-8: common file systems, the code interpreter's among them, take 255, and may add a prefix."""

NAMELESS = "file"
CUT = "…"

_SEPARATORS = re.compile(r"[/\\:\u2215\u2044\u29f8\ufe68\uff0f\uff3c]")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,10})$")
_JOINER = "\u200d"
_KEPT = frozenset({_JOINER, "\u200c"})
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTION = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def extension(name: str) -> str:
    """The extension in lower case and without its dot; empty where there is none."""
    found = _EXTENSION.search(name.strip())
    return found[1].lower() if found and found.start() > 0 else ""


def safe_name(name: str, longest: int = LONGEST) -> str:
    """The name as it can be shown and stored: one line, one path segment, in the order it is read.

    Never empty, at most `longest` characters and `LONGEST_BYTES` with the extension kept. What is invisible,
    turns the direction of text or separates paths is gone. Letters are composed (macOS writes Korean in parts).
    """
    text = unicodedata.normalize("NFC", name[: 50 * longest])
    text = _SEPARATORS.sub("_", text)
    text = "".join(" " if unicodedata.category(c) in ("Zl", "Zp") or c in "\t\n\r" else c for c in text)
    text = "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in _DROPPED)
    text = " ".join(text.split()).strip(". ")
    if text.strip("._ " + "".join(_KEPT)) == "":
        return NAMELESS
    return _shortened(text, longest)


def upload_name(name: str, wanted: str) -> str:
    """A safe name that ends with the extension `wanted`, by which OpenAI decides what the file is.

    Another extension is kept before it (`settings.yaml.txt`): it still says what the file was.
    """
    safe = safe_name(name, LONGEST - len(wanted) - 1)
    if extension(safe) == wanted:
        return safe[: -len(wanted)] + wanted
    return f"{safe}.{wanted}"


def _shortened(text: str, longest: int) -> str:
    if _fits(text, longest):
        return text
    found = _EXTENSION.search(text)
    tail = found[0] if found and found.start() > 0 else ""
    head = text[: len(text) - len(tail)][: longest - len(tail) - 1]
    while head and not _fits(head + CUT + tail, longest):
        head = head[:-1]
    return _whole(head, text[len(head) :]) + CUT + tail


def _whole(head: str, rest: str) -> str:
    """Do not end within what is read as one character: an emoji of several, a letter with its accents."""
    while head and (head.endswith(_JOINER) or (rest and _continues(rest[0]))):
        head, rest = head[:-1], head[-1] + rest
    return head.rstrip(" .")


def _continues(character: str) -> bool:
    tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return character == _JOINER or tone or unicodedata.category(character) in ("Mn", "Me", "Mc")


def _fits(text: str, longest: int) -> bool:
    """Of bytes it may have as many fewer as of characters: what is added to the name is ASCII."""
    return len(text) <= longest and len(text.encode()) <= LONGEST_BYTES - (LONGEST - longest)
