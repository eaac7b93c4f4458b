"""Real small documents of every kind, made on the spot: nothing is downloaded, nothing is kept in the tree."""

import io
import pickle
import struct
import tarfile
import wave
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
from PIL import Image, ImageDraw
from pypdf import PdfWriter
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

RULE = "Every employee has twenty-five days of paid holiday a year."
"""A passage that the documents hold unless told otherwise."""

KOREAN = "모든 직원은 1년에 25일의 유급 휴가를 사용할 수 있습니다."
JAPANESE = "全ての社員は年に二十五日の有給休暇を取ることができます。"

SVG = (
    b'<?xml version="1.0"?>\n'
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>hello</text></svg>\n'
)
HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in to Slack</title></head><body>Sign in</body></html>\n"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\1\0meta" + bytes(200)
EXE = (
    b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0"
    + bytes(48)
    + b"This program cannot be run in DOS mode.\r\r\n$"
    + bytes(99)
)


def pdf(pages: Iterable[str] = (RULE,), *, password: str = "", owner: str = "") -> bytes:
    """Pages of text. `password` is needed to open it; with `owner` alone it opens, but may not be changed."""
    made = io.BytesIO()
    lock = (
        StandardEncryption(password, ownerPassword=owner or password, strength=128) if password or owner else None
    )
    canvas = Canvas(made, encrypt=lock)
    for text in pages:
        for row, line in enumerate(text.split("\n")):
            canvas.drawString(72, 760 - 14 * row, line)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def long_pdf(pages: int = 300) -> bytes:
    """A PDF of so many pages, each with a number of its own."""
    return pdf(f"Page {number}. Section {number} says that rule {number} holds." for number in range(1, pages + 1))


def scanned_pdf(text: str = RULE) -> bytes:
    """A page that is a picture of text."""
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.drawImage(ImageReader(_drawn(text, (600, 800))), 0, 0, 595, 842)
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def aes_pdf() -> bytes:
    """The frame of a PDF locked with AES-256, which cannot be tried without a library for ciphers."""
    text, short = f"<{'ab' * 48}>", f"<{'ab' * 32}>"
    return _raw_pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        "<</Filter/Standard/V 5/R 6/Length 256/P -4/CF<</StdCF<</CFM/AESV3/Length 32>>>>/StmF/StdCF/StrF/StdCF"
        f"/O {text}/U {text}/OE {short}/UE {short}/Perms <{'ab' * 16}>>>",
        trailer="/Encrypt 4 0 R/ID[<ab><ab>]",
    )


def pdf_in_circles(children: int = 8) -> bytes:
    """A PDF whose tree of pages is its own branch, several times over."""
    return _raw_pdf("<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{'2 0 R ' * children}]/Count 3>>")


def _raw_pdf(*objects: str, trailer: str = "") -> bytes:
    made, table = b"%PDF-1.7\n", "0000000000 65535 f \n"
    for number, content in enumerate(objects, 1):
        table += f"{len(made):010} 00000 n \n"
        made += f"{number} 0 obj\n{content}\nendobj\n".encode()
    size = len(objects) + 1
    end = f"xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + end.encode()


def pdf_without_pages() -> bytes:
    """A PDF that can be opened and shows nothing."""
    made = io.BytesIO()
    PdfWriter().write(made)
    return made.getvalue()


def word(paragraphs: Iterable[str] = (RULE,)) -> bytes:
    """A .docx."""
    document, made = docx.Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(made)
    return made.getvalue()


def slides(texts: Iterable[str] = (RULE,)) -> bytes:
    """A .pptx with one title a slide."""
    show, made = pptx.Presentation(), io.BytesIO()
    for text in texts:
        slide = show.slides.add_slide(show.slide_layouts[5])
        title = slide.shapes.title
        assert title is not None
        title.text = text
    show.save(made)
    return made.getvalue()


