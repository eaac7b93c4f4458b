"""Which part of an answer stands in which Slack message. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.reply.split import cut

MESSAGE_BYTES = 9_000
"""UTF-8 bytes of text plus task cards in one message (reference/slack-platform.md §2.4, openclaw#143882)."""
TASK_BYTES = 1_500
"""Those kept for task cards, whether or not there are any: so a cut never moves once it is on the screen."""
MARKDOWN_CHARS = 12_000
"""Characters over all Markdown of one message, and of one append (§2.1, §3.2)."""


@dataclass(frozen=True, slots=True)
class Section:
    """One message's part: its text as shown, where it begins in the whole, and what the next one begins with."""

    from_char: int
    text: str
    rest_from: int | None = None  # where the next section begins; None: this is the last
    reopen: str = ""  # what was open at the cut, to be opened again

    @property
    def full(self) -> bool:
        """Whether more text stands in a further message."""
        return self.rest_from is not None


def lay_out(text: str, sealed: Sequence[Section] = ()) -> list[Section]:
    """Cut safe Markdown into sections, one at least, the first of them as `sealed` before."""
    sections = list(sealed)
    start = sections[-1].rest_from or 0 if sections else 0
    reopen = sections[-1].reopen if sections else ""
    while True:
        section = _section(text, start, reopen)
        sections.append(section)
        if section.rest_from is None:
            return sections
        start, reopen = section.rest_from, section.reopen


def _section(text: str, start: int, reopen: str) -> Section:
    piece = cut(text[start:], chars=MARKDOWN_CHARS, utf8=MESSAGE_BYTES - TASK_BYTES, reopen=reopen)
    if piece is None:
        return Section(start, reopen + text[start:])
    return Section(start, piece.text, start + piece.rest_from, piece.reopen)
