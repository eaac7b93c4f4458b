"""What the offline model's code steps show: the functions that ran, and their call. Pure."""

import inspect
from collections.abc import Callable
from typing import Any

from bot.playground.model import computing
from bot.playground.model.tables import Table

FOLDER = "/mnt/data"
TABLES = """\
import csv
import io
import math
import re
from collections.abc import Callable
from glob import glob
from pathlib import Path
from statistics import fmean, median
"""
PICTURES = "from PIL import Image, ImageDraw, ImageFont\n"


def program(head: str, functions: tuple[Callable[..., Any], ...], call: str) -> str:
    """Imports, the functions as they are written, and what is done with them."""
    return "\n\n".join([head, *(f"{inspect.getsource(one)}" for one in functions), call])


def opening(table: Table) -> str:
    """The line that reads the table into `rows`."""
    if not table.file:
        return f"rows = read_table({table.source!r}, {table.delimiter!r})\n"
    return (
        f"path = glob({f'{FOLDER}/*{glob_of(table.file)}'!r})[-1]\n"
        f"rows = read_table(Path(path).read_bytes().decode({table.encoding!r}), {table.delimiter!r})\n"
    )


def glob_of(name: str) -> str:
    """The name with what means something in a pattern taken literally."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def reckoning(table: Table, columns: list[str], what: str, by: str) -> tuple[str, str]:
    """Code that works out figures of a table, and what it prints."""
    call = opening(table)
    logs = ""
    for column in columns:
        call += f"for name, value in figures(rows, {what!r}, {column!r}, {by!r}).items():\n"
        call += "    print(name, shown(value))\n"
        worked_out = computing.figures(table.rows, what, column, by)
        logs += "".join(f"{name} {computing.shown(value)}\n" for name, value in worked_out.items())
    used = (computing.number, computing.read_table, computing.figures, computing.shown)
    return program(TABLES, used, call), logs


def list_reckoning(numbers: list[float], what: str) -> tuple[str, float]:
    """Code that works out a figure of a list of numbers, and that figure."""
    rows = [["number"], *([computing.shown(one)] for one in numbers)]
    value = computing.figures(rows, what, "number")["number"]
    written = ", ".join(computing.shown(one) for one in numbers)
    works = {"sum": "sum", "average": "statistics.fmean", "median": "statistics.median", "count": "len"}
    work = works.get(what) or {"smallest": "min", "largest": "max"}[what]
    return f"import statistics\n\nprint(f'{{{work}([{written}]):.10g}}')", value
