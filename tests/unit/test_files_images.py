"""Pictures of every kind, as OpenAI takes them."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.files import images
from bot.files.images import Picture, Seen, to_picture
from bot.files.kinds import Reason
from tests import documents
from tests.documents import written


def shown(folder: Path, content: bytes) -> tuple[Picture, Image.Image]:
    made = to_picture(written(folder, content), folder / "picture")
    assert isinstance(made, Picture)
    with Image.open(folder / "picture") as opened:
        opened.load()
    assert (opened.width, opened.height) == (made.width, made.height)
    assert {"PNG": "png", "JPEG": "jpg"}[opened.format or ""] == made.extension
    assert not getattr(opened, "is_animated", False)
    return made, opened


@pytest.mark.parametrize(
    ("kind", "extension"),
    [
        ("PNG", "png"),
        ("JPEG", "jpg"),
        ("WEBP", "png"),
        ("GIF", "png"),
        ("TIFF", "png"),
        ("BMP", "png"),
        ("AVIF", "png"),
    ],
)
def test_a_picture_becomes_png_or_stays_jpeg(kind: str, extension: str, tmp_path: Path) -> None:
    made, _ = shown(tmp_path, documents.picture(kind))
    assert made[:3] == (extension, 64, 48)
    assert made.changes == frozenset()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_a_moving_picture_the_first_frame_is_seen_and_that_is_said(kind: str, tmp_path: Path) -> None:
    made, opened = shown(tmp_path, documents.animation(kind))
    assert made.changes == {Seen.FIRST_PICTURE}
    red, green, _ = opened.convert("RGB").getpixel((30, 30))  # type: ignore[misc]
    assert (red > 200, green > 100) == (True, False)


def test_a_photo_stands_upright_and_its_secrets_stay_behind(tmp_path: Path) -> None:
    content = documents.photo(orientation=6, size=(64, 48))
    assert b"SECRETPHONE" in content
    made, opened = shown(tmp_path, content + b"SECRETTRAILER")
    assert (made.width, made.height) == (48, 64)
    assert not opened.getexif()
    assert b"SECRET" not in (tmp_path / "picture").read_bytes()


def test_the_text_inside_a_png_stays_behind(tmp_path: Path) -> None:
    chunk = b"tEXt" + b"Comment\0SECRETPLACE"
    content = documents.picture()
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    shown(tmp_path, content[:33] + framed + content[33:])
    assert b"SECRET" not in (tmp_path / "picture").read_bytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK", "YCbCr", "LAB"])
def test_every_way_to_store_colours_is_understood(mode: str, tmp_path: Path) -> None:
    made = io.BytesIO()
    Image.new("L", (20, 10), 200).convert("I" if mode == "I;16" else "RGB" if mode == "LAB" else mode).save(
        made, "TIFF"
    )
    assert shown(tmp_path, made.getvalue())[0].size > 0


def test_what_shines_through_still_does(tmp_path: Path) -> None:
    made = io.BytesIO()
    Image.new("RGBA", (20, 10), (255, 0, 0, 0)).save(made, "PNG")
    assert shown(tmp_path, made.getvalue())[1].mode == "RGBA"


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    made = io.BytesIO()
    deep = Image.new("I;16", (2, 1))
    deep.putdata([0, 40_000])
    deep.save(made, "PNG")
    assert shown(tmp_path, made.getvalue())[1].getextrema() == (0, 255)


def test_too_many_pixels_are_scaled_down_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "KEPT", 200_000)
    made, _ = shown(tmp_path, documents.picture("PNG", (600, 400)))
    assert made.changes == {Seen.SCALED_DOWN}
    assert made.width * made.height <= images.KEPT
    assert made.width / made.height == pytest.approx(1.5, abs=0.01)


def test_too_many_bytes_become_a_jpeg_and_then_a_smaller_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = io.BytesIO()
    Image.effect_noise((400, 300), 90).convert("RGBA").save(noise, "PNG")
    monkeypatch.setattr(images, "KEPT_BYTES", 60_000)
    made, _ = shown(tmp_path, noise.getvalue())
    assert (made.extension, set(made.changes)) == ("jpg", {Seen.SCALED_DOWN})
    assert made.size <= 60_000


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be so large."""
    content = documents.picture()
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


@pytest.mark.parametrize(("width", "height"), [(10_000, 5_001), (9_500, 9_500), (50_000, 50_000)])
def test_a_decompression_bomb_is_not_opened(width: int, height: int, tmp_path: Path) -> None:
    assert to_picture(written(tmp_path, claiming(width, height)), tmp_path / "picture") is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_half_a_picture_is_broken(kind: str, tmp_path: Path) -> None:
    content = documents.picture(kind, (400, 300))
    half = written(tmp_path, content[: len(content) // 2])
    assert to_picture(half, tmp_path / "picture") is Reason.BROKEN


def test_only_decoders_of_the_kinds_we_take_are_tried(tmp_path: Path) -> None:
    page = written(tmp_path, documents.picture("ICO"))
    assert to_picture(page, tmp_path / "picture") is Reason.BROKEN


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=120)
@given(
    st.sampled_from(
        [documents.picture(kind) for kind in images.FORMATS] + [documents.animation(), documents.photo()]
    ),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4),
)
@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it repairs
def test_no_bytes_break_it(tmp_path: Path, content: bytes, damage: list[tuple[float, bytes]]) -> None:
    damaged = bytearray(content)
    for where, what in damage:
        at = int(where * (len(damaged) - 1))
        damaged[at : at + len(what)] = what
    made = to_picture(written(tmp_path, bytes(damaged)), tmp_path / "picture")
    assert isinstance(made, Picture) or made in (Reason.BROKEN, Reason.TOO_MANY_PIXELS)
