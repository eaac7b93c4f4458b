"""What the offline model works out: columns of tables, lists of numbers, sums. Each is a step of code. Pure."""

import re

from bot.playground.model.asking import OVERVIEW, WORKS
from bot.playground.model.code import TABLES, list_reckoning, opening, program, reckoning
from bot.playground.model.computing import figures, read_table, shown
from bot.playground.model.heard import State
from bot.playground.model.phrases import Phrases, phrases
from bot.playground.model.reply import Reply
from bot.playground.model.tables import Table, Wish, bare_numbers, mentions, table_for, wish_of
from bot.playground.openai.arithmetic import find_sum
from bot.playground.openai.script import CodeInterpreter

INTERPRETER = "code_interpreter"
PREVIEW = 5  # rows of a table
COLUMNS = 12  # of a table that are shown
GROUPS = 40  # lines of an answer
CELL = 60  # characters of a cell
OPERATORS = (
    (r"(\d[\d.]*) ?(?:%|percent|퍼센트|프로)(?: of|의) ?(\d[\d.]*)", r"\1 / 100 * \2"),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"(?<=[\d)])\s*(?:times|multiplied by|x|곱하기)\s*(?=[\d(])", " * "),
    (r"(?<=[\d)])\s*(?:plus|더하기)\s*(?=[\d(])", " + "),
    (r"(?<=[\d)])\s*(?:minus|빼기)\s*(?=[\d(])", " - "),
    (r"(?<=[\d)])\s*(?:divided by|over|나누기)\s*(?=[\d(])", " / "),
)
"""Words for what stands between numbers, and how Python writes it."""


def reckoned(state: State) -> Reply | None:
    """The figures that were asked for, or how a table begins."""
    return _of_table(state) or _of_list(state) or _of_sum(state)


def in_symbols(text: str) -> str:
    """The text with its arithmetic as Python writes it: "17 times 3" as "17 * 3"."""
    for pattern, written in OPERATORS:
        text = re.sub(pattern, written, text, flags=re.IGNORECASE)
    return text


def markdown_table(header: list[str], rows: list[list[str]], *, right: frozenset[int] = frozenset()) -> str:
    """A table in Markdown; the columns of these numbers stand to the right."""
    ruler = ["--:" if place in right else ":--" for place in range(len(header))]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in [header, ruler, *rows])


def _cell(text: str) -> str:
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= CELL else f"{line[: CELL - 1]}…"


def _of_table(state: State) -> Reply | None:
    table = table_for(state)
    if table is None or (table.file and INTERPRETER not in state.tools):
        return None
    say = phrases(korean=state.korean)
    wish = wish_of(state.question, table)
    if wish is not None and (wish.named or _is_meant(state, table)):
        return _worked_out(state, table, wish, say)
    named = table.file and (mentions(state.question, table.file) or table.file in state.attached)
    lonely = table.file and not state.turn.openings() and not state.turn.documents()
    return _preview(table, say) if OVERVIEW.search(state.question) and (named or lonely) else None


def _is_meant(state: State, table: Table) -> bool:
    """Whether a question that names no column is about the table: not where it brings other numbers or files."""
    if not table.file or mentions(state.question, table.file):
        return True
    others = (*(one.filename for one in state.turn.openings()), *(name for name, _ in state.turn.documents()))
    return not bare_numbers(state.question) and not any(mentions(state.question, name) for name in others)


def _worked_out(state: State, table: Table, wish: Wish, say: Phrases) -> Reply:
    columns = wish.columns[:COLUMNS]
    if not columns:
        return Reply(say.no_numbers.format(column=", ".join(table.header)), say.by_rule)
    program_, logs = reckoning(table, columns, wish.what, wish.by)
    steps = (CodeInterpreter(program_, logs),) if INTERPRETER in state.tools else ()
    return Reply(_told(table, columns, wish, say), say.ran if steps else say.by_rule, steps)


def _told(table: Table, columns: list[str], wish: Wish, say: Phrases) -> str:
    what, rows = say.works[wish.what], len(table.rows) - 1
    source = f", {table.file}" if table.file else ""
    if wish.by:
        found = figures(table.rows, wish.what, columns[0], wish.by)
        head = say.by_group.format(what=what, column=columns[0], by=wish.by, rows=rows, source=source)
        lines = [[group, shown(value)] for group, value in list(found.items())[:GROUPS]]
        return f"{head}\n\n{markdown_table([wish.by, columns[0]], lines, right=frozenset({1}))}"
    values = {column: figures(table.rows, wish.what, column)[column] for column in columns}
    if len(values) == 1:
        [(column, value)] = values.items()
        return say.of_column.format(what=what, column=column, value=shown(value), rows=rows, source=source)
    lines = [[column, shown(value)] for column, value in values.items()]
    head = say.per_column.format(rows=rows, source=source)
    return f"{head}\n\n{markdown_table(['', what], lines, right=frozenset({1}))}"


def _preview(table: Table, say: Phrases) -> Reply:
    header = [name or "–" for name in table.header[:COLUMNS]]
    lines = [row[:COLUMNS] for row in table.rows[1 : PREVIEW + 1]]
    head = say.table_of.format(file=table.file, rows=len(table.rows) - 1, columns=", ".join(header))
    right = frozenset(place for place, name in enumerate(table.header) if name in table.numeric())
    call = f"{opening(table)}print(len(rows) - 1, 'rows')\nprint(rows[0])\n"
    logs = f"{len(table.rows) - 1} rows\n{table.rows[0]}\n"
    step = CodeInterpreter(program(TABLES, (read_table,), call), logs)
    return Reply(f"{head}\n\n{markdown_table(header, lines, right=right)}", say.ran, (step,))


def _of_list(state: State) -> Reply | None:
    what = next((what for what, pattern in WORKS.items() if pattern.search(state.question)), None)
    numbers = bare_numbers(state.question)
    if what is None or not numbers or find_sum(in_symbols(state.question)):
        return None
    say = phrases(korean=state.korean)
    code, value = list_reckoning(numbers, what)
    written = f"{say.works[what]}({', '.join(map(shown, numbers))})"
    return _ran(state, code, f"{value:.10g}", say.total.format(code=written, value=f"{value:.10g}"))


def _of_sum(state: State) -> Reply | None:
    wanted = find_sum(in_symbols(state.question))
    if wanted is None:
        return None
    say = phrases(korean=state.korean)
    whole = wanted.value.lstrip("-").isdigit() and "/" not in wanted.code and "." not in wanted.code
    code = f"print({wanted.code})" if whole else f'print(format({wanted.code}, ".10g"))'
    shown_code = wanted.code.replace("**", "^").replace("*", "×")
    return _ran(state, code, wanted.value, say.total.format(code=shown_code, value=wanted.value))


def _ran(state: State, code: str, printed: str, text: str) -> Reply:
    say = phrases(korean=state.korean)
    if INTERPRETER not in state.tools:
        return Reply(text, say.by_rule)
    return Reply(text, say.ran, (CodeInterpreter(code, f"{printed}\n"),))
