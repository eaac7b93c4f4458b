"""What an answer made: which of it is posted, in which order, under which names."""

import pytest

from bot.assistant.events import Cited, SourceKind, Step, StepStatus, StepType
from bot.attachments.making import (
    Bounds,
    Listed,
    Product,
    bounded,
    brings_files,
    containers_of,
    listing,
    products,
    told,
)
from bot.reply.transcript import TimedStep, Transcript

SINCE = 100.7
OLD = Product("cfile_old", "old.csv", "cntr_1", 10, 50)
A = Product("cfile_a", "a.csv", "cntr_1", 10, 100)
B = Product("cfile_b", "b.csv", "cntr_1", 10, 120)
SHOWN = Product("cfile_c", "cfile_68c2d3e4f5a6b7c8.png", "cntr_1", 10, 130)
CODE = TimedStep(Step("ci_1", StepType.CODE_INTERPRETER, StepStatus.COMPLETED, container_id="cntr_1"))


def cited(file_id: str, title: str, container: str = "cntr_1") -> Cited:
    return Cited(SourceKind.CONTAINER_FILE, title, file_id=file_id, container_id=container)


def image(key: str, start: str) -> TimedStep:
    step = Step(key, StepType.IMAGE_GENERATION, StepStatus.COMPLETED, arguments="a\ncat", image=f"{start}AAAA")
    return TimedStep(step)


def made(listed: Listed, *sources: Cited, steps: tuple[TimedStep, ...] = (CODE,)) -> list[tuple[str, str]]:
    return [(one.id, one.name) for one in products(Transcript(steps=steps, sources=sources), listed, SINCE)]


def test_what_is_cited_comes_first_and_nothing_of_earlier_answers_unless_it_is_cited() -> None:
    listed = {"cntr_1": [OLD, A, B]}
    assert made(listed) == [("cfile_a", "a.csv"), ("cfile_b", "b.csv")]
    assert made(listed, cited("cfile_b", "b.csv")) == [("cfile_b", "b.csv"), ("cfile_a", "a.csv")]
    assert made(listed, cited("cfile_old", "old.csv"))[0] == ("cfile_old", "old.csv")


def test_a_cited_file_that_was_written_anew_is_posted_as_it_is_now() -> None:
    assert made({"cntr_1": [A]}, cited("cfile_before", "a.csv")) == [("cfile_a", "a.csv")]


@pytest.mark.parametrize("listed", [{"cntr_1": None}, {"cntr_1": ()}, {}])
def test_a_cited_file_that_no_list_names_is_fetched_all_the_same(listed: Listed) -> None:
    assert made(listed, cited("cfile_a", "a.csv")) == [("cfile_a", "a.csv")]


def test_what_has_no_name_is_given_one() -> None:
    steps = (CODE, image("ig_1", "iVBOR"), image("ig_2", "/9j/"), image("ig_3", "????"))
    assert made({"cntr_1": [SHOWN]}, steps=steps) == [
        ("ig_1", "image.png"),
        ("ig_2", "image-2.jpg"),
        ("ig_3", "image-3.png"),
        ("cfile_c", "image-4.png"),
    ]


def test_an_image_says_what_is_to_be_seen_on_it() -> None:
    (one,) = products(Transcript(steps=(image("ig_1", "iVBOR"),)), {}, SINCE)
    assert (one.alt, one.size) == ("a cat", 6)


def test_containers_are_those_of_code_and_of_citations() -> None:
    transcript = Transcript(steps=(CODE, CODE), sources=(cited("x", "x", "cntr_2"), cited("y", "y")))
    assert containers_of(transcript) == ("cntr_1", "cntr_2")


def test_files_are_certain_only_where_they_are_cited_or_in_the_answer() -> None:
    assert not brings_files(Transcript(steps=(CODE,), sources=(Cited(SourceKind.FILE, "a.pdf", file_id="f"),)))
    assert brings_files(Transcript(steps=(image("ig_1", "iVBOR"),)))
    assert brings_files(Transcript(sources=(cited("x", "x"),)))


def test_the_bounds_hold_and_what_is_small_enough_still_fits() -> None:
    sizes = [Product(str(size), "x", size=size) for size in (60, 50, 40, 1)]
    kept, left = bounded(sizes, Bounds(files=2, size=100))
    assert ([one.size for one in kept], [one.size for one in left]) == ([60, 40], [50, 1])


def test_many_names_and_many_losses_are_counted() -> None:
    assert listing(["a/b.csv", "b", "c"]) == "“a_b.csv”, “b”, “c”"
    assert listing(["a", "b", "c", "d", "e"]) == "“a”, “b”, “c” and 2 more"
    assert told(["1", "2", "3"]) == ("1", "2", "3")
    assert told(["1", "2", "3", "4"])[3:] == ("1 more did not come either.",)
