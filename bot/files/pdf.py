"""A look at a PDF, bounded however it is made: can it be opened, and has it few pages.

pypdf is imported with the first PDF: that takes a quarter of a second, and nobody may ever send one.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pypdf import PdfReader

LARGEST = 32 << 20
"""Bytes of a PDF that is opened here: a damaged one is read whole. What is larger goes on as it is."""

NODES = 2_000
"""Nodes of the tree of pages that are visited: some trees lead back to themselves."""

_STUMBLES = (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError)
"""What pypdf raises where it did not expect what it met: that need not be the file's fault."""


class Look(NamedTuple):
    """What is known of a PDF."""

    locked: bool = False  # it takes a password that we do not have
    broken: bool = False
    pages: int | None = None  # None: more than asked for, or unknown


def look_at_pdf(path: Path, most_pages: int) -> Look:
    """Open it; its pages are counted up to `most_pages`. A lock that opens without a password is none."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    if path.stat().st_size > LARGEST:
        return Look()
    try:
        with path.open("rb") as file:
            return _look(PdfReader(io.BytesIO(file.read())), most_pages)
    except DependencyError:
        return Look()  # a lock by AES: whether it opens without a password, OpenAI will say
    except PyPdfError:
        return Look(broken=True)
    except _STUMBLES:
        return Look()


def _look(reader: "PdfReader", most_pages: int) -> Look:
    from pypdf import PasswordType

    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        return Look(locked=True)
    leaves = 0
    for visited, node in enumerate(_nodes(reader.root_object.get("/Pages"))):
        leaves += "/Kids" not in node
        if leaves > most_pages or visited > NODES:
            return Look()
    return Look(pages=leaves) if leaves else Look(broken=True)


def _nodes(top: Any) -> Iterator[Any]:
    """Every node of the tree of pages, whatever /Count says."""
    from pypdf.generic import DictionaryObject, IndirectObject

    waiting = [top]
    while waiting:
        node = waiting.pop()
        node = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(node, DictionaryObject):
            yield node
            kids = node.get("/Kids") or ()
            waiting.extend(kids[: NODES + 1])
