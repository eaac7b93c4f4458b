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
