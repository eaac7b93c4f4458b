"""Which part of an answer stands in which message."""

import pytest

from bot.reply.layout import MARKDOWN_CHARS, MESSAGE_BYTES, TASK_BYTES, Section, lay_out

TEXT = "".join(f"Paragraph {number}. {'It goes on and on. ' * 15}\n\n" for number in range(80))
ROOM = MESSAGE_BYTES - TASK_BYTES


def test_a_short_answer_is_one_section() -> None:
    assert lay_out("Hi.") == [Section(0, "Hi.")]
    assert lay_out("") == [Section(0, "")]


@pytest.mark.parametrize(
    "text", [TEXT, TEXT.replace("i", "ö"), TEXT.replace(" ", "日")], ids=["ascii", "two", "cjk"]
)
def test_every_section_is_within_the_limits_and_together_they_are_the_text(text: str) -> None:
    sections = lay_out(text)
    assert len(sections) > 2
    assert "".join(section.text for section in sections) == text
    assert all(len(section.text.encode()) <= ROOM for section in sections)
    assert all(len(section.text) <= MARKDOWN_CHARS for section in sections)
    assert [section.full for section in sections] == [True] * (len(sections) - 1) + [False]


def test_a_section_begins_where_the_one_before_ends() -> None:
    sections = lay_out(TEXT)
    assert [section.from_char for section in sections[1:]] == [section.rest_from for section in sections[:-1]]


def test_a_cut_stays_where_it_was_when_more_text_comes() -> None:
    whole = lay_out(TEXT)
    sealed: list[Section] = []
    for length in range(0, len(TEXT), 1_711):
        sections = lay_out(TEXT[:length], sealed)
        assert sections[: len(sealed)] == sealed
        sealed = [section for section in sections if section.full]
        assert sealed == whole[: len(sealed)]
    assert lay_out(TEXT, sealed) == whole


def test_code_is_closed_at_the_seam_and_opened_again() -> None:
    text = "```python\n" + "print('hello')\n" * 1_200 + "```\n"
    sections = lay_out(text)
    assert len(sections) > 1
    assert all(section.text.count("```") == 2 for section in sections)
    assert sections[0].reopen == "```python\n"
    assert sum(section.text.count("print") for section in sections) == 1_200


@pytest.mark.parametrize(("length", "sections"), [(ROOM - 1, 1), (ROOM, 1), (ROOM + 1, 2)])
@pytest.mark.parametrize("letter", ["x", "é", "한", "😀"])
def test_a_section_ends_at_the_last_byte_that_fits(length: int, sections: int, letter: str) -> None:
    size = len(letter.encode())
    laid_out = lay_out("x" * (length % size) + letter * (length // size))
    assert len(laid_out) == sections
    assert len(laid_out[0].text.encode()) >= min(length, ROOM - size + 1)


@pytest.mark.parametrize(("length", "sections"), [(ROOM - 13, 1), (ROOM - 12, 1), (ROOM - 11, 2)])
def test_an_open_fence_ends_early_enough_for_its_closing_line(length: int, sections: int) -> None:
    laid_out = lay_out("```text\n" + "x" * length)
    assert len(laid_out) == sections
    assert all(len(section.text.encode()) <= ROOM for section in laid_out)


def test_a_message_of_nothing_but_wide_characters_is_within_every_limit() -> None:
    for section in lay_out("😀" * 12_001):
        assert len(section.text) <= MARKDOWN_CHARS
        assert len(section.text.encode()) <= MESSAGE_BYTES - TASK_BYTES


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("~~~~ruby\n" + "puts 1\n" * 1_200, "~~~~ruby\n"),
        ("> ```sh\n" + "> ls\n" * 1_600, "> ```sh\n"),
        ("- code:\n  ```js\n" + "  x()\n" * 1_400, "  ```js\n"),
        ("| a | b |\n|---|--:|\n" + "| 1 | 2 |\n" * 900, "| a | b |\n|---|--:|\n"),
        ("> " + "quoted words " * 700, "> "),
    ],
    ids=["fence", "quoted fence", "fence in a list", "table", "quote"],
)
def test_what_was_open_is_opened_again(text: str, again: str) -> None:
    first, second, *_ = lay_out(text)
    assert first.reopen == again
    assert second.text.startswith(again)


def test_a_list_goes_on_as_a_list() -> None:
    text = "".join(f"- item {number}\n  - part of it\n" for number in range(400))
    sections = lay_out(text)
    assert len(sections) > 1
    assert all(section.text.startswith("- item") or section.text.startswith("  - part") for section in sections)
    assert "".join(section.text for section in sections) == text
