"""Text out of PDF, Word and PowerPoint documents, by the libraries made for them."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import docx.opc.exceptions
import pptx
import pptx.exc
import pypdf
import pypdf.errors
from pptx.shapes.autoshape import Shape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.slide import Slide

from bot.playground.openai.extraction import Unreadable


def _pdf(path: Path) -> str:
    """The text layer; a scanned or encrypted document has none that can be read."""
    try:
        with pypdf.PdfReader(path) as reader:
            if reader.is_encrypted:
                raise Unreadable("invalid_file", "encrypted")
            return "\n\n".join(page.extract_text() for page in reader.pages)
    except (pypdf.errors.PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable("invalid_file") from None


def _docx(path: Path) -> str:
    try:
        document = docx.Document(str(path))
    except (docx.opc.exceptions.OpcError, zipfile.BadZipFile, KeyError, ValueError):
        raise Unreadable("invalid_file") from None
    rows = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    return "\n".join([*(part.text for part in document.paragraphs), *map(" | ".join, rows)])


def _pptx(path: Path) -> str:
    try:
        slides = list(pptx.Presentation(str(path)).slides)
    except (pptx.exc.PythonPptxError, zipfile.BadZipFile, KeyError, ValueError):
        raise Unreadable("invalid_file") from None
    return "\n\n".join("\n".join(_slide(slide)) for slide in slides)


def _slide(slide: Slide) -> Iterator[str]:
    for shape in slide.shapes:
        if isinstance(shape, Shape) and shape.has_text_frame:
            yield shape.text_frame.text
        if isinstance(shape, GraphicFrame) and shape.has_table:
            yield from (" | ".join(cell.text for cell in row.cells) for row in shape.table.rows)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield slide.notes_slide.notes_text_frame.text


READERS: dict[str, Callable[[Path], str]] = {"pdf": _pdf, "docx": _docx, "pptx": _pptx}
