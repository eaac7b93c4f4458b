"""What the offline model's code steps run. They show these very functions, as they stand here. Pure."""

import csv
import io
import math
import re
from collections.abc import Callable
from statistics import fmean, median

from PIL import Image, ImageDraw, ImageFont


def number(cell: str) -> float | None:
    """The number in a cell, without its currency and its separators; None where there is none."""
    bare = cell.strip().strip("€$£₩%원 ")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    bare = re.sub(r"^([+-]?\d+),(\d+)$", r"\1.\2", bare)
    return float(bare) if re.fullmatch(r"[+-]?\d+(\.\d+)?", bare) else None


def read_table(text: str, delimiter: str) -> list[list[str]]:
    """The rows of a table, the first its heading, all as wide as that."""
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(map(str.strip, row))]
    width = len(rows[0]) if rows else 0
    return [[cell.strip() for cell in (row + [""] * width)[:width]] for row in rows]


def figures(rows: list[list[str]], what: str, column: str, by: str = "") -> dict[str, float]:
    """One figure of a column, or one for each value of another. Cells without a number are left out."""
    works: dict[str, Callable[[list[float]], float]] = {
        "sum": math.fsum,
        "average": fmean,
        "median": median,
        "smallest": min,
        "largest": max,
        "count": len,
    }
    header, *lines = rows
    groups: dict[str, list[float]] = {}
    for line in lines:
        found = number(line[header.index(column)])
        if found is not None:
            groups.setdefault(line[header.index(by)] if by else column, []).append(found)
    return {group: works[what](found) for group, found in groups.items()}


def shown(value: float) -> str:
    """A figure as it is printed: at most four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def bars(values: dict[str, float], title: str) -> Image.Image:
    """A bar chart. A name that the font lacks is shown as its number."""
    image = Image.new("RGB", (960, 540), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(18)
    top, bottom = max(0.0, *values.values()), min(0.0, *values.values())
    scale, width = 380 / ((top - bottom) or 1), 880 / len(values)
    zero = 80 + top * scale
    draw.text((480, 40), title if title.isascii() else "", "#1d1c1d", ImageFont.load_default(24), anchor="mm")
    for place, (name, value) in enumerate(values.items()):
        left, end = 40 + (place + 0.15) * width, zero - value * scale
        draw.rectangle((left, min(end, zero), left + 0.7 * width, max(end, zero)), "#36618e")
        middle, known = left + 0.35 * width, all(ord(letter) < 0x180 for letter in name)
        draw.text((middle, min(end, zero) - 12), f"{value:.6g}", "#1d1c1d", font, anchor="mm")
        draw.text(
            (middle, 500), name[: int(width / 10)] if known else f"#{place + 1}", "#1d1c1d", font, anchor="mm"
        )
    draw.line((40, zero, 920, zero), "#1d1c1d", 2)
    return image


def picture(words: str) -> Image.Image:
    """Coloured circles, the same for the same words: a script cannot paint what they mean."""
    image = Image.new("RGB", (768, 768), "#f4ede4")
    draw = ImageDraw.Draw(image)
    for place, letter in enumerate(words[:40]):
        middle, radius = (ord(letter) * 97 % 768, (place * 173 + ord(letter) * 31) % 700), 30 + ord(letter) % 90
        colour = ("#36618e", "#e01e5a", "#2eb67d", "#ecb22e", "#4a154b")[(place + ord(letter)) % 5]
        draw.ellipse((middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius), colour)
    draw.text((384, 735), "threadmate-offline", "#1d1c1d", ImageFont.load_default(24), anchor="mm")
    return image
