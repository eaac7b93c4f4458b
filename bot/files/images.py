"""A picture as OpenAI takes it: one frame, upright, not too large, and nothing in it but the picture.

Every picture is decoded and written anew: what is broken is found out here and not by a refused turn, and places,
dates, thumbnails and whatever else hides in a file stay behind.
"""

import struct
import zlib
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, cast

from PIL import Image, ImageOps

from bot.files.kinds import Reason

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
"""What Pillow may try; other decoders of its are never reached."""

OPENED = 50_000_000
"""Pixels of the largest picture that is opened: 200 MB while it is. The best telephones take 50 million."""

KEPT = 20_000_000
"""Pixels of the largest picture that is passed on."""

KEPT_BYTES = 20_000_000

QUALITY = 90

_DECODERS = (SyntaxError, RuntimeError, struct.error, zlib.error)  # PNG's speaks of syntax, AVIF's of its run
_BROKEN = (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, *_DECODERS)
"""What Pillow raises for what it cannot read."""


class Seen(StrEnum):
    """What people should know of a picture that was changed; the sentences are in bot/files/sentences.py."""

    FIRST_PICTURE = "first_picture"  # it moves, or has pages
    SCALED_DOWN = "scaled_down"


class Picture(NamedTuple):
    """A picture that was written. `extension` is "png" or "jpg"."""

    extension: str
    width: int
    height: int
    size: int  # bytes
    changes: frozenset[Seen] = frozenset()


def to_picture(source: Path, target: Path) -> Picture | Reason:
    """Write what `source` shows to `target`, as PNG or JPEG. It takes a while and much memory: one at a time."""
    try:
        with Image.open(source, formats=FORMATS) as opened:
            if opened.width * opened.height > OPENED:
                return Reason.TOO_MANY_PIXELS
            return _write(opened, target)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Reason.TOO_MANY_PIXELS
    except _BROKEN:
        return Reason.BROKEN


def _write(opened: Image.Image, target: Path) -> Picture:
    changes = {Seen.FIRST_PICTURE} if getattr(opened, "is_animated", False) else set()
    opened.seek(0)  # asking whether it moves may have moved it on
    photo = opened.format in ("JPEG", "MPO")
    upright = ImageOps.exif_transpose(opened)
    picture = _bare(upright)
    if picture.width * picture.height > KEPT:
        picture, changes = _smaller(picture, KEPT), changes | {Seen.SCALED_DOWN}
    extension, size = _save(picture, target, "jpg" if photo else "png"), target.stat().st_size
    if size > KEPT_BYTES:
        extension, size = _save(_on_white(picture), target, "jpg"), target.stat().st_size
    while size > KEPT_BYTES:
        picture, changes = _smaller(picture, picture.width * picture.height // 2), changes | {Seen.SCALED_DOWN}
        extension, size = _save(_on_white(picture), target, "jpg"), target.stat().st_size
    return Picture(extension, picture.width, picture.height, size, frozenset(changes))


def _bare(picture: Image.Image) -> Image.Image:
    """Pixels in one of three modes, and nothing else."""
    if picture.mode.startswith(
        ("I", "F")
    ):  # 16 or 32 bits a pixel: convert() would cut them off instead of scaling
        picture = _eight_bits(picture)
    wanted = "RGBA" if picture.has_transparency_data else "L" if picture.mode in ("1", "L") else "RGB"
    bare = picture.convert(wanted)
    bare.info.clear()
    return bare


def _eight_bits(picture: Image.Image) -> Image.Image:
    deep = picture.convert("F")
    low, high = cast("tuple[float, float]", deep.getextrema())
    scale = 255 / max(high - low, 1e-9)
    return deep.point(lambda value: value * scale - low * scale).convert("L")


def _smaller(picture: Image.Image, pixels: int) -> Image.Image:
    factor = (pixels / (picture.width * picture.height)) ** 0.5
    size = (max(1, int(picture.width * factor)), max(1, int(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _on_white(picture: Image.Image) -> Image.Image:
    """JPEG knows nothing of transparency."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _save(picture: Image.Image, target: Path, extension: str) -> str:
    if extension == "jpg":
        picture.save(target, "JPEG", quality=QUALITY)
    else:
        picture.save(target, "PNG")
    return extension
