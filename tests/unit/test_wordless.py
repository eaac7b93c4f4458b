"""What people are told of files without a word, and what they are offered to ask."""

import pytest

from bot import words
from bot.attachments import records
from bot.attachments.records import Dropped, Ingested, Taken
from bot.wordless import received
from storage.records import Place

DROPPED = Dropped(Place("T1", "C1", "1.0"), "1.0", "U1", {"id": "F1"})


def taken(name: str, use: str = records.SEARCH, *, ready: bool = True) -> Taken:
    return Taken(DROPPED, name, f"file-{name}", use, ready=ready)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("a",), "“a”"),
        (("a", "b"), "“a” and “b”"),
        (("a", "a", "b"), "“a” and “b”"),
        (("a", "b", "c"), "“a”, “b” and “c”"),
        (tuple("abcdefg"), "“a”, “b”, “c”, “d”, “e” and 2 more"),
    ],
)
def test_what_is_ready_is_named(files: tuple[str, ...], names: str) -> None:
    ingested, _ = received(Ingested(taken=tuple(map(taken, files)), notes=("Beware.",)))
    sentence = words.FILE_READY if len(files) == 1 else words.FILES_READY
    assert ingested.notes == (sentence.format(names=names), "Beware.")


@pytest.mark.parametrize(
    ("uses", "asks"),
    [
        ((records.SEARCH,), words.ASK_ABOUT_DOCUMENT),
        ((records.GIVEN,), words.ASK_ABOUT_DOCUMENT),
        ((records.CONTAINER,), words.ASK_ABOUT_DATA),
        ((records.IMAGE,), words.ASK_ABOUT_PICTURE),
        ((records.IMAGE, records.SEARCH), words.ASK_ABOUT_FILES),
    ],
)
def test_the_questions_suit_the_files(uses: tuple[str, ...], asks: tuple[tuple[str, str], ...]) -> None:
    _, questions = received(Ingested(taken=tuple(taken(use, use) for use in uses)))
    assert [question.label for question in questions] == [label for label, _ in asks]
    assert all("“" in question.question and len(question.label) <= 75 for question in questions)
    longest = tuple(taken(f"{number}{'x' * 98}", uses[0]) for number in range(9))
    assert all(len(question.question) <= 2_000 for question in received(Ingested(taken=longest))[1])


def test_where_nothing_is_ready_nothing_is_offered() -> None:
    ingested, questions = received(Ingested(taken=(taken("a", ready=False),), notes=("It is locked.",)))
    assert (ingested.notes, questions) == (("It is locked.",), ())
