"""From what Slack gave to what OpenAI gets."""

import csv
import io
import tracemalloc
from pathlib import Path

import pytest

from bot.files.images import Seen
from bot.files.kinds import Policy, Reason, Refused, Route, route
from bot.files.preparing import MIMES, Ready, prepare
from bot.files.slack_file import parse_file
from bot.files.tables import to_csv
from tests import documents
from tests.documents import slack_file, written


def prepared(folder: Path, name: str, content: bytes) -> Ready | Refused:
    source = written(folder, content)
    found = route(parse_file(slack_file(name, len(content))), source, Policy())
    assert isinstance(found, Route)
    return prepare(found, source, folder / "made")


def ready(folder: Path, name: str, content: bytes) -> Ready:
    made = prepared(folder, name, content)
    assert isinstance(made, Ready)
    assert made.size == made.path.stat().st_size
    return made


def test_what_needs_no_change_is_sent_as_it_came(tmp_path: Path) -> None:
    made = ready(tmp_path, "handbook.pdf", documents.pdf())
    assert (made.path, made.name, made.mime) == (tmp_path / "download", "handbook.pdf", "application/pdf")
    assert made.notes == ()


def test_a_korean_table_is_sent_as_utf8(tmp_path: Path) -> None:
    made = ready(tmp_path, "휴가.csv", documents.table("euc_kr"))
    assert made.path.read_bytes() == documents.table("utf-8")
    assert (made.name, made.mime) == ("휴가.csv", "text/csv")


def test_a_table_with_tabs_is_sent_with_commas(tmp_path: Path) -> None:
    made = ready(tmp_path, "휴가.tsv", documents.table("utf-16", between="\t"))
    assert made.path.read_bytes() == documents.table("utf-8", end="\n")
    assert (made.name, made.mime) == ("휴가.tsv.csv", "text/csv")


def test_an_animation_is_sent_as_a_picture_and_people_are_told(tmp_path: Path) -> None:
    made = ready(tmp_path, "party.gif", documents.animation())
    assert (made.name, made.mime, set(made.changes)) == ("party.gif.png", "image/png", {Seen.FIRST_PICTURE})
    assert made.notes == ("Of “party.gif” I see the first picture only: no movement and no further pages.",)


def test_a_broken_picture_is_refused_under_the_name_people_know(tmp_path: Path) -> None:
    made = prepared(tmp_path, "cat.jpeg", documents.animation()[:60])
    assert made == Refused(Reason.BROKEN, "cat.jpeg")


def test_a_photo_keeps_its_name(tmp_path: Path) -> None:
    assert ready(tmp_path, "IMG_1.JPG", documents.photo()).name == "IMG_1.jpg"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a\t"b\tc"\td, e\r\n', [["a", "b\tc", "d, e"]]),
        ('a\t"two\nlines"\n', [["a", "two\nlines"]]),
        ('6" pipe\t1\n"open\t2\n', [['6" pipe', "1"], ['"open', "2"]]),
        ("", []),
    ],
)
def test_a_cell_stays_what_it_was(text: str, rows: list[list[str]], tmp_path: Path) -> None:
    to_csv(written(tmp_path, text.encode()), tmp_path / "made", "utf-8")
    assert list(csv.reader(io.StringIO((tmp_path / "made").read_text(), newline=""))) == rows


def test_a_cell_too_large_for_a_table_is_left_alone(tmp_path: Path) -> None:
    content = b"a\t" + b"x" * 200_000 + b"\n"
    to_csv(written(tmp_path, content), tmp_path / "made", "utf-8")
    assert (tmp_path / "made").read_bytes() == content


def test_memory_is_flat(tmp_path: Path) -> None:
    source = written(tmp_path, documents.table("cp949", between="\t") * 30_000)
    tracemalloc.start()
    to_csv(source, tmp_path / "made", "cp949")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 700_000


def test_every_extension_that_we_give_has_its_type(tmp_path: Path) -> None:
    assert ready(tmp_path, "a.yaml", b"a: 1\n").mime == "text/plain"
    assert all("/" in mime and extension.isalnum() for extension, mime in MIMES.items())