def workbook(rows: Iterable[Iterable[Any]] = (("name", "days"), ("김철수", 25))) -> bytes:
    """An .xlsx with one sheet."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(made)
    return made.getvalue()


def table(encoding: str = "utf-8", between: str = ",", end: str = "\r\n") -> bytes:
    """A table with Korean names, as .csv or .tsv."""
    rows = (("이름", "부서", "휴가"), ("홍길동", "영업", "25"), ("김철수", "개발", "23"))
    return "".join(between.join(row) + end for row in rows).encode(encoding)


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), color: str = "navy", **options: Any) -> bytes:
    """A picture with text on it, in any format that Pillow writes."""
    made = io.BytesIO()
    _drawn("hello", size, color).save(made, kind, **options)
    return made.getvalue()


def photo(orientation: int = 6, size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG as telephones make it: lying on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "SECRETPHONE"
    return picture("JPEG", size, exif=exif, comment=b"SECRETPLACE")


def animation(kind: str = "GIF", frames: int = 3) -> bytes:
    """A moving picture: GIF, PNG or WEBP; TIFF has pages instead."""
    made = io.BytesIO()
    first, *rest = [
        _drawn(str(number), (32, 32), color) for number, color in zip(range(frames), "🟥🟩🟦", strict=False)
    ]
    first.save(made, kind, save_all=True, append_images=rest)
    return made.getvalue()


def sound(seconds: float = 0.1) -> bytes:
    """A .wav of silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * int(8000 * seconds)))
    return made.getvalue()


def boxes(brand: bytes = b"M4A ") -> bytes:
    """The frame of an .m4a, .mp4 or .mov: brand, no track, some bytes."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", len(content) + 8, name) + content

    header = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, 1000) + bytes(80))
    return box(b"ftyp", brand + bytes(4) + brand + b"isom") + box(b"moov", header) + box(b"mdat", bytes(500))


def archive(files: Mapping[str, bytes] | None = None) -> bytes:
    """A .zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (files or {"노트/읽어보세요.txt": KOREAN.encode(), "../../evil.sh": b"echo"}).items():
            file.writestr(name, content)
    return made.getvalue()


def bomb(claimed: int = 200_000_000, name: str = "zeros.bin") -> bytes:
    """A small .zip that unpacks to so many bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file, file.open(name, "w") as entry:
        for _ in range(claimed // 1_000_000):
            entry.write(bytes(1_000_000))
    return made.getvalue()


def word_bomb(claimed: int = 200_000_000) -> bytes:
    """A small .docx that unpacks to so many bytes."""
    made = io.BytesIO(word())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as file, file.open("word/media/zeros.bmp", "w") as entry:
        for _ in range(claimed // 1_000_000):
            entry.write(bytes(1_000_000))
    return made.getvalue()


def tarball() -> bytes:
    """A .tar."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        info = tarfile.TarInfo("notes.txt")
        info.size = len(RULE)
        file.addfile(info, io.BytesIO(RULE.encode()))
    return made.getvalue()


def pickled() -> bytes:
    """A pickle of numbers."""
    return pickle.dumps({"numbers": list(range(300))})


def ole(*streams: str) -> bytes:
    """The frame of an old Office document, or of a new one under a password: the names of its streams."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<L", header, 48, 0)
    directory = b""
    for name in ("Root Entry", *streams):
        coded = (name + "\0").encode("utf-16-le")
        directory += coded.ljust(64, b"\0") + struct.pack("<H", len(coded)) + bytes(62)
    return bytes(header) + directory.ljust(4096, b"\0")


def open_document(kind: str = "text") -> bytes:
    """The frame of an .odt, .ods ("spreadsheet") or .odp ("presentation")."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        file.writestr("content.xml", "<x/>")
        file.writestr("styles.xml", "<x/>")
    return made.getvalue()


def written(folder: Path, content: bytes, name: str = "download") -> Path:
    """The content in a file, as a download leaves it."""
    path = folder / name
    path.write_bytes(content)
    return path


def slack_file(name: str, size: int = 0, **more: Any) -> dict[str, Any]:
    """What Slack says of a file on a message (reference/slack-platform.md §4.1)."""
    return {
        "id": "F0FILE0001",
        "created": 1_790_000_000,
        "name": name,
        "title": name,
        "mimetype": "application/octet-stream",
        "filetype": "binary",
        "user": "U1",
        "size": size,
        "mode": "hosted",
        "is_external": False,
        "url_private": f"https://files.slack.com/files-pri/T1-F0FILE0001/{size}",
        "url_private_download": f"https://files.slack.com/files-pri/T1-F0FILE0001/download/{size}",
        "permalink": "https://example.slack.com/files/U1/F0FILE0001/x",
        **more,
    }


def _drawn(text: str, size: tuple[int, int], color: str = "navy") -> Image.Image:
    ground = {"🟥": "red", "🟩": "green", "🟦": "blue"}.get(color, "white")
    image = Image.new("RGB", size, ground)
    ImageDraw.Draw(image).text((size[0] // 8, size[1] // 8), text, fill="navy" if color in "🟥🟩🟦" else color)
    return image
