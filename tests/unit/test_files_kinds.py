"""Every kind of file that people post, and where it goes."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.files.kinds import MB, SEARCHED_TEXT, Change, Policy, Reason, Refused, Route, Use, route
from bot.files.sentences import CHANGES, REFUSALS
from bot.files.slack_file import parse_file
from tests import documents
from tests.documents import slack_file, written

NO_CODE = Policy(code_interpreter=False)


def routed(folder: Path, name: str, content: bytes, policy: Policy | None = None, **more: Any) -> Route | Refused:
    return route(parse_file(slack_file(name, len(content), **more)), written(folder, content), policy or Policy())


def went(folder: Path, name: str, content: bytes, policy: Policy | None = None, **more: Any) -> tuple[Any, ...]:
    """Use, name, whether it is given whole too; or the reason alone."""
    found = routed(folder, name, content, policy, **more)
    return (found.reason,) if isinstance(found, Refused) else (found.use, found.name, found.also_inline)


@pytest.mark.parametrize("ended", sorted(SEARCHED_TEXT))
def test_text_that_file_search_takes_goes_as_it_is(ended: str, tmp_path: Path) -> None:
    assert went(tmp_path, f"휴가.{ended}", b"print('hello')\n") == (Use.SEARCH, f"휴가.{ended}", True)


def test_the_extensions_that_file_search_takes_are_twenty_one() -> None:
    assert len(SEARCHED_TEXT | {"pdf", "doc", "docx", "pptx"}) == 21  # reference/openai-platform.md §4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("handbook.pdf", documents.pdf()),
        ("scan.pdf", documents.scanned_pdf()),
        ("old.doc", documents.ole("WordDocument", "1Table")),
        ("휴가 규정.docx", documents.word()),
        ("slides.pptx", documents.slides()),
    ],
)
def test_documents_that_file_search_takes_go_as_they_are(name: str, content: bytes, tmp_path: Path) -> None:
    assert went(tmp_path, name, content) == (Use.SEARCH, name, True)


@pytest.mark.parametrize(
    "name",
    [
        "a.yaml",
        "a.toml",
        "a.ini",
        "a.log",
        "a.sql",
        "a.srt",
        "a.svg",
        "a.ipynb",
        "a.rst",
        "Makefile",
        ".gitignore",
        "a.exe",
    ],
)
def test_other_text_goes_as_txt_with_its_own_name_before_it(name: str, tmp_path: Path) -> None:
    content = documents.SVG if name == "a.svg" else b"key: value\n"
    assert went(tmp_path, name, content) == (Use.SEARCH_AS_TEXT, f"{name.lstrip('.')}.txt", True)


@pytest.mark.parametrize(
    ("name", "content", "uploaded"),
    [
        ("a.csv", documents.table(), "a.csv"),
        ("a.tsv", documents.table(between="\t"), "a.tsv.csv"),
        ("a.xlsx", documents.workbook(), "a.xlsx"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "a.xml"),
        ("a.zip", documents.archive(), "a.zip"),
        ("a.tar", documents.tarball(), "a.tar"),
        ("a.pkl", documents.pickled(), "a.pkl"),
        ("a.pickle", documents.pickled(), "a.pickle.pkl"),
    ],
)
def test_tables_and_archives_go_to_the_code_interpreter(
    name: str, content: bytes, uploaded: str, tmp_path: Path
) -> None:
    assert went(tmp_path, name, content) == (Use.CONTAINER, uploaded, False)


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.csv", documents.table(), (Use.INLINE, "a.csv", False)),
        ("a.tsv", documents.table(between="\t"), (Use.INLINE, "a.tsv.csv", False)),
        ("a.xlsx", documents.workbook(), (Use.INLINE, "a.xlsx", False)),
        ("a.xml", b"<?xml version='1.0'?><a/>", (Use.SEARCH_AS_TEXT, "a.xml.txt", True)),
        ("a.zip", documents.archive(), (Reason.NEEDS_CODE,)),
        ("a.tar", documents.tarball(), (Reason.NEEDS_CODE,)),
        ("a.pkl", documents.pickled(), (Reason.NEEDS_CODE,)),
    ],
)
def test_without_the_code_interpreter_tables_are_given_whole(
    name: str, content: bytes, where: tuple[Any, ...], tmp_path: Path
) -> None:
    assert went(tmp_path, name, content, NO_CODE) == where


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xls", documents.ole("Workbook")),
        ("a.ppt", documents.ole("PowerPoint Document")),
        ("a.rtf", rb"{\rtf1\ansi hello}"),
        ("a.odt", documents.open_document()),
    ],
)
def test_what_only_an_input_file_can_be_is_given_whole(name: str, content: bytes, tmp_path: Path) -> None:
    assert went(tmp_path, name, content) == (Use.INLINE, name, False)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_pictures_are_seen_once_they_are_made_fit(kind: str, tmp_path: Path) -> None:
    found = routed(tmp_path, f"photo.{kind.lower()}", documents.picture(kind))
    assert isinstance(found, Route)
    assert (found.use, found.change) == (Use.IMAGE, Change.PICTURE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("clip.m4a", documents.boxes(b"M4A ")),
        ("clip.mp4", documents.boxes(b"isom")),
        ("a.wav", documents.sound()),
        ("a.mp3", b"ID3\4" + bytes(100)),
        ("a.mp3", b"\xff\xfb\x90\x64" + bytes(100)),
        ("a.flac", b"fLaC\0\0\0\x22" + bytes(100)),
        ("a.ogg", b"OggS\0\2" + bytes(100)),
        (
            "a.webm",
            b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x08\x42\x82\x84webm\0",
        ),
        ("a.mpeg", b"\0\0\1\xba\x44\0\4\0" + bytes(100)),
    ],
)
def test_recordings_are_transcribed(name: str, content: bytes, tmp_path: Path) -> None:
    assert went(tmp_path, name, content)[:2] == (Use.TRANSCRIBE, name)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"", Reason.EMPTY),
        ("a.pdf", documents.pdf(password="secret"), Reason.ENCRYPTED),
        ("a.docx", documents.ole("EncryptionInfo", "EncryptedPackage"), Reason.ENCRYPTED),
        ("a.pdf", b"%PDF-1.7\n" + bytes(200), Reason.BROKEN),
        ("a.pdf", documents.pdf()[:300], Reason.BROKEN),
        ("a.pdf", documents.pdf_without_pages(), Reason.BROKEN),
        ("a.docx", documents.word()[:5000], Reason.BROKEN),
        ("a.zip", documents.archive()[:-30], Reason.BROKEN),
        ("IMG_1.HEIC", documents.HEIC, Reason.HEIC),
        ("IMG_1.MOV", documents.boxes(b"qt  "), Reason.RECORDING),
        ("a.aac", b"\xff\xf1\x50\x80" + bytes(100), Reason.RECORDING),
        ("setup.exe", documents.EXE, Reason.UNSUPPORTED),
        ("a.gz", b"\x1f\x8b\x08\0" + bytes(100), Reason.UNSUPPORTED),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(100), Reason.UNSUPPORTED),
        ("a.db", b"SQLite format 3\0" + bytes(100), Reason.UNSUPPORTED),
        ("a.ods", documents.open_document("spreadsheet"), Reason.UNSUPPORTED),
        ("a.msg", documents.ole("__properties_version1.0"), Reason.UNSUPPORTED),
        ("a.bin", random.Random(3).randbytes(3000), Reason.UNSUPPORTED),
    ],
)
def test_what_cannot_be_read_is_refused_for_a_reason(
    name: str, content: bytes, reason: Reason, tmp_path: Path
) -> None:
    assert went(tmp_path, name, content) == (reason,)


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("page.pdf", documents.HTML, (Use.SEARCH, "page.pdf.html", True)),
        ("notes.pdf", b"only words\n", (Use.SEARCH_AS_TEXT, "notes.pdf.txt", True)),
        ("photo.png", documents.archive(), (Use.CONTAINER, "photo.png.zip", False)),
        ("readme.txt", documents.EXE, (Reason.UNSUPPORTED,)),
        ("photo.jpg", documents.picture("PNG"), (Use.IMAGE, "photo.jpg.png", False)),
        ("table.csv", documents.workbook(), (Use.CONTAINER, "table.csv.xlsx", False)),
        ("report.txt", documents.pdf(), (Use.SEARCH, "report.txt.pdf", True)),
        ("report.zip", documents.word(), (Use.SEARCH, "report.zip.docx", True)),
        ("macro.docm", documents.word(), (Use.SEARCH, "macro.docm.docx", True)),
        ("Handbook.PDF", documents.pdf(), (Use.SEARCH, "Handbook.pdf", True)),
        ("handbook", documents.pdf(), (Use.SEARCH, "handbook.pdf", True)),
        ("stream.ts", b"\x47\x40\0\x10" + bytes(500), (Reason.UNSUPPORTED,)),
        ("BMW.txt", b"BMW is a car, MZ is none\n", (Use.SEARCH, "BMW.txt", True)),
        ("pdf.txt", b"A file begins with %PDF-1.7\n", (Use.SEARCH, "pdf.txt", True)),
    ],
)
def test_content_decides_where_the_name_lies(
    name: str, content: bytes, where: tuple[Any, ...], tmp_path: Path
) -> None:
    assert went(tmp_path, name, content) == where


def test_a_lying_size_is_not_believed(tmp_path: Path) -> None:
    policy = Policy(max_file_bytes=1000)
    assert went(tmp_path, "a.txt", b"x" * 1001, policy) == (Reason.TOO_LARGE,)
    assert went(tmp_path, "a.txt", b"x" * 1000, policy)[0] is Use.SEARCH


@pytest.mark.parametrize("encoding", ["cp949", "shift_jis", "utf-16", "utf-8-sig"])
def test_text_in_another_encoding_becomes_utf8_wherever_it_goes(encoding: str, tmp_path: Path) -> None:
    for name in ("a.md", "a.yaml", "a.csv"):
        found = routed(
            tmp_path, name, (documents.JAPANESE + "\n").encode(encoding if encoding != "cp949" else "utf-16")
        )
        assert isinstance(found, Route)
        assert found.change is Change.UTF8
        assert found.encoding not in (None, "utf-8")


def test_a_korean_table_from_excel_is_known(tmp_path: Path) -> None:
    found = routed(tmp_path, "휴가.csv", documents.table("euc_kr"))
    assert found == Route(Use.CONTAINER, found.kind, "휴가.csv", "휴가.csv", 48, Change.UTF8, "cp949")  # type: ignore[union-attr]


def test_a_snippet_goes_by_the_type_that_slack_was_told(tmp_path: Path) -> None:
    def snippet(filetype: str) -> tuple[Any, ...]:
        return went(tmp_path, "Untitled", b"x = 1\n", mode="snippet", filetype=filetype)

    assert snippet("python") == (Use.SEARCH, "Untitled.py", True)
    assert snippet("yaml") == (Use.SEARCH_AS_TEXT, "Untitled.yaml.txt", True)
    assert snippet("csv") == (Use.CONTAINER, "Untitled.csv", False)


@pytest.mark.parametrize(("pages", "whole"), [(20, True), (21, False), (300, False)])
def test_only_a_short_pdf_is_given_whole(pages: int, whole: bool, tmp_path: Path) -> None:
    assert went(tmp_path, "a.pdf", documents.long_pdf(pages)) == (Use.SEARCH, "a.pdf", whole)


@pytest.mark.parametrize(("count", "whole"), [(2, True), (3, False)])
def test_only_a_short_show_is_given_whole(count: int, whole: bool, tmp_path: Path) -> None:
    show = documents.slides(str(number) for number in range(count))
    assert went(tmp_path, "a.pptx", show, Policy(inline_max_pages=2)) == (Use.SEARCH, "a.pptx", whole)


def test_only_a_small_file_is_given_whole(tmp_path: Path) -> None:
    policy = Policy(inline_max_bytes=100)
    assert went(tmp_path, "a.txt", b"x" * 100, policy) == (Use.SEARCH, "a.txt", True)
    assert went(tmp_path, "a.txt", b"x" * 101, policy) == (Use.SEARCH, "a.txt", False)
    assert went(tmp_path, "a.docx", documents.word(), policy) == (Use.SEARCH, "a.docx", False)
    assert went(tmp_path, "a.rtf", rb"{\rtf1 " + b"x" * 100, policy) == (Reason.TOO_LARGE_TO_READ_WHOLE,)


def test_a_pdf_that_only_forbids_changes_is_no_locked_one(tmp_path: Path) -> None:
    assert went(tmp_path, "a.pdf", documents.pdf(owner="secret")) == (Use.SEARCH, "a.pdf", True)


def test_a_pdf_whose_lock_we_cannot_try_is_left_to_openai_and_not_given_whole(tmp_path: Path) -> None:
    assert went(tmp_path, "a.pdf", documents.aes_pdf()) == (Use.SEARCH, "a.pdf", False)


def test_a_pdf_that_leads_in_circles_ends(tmp_path: Path) -> None:
    assert went(tmp_path, "a.pdf", documents.pdf_in_circles()) == (Use.SEARCH, "a.pdf", False)


def test_a_zip_bomb_is_passed_on_unopened(tmp_path: Path) -> None:
    assert went(tmp_path, "a.zip", documents.bomb(20_000_000)) == (Use.CONTAINER, "a.zip", False)


def test_a_document_that_is_a_bomb_is_never_given_whole(tmp_path: Path) -> None:
    assert went(tmp_path, "a.docx", documents.word_bomb(60_000_000)) == (Use.SEARCH, "a.docx", False)


def test_a_recording_over_25_mb_is_refused(tmp_path: Path) -> None:
    sound = documents.boxes().ljust(25 * MB, b"\0")
    assert went(tmp_path, "a.m4a", sound)[0] is Use.TRANSCRIBE
    assert went(tmp_path, "a.m4a", sound + b"\0") == (Reason.TOO_LONG_TO_HEAR,)


def test_every_reason_has_a_sentence_that_names_the_file_and_says_what_to_do() -> None:
    assert set(REFUSALS) == set(Reason)
    for reason in Reason:
        sentence = Refused(reason, "휴가 {name} %s.pdf", 25 * MB).sentence
        assert "“휴가 {name} %s.pdf”" in sentence
        assert sentence.endswith(".")
    assert Refused(Reason.TOO_LONG_TO_HEAR, "a.m4a", 25 * MB).sentence.startswith("“a.m4a” is larger than 25 MB,")
    assert all("{name}" in sentence for sentence in CHANGES.values())


def test_a_hostile_name_is_harmless_in_every_sentence(tmp_path: Path) -> None:
    found = routed(tmp_path, "a\n\u202e/../" + "x" * 1000 + ".exe", documents.EXE)
    assert isinstance(found, Refused)
    assert not set("\n\u202e/") & set(found.sentence)
    assert len(found.name) <= 100


SAMPLES = (
    documents.pdf(), documents.word(), documents.slides(), documents.workbook(), documents.archive(),
    documents.tarball(), documents.ole("WordDocument"), documents.picture(), documents.boxes(), documents.table(),
    documents.open_document(), documents.pdf(owner="secret"), documents.aes_pdf(), documents.pdf_in_circles(3),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=4),
    st.floats(0.2, 1),
    st.sampled_from(["a.pdf", "a", "a.docx", "a.zip", "a.csv"]),
)
def test_no_bytes_break_it(
    tmp_path: Path, content: bytes, damage: list[tuple[float, bytes]], kept: float, name: str
) -> None:
    damaged = bytearray(content)
    for where, what in damage:
        at = int(where * (len(damaged) - 1))
        damaged[at : at + len(what)] = what
    assert isinstance(routed(tmp_path, name, bytes(damaged[: int(kept * len(damaged))])), Route | Refused)
