"""Files and pictures that the offline model makes: a CSV, a chart, circles. Pure."""

import csv
import io
import re
from dataclasses import dataclass

from PIL import Image

from bot.playground.model import computing
from bot.playground.model.asking import CHART, CSV, PICTURE
from bot.playground.model.code import FOLDER, PICTURES, TABLES, opening, program
from bot.playground.model.heard import State
from bot.playground.model.phrases import Phrases, phrases
from bot.playground.model.reckoning import INTERPRETER, markdown_table
from bot.playground.model.reply import Reply
from bot.playground.model.tables import SAMPLE, SOME, Table, Wish, bare_numbers, listed, table_for, wish_of
from bot.playground.openai.script import CodeInterpreter, ImageGeneration, MadeCitation

BARS = 16  # of a chart
CHART_FILE, TABLE_FILE, PICTURE_FILE = "chart.png", "table.csv", "picture.png"
SUBJECT = 60  # characters of what is to be drawn
OF = re.compile(r"\b(?:of|from|with|for)\s+(?:the\s+)?(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a chart shows. `made_up`: nobody gave any figures. `head` and `call` are how code comes by them."""

    values: dict[str, float]
    title: str
    call: str
    table: bool = False
    made_up: bool = False


def made(state: State) -> Reply | None:
    """The file that was asked for, or why there is none."""
    chart, table = CHART.search(state.question), CSV.search(state.question)
    if not chart and not table:
        return None
    say = phrases(korean=state.korean)
    if INTERPRETER not in state.tools:
        return Reply(say.no_code, say.by_rule)
    return _chart(_figures(state), say) if chart else _csv(state, say)


def drawn(state: State) -> Reply | None:
    """The picture that was asked for: circles."""
    found = PICTURE.search(state.question)
    if found is None:
        return None
    say = phrases(korean=state.korean)
    words = " ".join((found["en"] or found["it"] or found["ko"] or "?").split()).strip(" .?!")[:SUBJECT] or "?"
    if "image_generation" in state.tools:
        step = ImageGeneration(png(computing.picture(words)), words, size="768x768")
        return Reply(say.drew.format(words=words), say.by_rule, (step,))
    if INTERPRETER not in state.tools:
        return Reply(say.cannot_draw, say.by_rule)
    path = f"{FOLDER}/{PICTURE_FILE}"
    code = program(PICTURES, (computing.picture,), f"picture({words!r}).save({path!r})\n")
    ran = CodeInterpreter(code, files={path: png(computing.picture(words))})
    text = say.drew_by_code.format(file=PICTURE_FILE, words=words)
    return Reply(text, say.ran, (ran,), (MadeCitation(path),))


def png(image: Image.Image) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _figures(state: State) -> Figures:
    """Typed with the question, or out of a table, or made up."""
    values = dict(list(listed(state.question).items())[:BARS])
    table = table_for(state)
    wish = _wish(state.question, table) if table else None
    if len(values) < SOME and not (wish and wish.named):
        values = {str(at): one for at, one in enumerate(bare_numbers(state.question)[:BARS], 1)}
    if len(values) >= SOME:
        return Figures(values, "", f"values = {values!r}\n")
    if table is None or wish is None:
        return Figures(SAMPLE, "Made-up figures", f"values = {SAMPLE!r}\n", made_up=True)
    [column] = wish.columns[:1]
    found = computing.figures(table.rows, wish.what, column, wish.by)
    call = f"{opening(table)}found = figures(rows, {wish.what!r}, {column!r}, {wish.by!r})\n"
    call += f"values = dict(list(found.items())[:{BARS}])\n"
    return Figures(dict(list(found.items())[:BARS]), f"{wish.what} of {column}", call, table=True)


def _wish(question: str, table: Table) -> Wish | None:
    """What to show of a table: as asked, or the first numbers by the first names."""
    asked = wish_of(question, table) or wish_of(f"sum {question}", table)
    numeric = table.numeric()
    names = [name for name in table.header if name and name not in numeric]
    if asked is None or not asked.columns or not (asked.by or names):
        return None
    return Wish(asked.what, asked.columns, asked.by or names[0], asked.named)


def _chart(figures: Figures, say: Phrases) -> Reply:
    path = f"{FOLDER}/{CHART_FILE}"
    image = png(computing.bars(figures.values, figures.title))
    tables = (computing.number, computing.read_table, computing.figures) if figures.table else ()
    head = f"{TABLES}\n{PICTURES}" if figures.table else PICTURES
    call = f"{figures.call}bars(values, {figures.title!r}).save({path!r})\n"
    ran = CodeInterpreter(program(head, (*tables, computing.bars), call), files={path: image})
    key = markdown_table(
        ["#", "", say.works["sum"] if figures.table else ""],
        [[str(at), name, computing.shown(value)] for at, (name, value) in enumerate(figures.values.items(), 1)],
        right=frozenset({2}),
    )
    told = [say.made_chart.format(file=CHART_FILE), *([say.sample] if figures.made_up else []), say.chart_key, key]
    return Reply("\n\n".join(told), say.ran, (ran,), (MadeCitation(path),))


def _csv(state: State, say: Phrases) -> Reply:
    values, table = listed(state.question), table_for(state)
    wish = wish_of(state.question, table) if table else None
    made_up = len(values) < SOME and table is None
    if len(values) >= SOME or table is None:
        rows = _rows("name", "value", SAMPLE if made_up else values)
    elif wish and wish.by and wish.columns:
        found = computing.figures(table.rows, wish.what, wish.columns[0], wish.by)
        rows = _rows(wish.by, f"{wish.what} of {wish.columns[0]}", found)
    else:
        rows = table.rows
    path = f"{FOLDER}/{TABLE_FILE}"
    call = (
        f"rows = {rows!r}\nwith open({path!r}, 'w', newline='') as file:\n    csv.writer(file).writerows(rows)\n"
    )
    ran = CodeInterpreter(f"import csv\n\n{call}", files={path: _written(rows)})
    told = [say.made_csv.format(file=TABLE_FILE, rows=len(rows) - 1), *([say.sample] if made_up else [])]
    return Reply("\n\n".join(told), say.ran, (ran,), (MadeCitation(path),))


def _rows(name: str, value: str, values: dict[str, float]) -> list[list[str]]:
    return [[name, value], *([one, computing.shown(figure)] for one, figure in values.items())]


def _written(rows: list[list[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()
