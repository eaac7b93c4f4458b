"""Small documents that the tests of the emulated API upload."""

import io

import docx
import pptx
from PIL import Image
from pptx.util import Inches
from pypdf import PdfReader, PdfWriter


def pdf(*pages: str) -> bytes:
    """A PDF with one line of text on each page."""
    fonts = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        fonts,
    ]
    for number, text in enumerate(pages):
        drawn = b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % text.encode() if text else b""
        resources = b"/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 612 792]"
        objects.append(b"<< /Type /Page /Parent 2 0 R %s /Contents %d 0 R >>" % (resources, 5 + 2 * number))
        objects.append(b"<< /Length %d >> stream\n%s\nendstream" % (len(drawn), drawn))
    return _assembled(objects)


def _assembled(objects: list[bytes]) -> bytes:
    written, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(written))
    return written + head + table + trailer


def scanned() -> bytes:
    """A PDF without a text layer."""
    return pdf("", "")


def encrypted() -> bytes:
    """A PDF with a password."""
    writer, file = PdfWriter(PdfReader(io.BytesIO(pdf("Secret")))), io.BytesIO()
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(file)
    return file.getvalue()


def word(*paragraphs: str, cell: str = "") -> bytes:
    """A Word document with paragraphs and one table of one cell."""
    document, file = docx.Document(), io.BytesIO()
    for text in paragraphs:
        document.add_paragraph(text)
    document.add_table(1, 1).cell(0, 0).text = cell
    document.save(file)
    return file.getvalue()


def slides(title: str, note: str = "") -> bytes:
    """A presentation of one slide with a note."""
    show, file = pptx.Presentation(), io.BytesIO()
    slide = show.slides.add_slide(show.slide_layouts[6])
    slide.shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame.text = title
    notes = slide.notes_slide.notes_text_frame
    assert notes is not None
    notes.text = note
    show.save(file)
    return file.getvalue()


def image(kind: str = "PNG", frames: int = 1) -> bytes:
    """An image, or one that moves."""
    pictures = [Image.new("RGB", (4, 4), (60 * number, 0, 0)) for number in range(frames)]
    file = io.BytesIO()
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(file, kind, **more)
    return file.getvalue()
