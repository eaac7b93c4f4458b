"""What the offline model works out and makes; the code that it shows does what it says."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.playground.model import Pace, offline
from bot.playground.model.computing import bars, number, picture
from bot.playground.model.heard import state_of
from bot.playground.model.phrases import EN, KO
from bot.playground.model.tables import Table, listed, table_for, typed_table, wish_of
from bot.playground.openai.script import CodeInterpreter, MadeCitation, Text, Turn
from tests.unit.offline_turns import HANDBOOK, SALES, text_of, turn

AT_ONCE = Pace(0, 0)
EUC_KR = ("매출.csv", "지역;금액\n서울;10,5\n부산;20\n서울;30\n".encode("cp949"))


def answered(asked: Turn) -> tuple[str, list[CodeInterpreter]]:
    script = offline(asked, AT_ONCE)
    return text_of(script), [part for part in script.parts if isinstance(part, CodeInterpreter)]


NUMBERS = {
    "12": 12.0,
    " -3.5 ": -3.5,
    "1,000": 1000.0,
    "1,234,567.5": 1234567.5,
    "10,5": 10.5,
    "€ 7": 7.0,
    "12 %": 12.0,
    "3원": 3.0,
    "": None,
    "n/a": None,
    "2024-01-02": None,
    "nan": None,
    "1e5": None,
}


@pytest.mark.parametrize(("cell", "value"), NUMBERS.items())
def test_a_cell_is_a_number_or_none(cell: str, value: float | None) -> None:
    assert number(cell) == value


ASKED: dict[str, str] = {
    "What is 17 × 23?": "17 × 23 = **391**",
    "what is 17 times 23": "17 × 23 = **391**",
    "17 곱하기 23은?": "17 × 23 = **391**",
    "15% of 80": "15 / 100 × 80 = **12**",
    "1,000 + 2,500": "1000 + 2500 = **3500**",
    "10 / 4": "10 / 4 = **2.5**",
    "0.1 + 0.2": "0.1 + 0.2 = **0.3**",
    "2^10": "2^10 = **1024**",
    "(8 / 2) ^ 2": "(8 / 2) ^ 2 = **16**",
    "The average of 3, 5 and 10": "average(3, 5, 10) = **6**",
    "median of 1 2 9": "median(1, 2, 9) = **2**",
    "3, 5, 10의 평균": "평균(3, 5, 10) = **6**",
    "What is the total amount?": "The sum of **amount** is **1030.5** (3 rows, sales.csv).",
    "amount 평균은 얼마야?": "**amount**의 평균: **343.5** (3행, sales.csv).",
    "the largest amount in sales.csv": "The largest value of **amount** is **1000** (3 rows, sales.csv).",
    "sum of amount by region": "| North | 1010.5 |\n| South | 20 |",
    "region별 amount 합계": "| North | 1010.5 |\n| South | 20 |",
    "How many rows are there?": "(3 rows, sales.csv)",
    "What is in sales.csv?": "**sales.csv** has 3 rows and these columns: region, month, amount.",
    "sum of these:\nname,kg\na,1\nb,2.5": "The sum of **kg** is **3.5** (2 rows).",
    "| a | b |\n|---|---|\n| x | 3 |\n| y | 4 |\nWhat is the sum?": "The sum of **b** is **7** (2 rows).",
}


@pytest.mark.parametrize(("asked", "said"), ASKED.items())
def test_figures_are_worked_out_by_code_that_prints_them(asked: str, said: str, tmp_path: Path) -> None:
    text, [step] = answered(turn(asked, holds=[SALES]))
    assert said in text
    assert run(step, tmp_path, SALES) == step.logs


def run(step: CodeInterpreter, folder: Path, *files: tuple[str, bytes]) -> str:
    """What the code of a step really prints, with these files in its folder."""
    for name, data in files:
        (folder / f"0123-{name}").write_bytes(data)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(step.code.replace("/mnt/data", str(folder)), "step", "exec"), {})
    return printed.getvalue()


def test_without_the_tool_sums_are_said_and_files_are_not_read() -> None:
    assert answered(turn("3 * 4", tools=())) == ("3 × 4 = **12**", [])
    text, steps = answered(turn("sum of amount", tools=(), holds=[SALES]))
    assert ("sales.csv" in text, steps) == (False, [])


def test_a_korean_table_in_another_encoding_with_semicolons_is_read(tmp_path: Path) -> None:
    text, [step] = answered(turn("지역별 금액 합계", holds=[EUC_KR]))
    assert "| 서울 | 40.5 |\n| 부산 | 20 |" in text
    assert run(step, tmp_path, EUC_KR) == step.logs == "서울 40.5\n부산 20\n"


def test_the_table_is_the_one_that_is_named_or_the_newest() -> None:
    other = ("stock.csv", b"item,count\nx,1\n")
    for asked, file in {"sum in sales.csv": "sales.csv", "total of count": "stock.csv"}.items():
        table = table_for(state_of(turn(asked, holds=[SALES, other])))
        assert table is not None
        assert table.file == file
    assert answered(turn("What is the total in handbook.md?", holds=[SALES, HANDBOOK]))[1] == []


@pytest.mark.parametrize(
    "text", ["a, b\nc, d", "Hello, you\nand you, too", "one line, 3", "", "a,a\n1,2", "| x |"]
)
def test_what_is_no_table_is_left_alone(text: str) -> None:
    assert typed_table(text) is None


def test_what_is_wanted_of_a_table() -> None:
    table = Table([["city", "people", "year"], ["Graz", "3", "2020"]], "")
    cases: dict[str, Any] = {
        "sum of people": ("sum", ["people"], ""),
        "average people per city": ("average", ["people"], "city"),
        "total": ("sum", ["people", "year"], ""),
        "most people": ("largest", ["people"], ""),
        "most": None,
        "what about people": None,
    }
    found = {asked: wish_of(asked, table) for asked in cases}
    assert {asked: wish and (wish.what, wish.columns, wish.by) for asked, wish in found.items()} == cases


LISTS = {
    "Make a CSV of apples 3, pears 5": {"apples": 3.0, "pears": 5.0},
    "chart with tea: 1.5; green milk = 2 and rum 4": {"tea": 1.5, "green milk": 2.0, "rum": 4.0},
    "사과 3, 배 5로 CSV 만들어 줘": {"사과": 3.0, "배": 5.0},
    "make a chart": {},
    "on 3, I said hello": {},
}


@pytest.mark.parametrize(("asked", "values"), LISTS.items())
def test_figures_are_read_with_their_names(asked: str, values: dict[str, float]) -> None:
    assert listed(asked) == values


MADE: dict[str, tuple[str, str]] = {
    "Make a CSV of apples 3, pears 5": ("table.csv", "2 rows"),
    "Export a csv of amount sums by region": ("table.csv", "2 rows"),
    "Make a CSV": ("table.csv", "3 rows"),
    "Make a chart of amount by region": ("chart.png", "| 1 | North | 1010.5 |"),
    "chart of 3, 5 and 8": ("chart.png", "| 3 | 3 | 8 |"),
    "Plot tea 3, rum -2": ("chart.png", "| 2 | rum | -2 |"),
    "사과 3, 배 5 차트 만들어 줘": ("chart.png", "| 1 | 사과 | 3 |"),
    "Draw a picture of the sea": ("picture.png", "the sea"),
    "바다 그림 그려 줘": ("picture.png", "바다"),
}


@pytest.mark.parametrize(("asked", "made"), MADE.items())
def test_files_are_made_by_code_that_makes_them_and_cited(
    asked: str, made: tuple[str, str], tmp_path: Path
) -> None:
    script = offline(turn(asked, holds=[SALES]), AT_ONCE)
    [step] = [part for part in script.parts if isinstance(part, CodeInterpreter)]
    [text] = [part for part in script.parts if isinstance(part, Text)]
    path = f"/mnt/data/{made[0]}"
    assert (list(step.files), list(text.annotations)) == ([path], [MadeCitation(path)])
    assert made[1] in text.whole()
    run(step, tmp_path, SALES)
    assert (tmp_path / made[0]).read_bytes() == step.files[path]


def test_figures_that_nobody_gave_are_called_made_up() -> None:
    assert EN.sample in answered(turn("Make a chart"))[0]
    assert KO.sample in answered(turn("차트 만들어 줘"))[0]
    assert EN.sample not in answered(turn("Make a chart of a 1, b 2"))[0]


def test_without_the_tool_no_file_is_made() -> None:
    assert answered(turn("Make a chart", tools=())) == (EN.no_code, [])


@pytest.mark.parametrize(
    "image", [bars({"a": 0.0}, ""), bars({"가": -1.0, "b" * 99: 1e12}, "매출"), picture(""), picture("바다" * 50)]
)
def test_pictures_can_be_drawn_of_anything(image: Image.Image) -> None:
    assert image.size in ((960, 540), (768, 768))
