"""Text in the encodings that people's files come in; and what is no text."""

import random
import struct
import tracemalloc
from pathlib import Path

import pytest

from bot.files.text import encoding_in, encoding_of, to_utf8
from tests import documents
from tests.documents import written

RUSSIAN = "Сотрудники имеют право на отпуск пятнадцать дней."
CHINESE = "员工每年可以休假十五天，请提前三天申请。"
TAIWANESE = "員工每年可以休假十五天，請提前三天申請。"


@pytest.mark.parametrize("text", [documents.KOREAN + "\n", "id,name\n1,서울\n", "안녕하세요"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "euc_kr", "cp949", "utf-16"])
def test_korean_is_read_in_every_encoding_it_comes_in(text: str, encoding: str, tmp_path: Path) -> None:
    assert read(text.encode(encoding), tmp_path) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (documents.KOREAN, "utf-16-le"),
        (documents.KOREAN, "utf-16-be"),
        ("plain words\nand more\n", "utf-16-le"),
        (documents.KOREAN, "utf-32"),
        ("똠방각하 펲시콜라 쀍\n", "cp949"),
        (documents.JAPANESE, "shift_jis"),
        ("名前,年齢\n山田太郎,30\n", "shift_jis"),
        ("テスト データ\n", "cp932"),
        (documents.JAPANESE, "euc_jp"),
        (documents.JAPANESE, "iso2022_jp"),
        ("Le café est à côté de l'école.\n", "latin-1"),
        ("name,city\nMüller,Köln\n", "latin-1"),
        ("He said “hello” – it’s 5€.\n", "cp1252"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "gb18030"),
        (TAIWANESE, "big5"),
        ("👩🏽‍💻 code\n", "utf-8"),
        ("\x1b[31mred\x1b[0m\n", "ascii"),
    ],
)
def test_a_text_is_read_in_its_encoding(text: str, encoding: str, tmp_path: Path) -> None:
    assert read(text.encode(encoding), tmp_path) == text


def read(content: bytes, folder: Path) -> str:
    source, target = written(folder, content), folder / "utf8"
    encoding = encoding_of(source)
    assert encoding is not None
    assert to_utf8(source, target, encoding) == target.stat().st_size
    return target.read_bytes().decode("utf-8")


def test_newlines_are_untouched(tmp_path: Path) -> None:
    text = "가\r\n나\n다\r라\u2028마\x85"
    assert read(text.encode("utf-16"), tmp_path) == text


@pytest.mark.parametrize("encoding", ["cp949", "shift_jis", "utf-8"])
def test_the_encoding_is_found_however_late_it_shows(encoding: str, tmp_path: Path) -> None:
    late = documents.JAPANESE if encoding == "shift_jis" else documents.KOREAN
    text = "1,2,3\n" * 200_000 + f"{late}\n" * 3
    assert read(text.encode(encoding), tmp_path) == text


@pytest.mark.parametrize("at", [262_143, 262_144, 262_145])
def test_a_character_across_two_chunks_is_whole(at: int, tmp_path: Path) -> None:
    text = "x" * (at - 1) + documents.KOREAN
    for encoding in ("utf-8", "cp949"):
        assert read(text.encode(encoding), tmp_path) == text


def test_one_bad_byte_does_not_cost_a_document(tmp_path: Path) -> None:
    content = (documents.KOREAN + "\n").encode() * 50
    assert read(content[:40] + b"\xff" + content[40:], tmp_path).count("\ufffd") <= 2


def test_what_is_cut_within_a_character_is_still_text() -> None:
    whole = documents.KOREAN.encode()
    assert {encoding_in(whole[:end]) for end in range(4, len(whole))} == {"utf-8"}


@pytest.mark.parametrize(
    "content",
    [
        documents.EXE,
        documents.HEIC,
        documents.picture(),
        documents.picture("JPEG"),
        documents.archive(),
        documents.tarball(),
        documents.pickled(),
        documents.sound(),
        documents.workbook(),
        documents.ole("WordDocument"),
        bytes(100),
        struct.pack("<100I", *range(100)),
        struct.pack("<100H", *range(32, 132)),
        struct.pack("<200d", *(number / 7 for number in range(200))),
        random.Random(7).randbytes(5000),
        b"",
    ],
)
def test_what_is_no_text_is_not_taken_for_it(content: bytes, tmp_path: Path) -> None:
    assert encoding_of(written(tmp_path, content)) is None
    assert encoding_in(content[:8192]) is None


def test_a_stray_control_character_in_a_log_is_forgiven(tmp_path: Path) -> None:
    assert encoding_of(written(tmp_path, b"all is well\n" * 500 + b"\x02\n")) == "utf-8"


def test_memory_is_flat(tmp_path: Path) -> None:
    source = written(tmp_path, (documents.KOREAN + "\n").encode("cp949") * 150_000)
    assert source.stat().st_size > 8_000_000
    tracemalloc.start()
    encoding = encoding_of(source)
    assert encoding == "cp949"
    to_utf8(source, tmp_path / "utf8", encoding)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000
