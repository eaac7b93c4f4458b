"""What a step searched, found, ran and said, piece by piece. Pure.

All of it was written by others: it is shown as rich text, in which nothing is parsed.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

from bot import words
from bot.assistant.events import Passage, Step, StepType
from bot.reply.cleaning import printable
from bot.reply.links import target
from bot.reply.rich_text import URL_MAX, Element, code, link, quote, section, text

NAME_MAX = 300  # characters of a file's name; file systems allow 255 bytes


class Form(Enum):
    """How a piece is shown."""

    LINE = auto()  # in the line that it is announced in
    QUOTE = auto()
    CODE = auto()
    LINK = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing known of a step. `lead` announces it, `words` may be cut or split."""

    form: Form
    words: str
    lead: str = ""
    language: str = ""

    def elements(self) -> list[Element]:
        """The piece as rich text."""
        match self.form:
            case Form.LINE:
                return [section(*([text(f"{self.lead} ")] if self.lead else []), text(self.words))]
            case Form.LINK:
                return [section(link(self.words, self.words))]
            case Form.QUOTE:
                return [*self._announced(), quote(self.words)]
            case Form.CODE:
                return [*self._announced(), code(self.words, self.language)]

    def _announced(self) -> list[Element]:
        return [section(text(self.lead))] if self.lead else []


def pieces(step: Step) -> tuple[Piece, ...]:
    """Everything known of a step, in the order in which it came about; what is blank is left out."""
    calls_for = words.STEP_PROMPT if step.type is StepType.IMAGE_GENERATION else words.STEP_ARGUMENTS
    found = (
        Piece(Form.LINE, ", ".join(map(_quoted, step.queries)), words.STEP_QUERIES),
        *map(_passage, step.passages),
        Piece(Form.CODE, step.code, language="python"),
        Piece(Form.CODE, step.logs, words.STEP_LOGS),
        *map(_page, step.links),
        Piece(Form.CODE, step.arguments, calls_for),
        Piece(Form.CODE, step.result, words.STEP_RESULT),
        Piece(Form.QUOTE, step.summary.replace("**", "")),  # its headings are bold Markdown
    )
    clean = (replace(piece, words=printable(piece.words).strip("\n")) for piece in found)
    return tuple(piece for piece in clean if piece.words.strip())


def one_line(name: str, limit: int) -> str:
    """A name as one line without control characters, at most that many characters."""
    line = " ".join(printable(name).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _quoted(query: str) -> str:
    return words.QUOTED.format(text=one_line(query, len(query) + 1))


def _passage(passage: Passage) -> Piece:
    name = one_line(passage.filename or passage.file_id, NAME_MAX)
    lead = name if passage.score is None else f"{name} · {passage.score:.2f}"
    if not passage.text.strip():
        return Piece(Form.LINE, lead)
    return Piece(Form.QUOTE, passage.text, lead)


def _page(url: str) -> Piece:
    """A web page that was looked at; no link unless it leads to the web."""
    address = web_address(url)
    return Piece(Form.LINK, address) if address else Piece(Form.LINE, url)


def web_address(url: str) -> str:
    """The address as it may be linked; empty unless it leads to the web."""
    address = target(printable(url)).url
    return address if address.lower().startswith(("http://", "https://")) and len(address) <= URL_MAX else ""
