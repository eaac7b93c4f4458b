"""Names of files, as kind or as hostile as they come."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.files.names import LONGEST, LONGEST_BYTES, extension, safe_name, upload_name


@pytest.mark.parametrize(
    "name",
    [
        "handbook.pdf",
        "2026년 휴가 규정 (최종).docx",
        "휴가🏖️👩🏽‍💻.md",
        "R&D <plan> *v2*.txt",
        "a.tar.gz",
        "議事録.txt",
        "Makefile",
    ],
)
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\Users\\kim\\a.pdf", "C__Users_kim_a.pdf"),
        ("a∕b／c.pdf", "a_b_c.pdf"),
        ("report\u202efdp.exe", "reportfdp.exe"),
        ("a\u2066b\u2069\u200f\u061c.txt", "ab.txt"),
        ("one\ntwo\r\n\u2028three\t.txt", "one two three .txt"),
        ("nul\0bell\x07del\x7f\x85.txt", "nulbelldel.txt"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("half\ud83d.txt", "half.txt"),
        ("  .hidden  ", "hidden"),
        ("trailing.txt. . ", "trailing.txt"),
    ],
)
def test_what_misleads_eyes_and_paths_is_gone(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", ["", " ", ".", "..", "\u202e", "\0\0", "///", "\u200d", "\ue000"])
def test_a_name_of_nothing_is_called_a_file(name: str) -> None:
    assert safe_name(name) == "file"


def test_korean_in_parts_as_macos_writes_it_is_put_together() -> None:
    assert safe_name(unicodedata.normalize("NFD", "휴가 규정.pdf")) == "휴가 규정.pdf"


def test_a_thousand_characters_become_a_hundred_with_the_extension() -> None:
    safe = safe_name("x" * 1000 + ".pdf")
    assert (len(safe), safe[-5:]) == (100, "….pdf")


def test_a_long_korean_name_fits_a_file_system_too() -> None:
    safe = safe_name("휴가규정" * 250 + ".pdf")
    assert len(safe.encode()) <= LONGEST_BYTES
    assert safe.endswith(("휴….pdf", "가….pdf", "규….pdf", "정….pdf"))


def test_a_long_name_is_not_cut_within_an_emoji() -> None:
    for before in range(40, 60):
        safe = safe_name("x" * before + "👩🏽‍💻" * 60 + ".md")
        assert safe.removesuffix("….md").lstrip("x").replace("👩🏽‍💻", "") == ""


@pytest.mark.parametrize(
    ("name", "wanted", "uploaded"),
    [
        ("handbook.PDF", "pdf", "handbook.pdf"),
        ("settings.yaml", "txt", "settings.yaml.txt"),
        ("photo.jpeg", "jpg", "photo.jpeg.jpg"),
        ("Makefile", "txt", "Makefile.txt"),
        (".env", "txt", "env.txt"),
        ("", "csv", "file.csv"),
    ],
)
def test_an_upload_ends_with_what_openai_goes_by(name: str, wanted: str, uploaded: str) -> None:
    assert upload_name(name, wanted) == uploaded


@pytest.mark.parametrize(
    ("name", "ended"),
    [("a.PDF", "pdf"), ("a.tar.gz", "gz"), ("a", ""), (".env", ""), ("a.b c", ""), ("a.휴가", ""), ("a. ", "")],
)
def test_an_extension_is_short_and_latin(name: str, ended: str) -> None:
    assert extension(name) == ended


@example("👩" * 49, "xlsx")  # 196 bytes, and five more
@given(st.text(st.characters()), st.sampled_from(["pdf", "txt", "xlsx"]))
def test_any_name_becomes_safe_and_stays_so(name: str, wanted: str) -> None:
    for safe in (safe_name(name), upload_name(name, wanted)):
        assert 0 < len(safe) <= LONGEST
        assert len(safe.encode()) <= LONGEST_BYTES
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp", "Cn") or c in "/\\\u202e" for c in safe)
    assert extension(upload_name(name, wanted)) == wanted
    assert safe_name(safe_name(name)) == safe_name(name)
