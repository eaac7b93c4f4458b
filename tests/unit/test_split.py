"""Safe Markdown in pieces, as plain text, and its first sentence."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reply.blocks import Fence, opened
from bot.reply.markdown import safe
from bot.reply.split import Cut, cut, first_sentence, pieces, plain

CODE = "```python\n" + "".join(f"print({number})\n" for number in range(30)) + "```\n"
TABLE = "| a | b |\n|---|---|\n" + "".join(f"| {number} | x |\n" for number in range(30))


def cuts(text: str, *, chars: int, utf8: int | None = None) -> tuple[list[Cut], str]:
    found: list[Cut] = []
    reopen = ""
    while piece := cut(text, chars=chars, utf8=utf8, reopen=reopen):
        found.append(piece)
        text, reopen = text[piece.rest_from :], piece.reopen
    return found, reopen + text


@pytest.mark.parametrize("more", [0, 1])
def test_a_text_is_cut_only_when_it_does_not_fit(more: int) -> None:
    assert (cut("x" * (100 + more), chars=100) is None) is (more == 0)
    assert (cut("é" * (50 + more), chars=100, utf8=100) is None) is (more == 0)


@pytest.mark.parametrize("chars", [11_999, 12_000, 12_001])
def test_no_piece_is_longer_than_its_limit(chars: int) -> None:
    text = "A sentence of words. " * 572  # 12,012 characters
    assert [len(piece) <= chars for piece in pieces(text, chars=chars)] == [True, True]


def test_an_open_fence_counts_with_its_closing_line() -> None:
    opened = "```\n" + "x" * 200
    assert cut(opened[:96], chars=100) is None
    assert cut(opened[:97], chars=100) is not None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One one one. Two two.\n\nThree three three three.", "One one one. Two two.\n\n"),
        ("One one one. Two two two.\nThree three three three.", "One one one. Two two two.\n"),
        ("- one one one\n- two two two\n- three three", "- one one one\n- two two two\n"),
        ("One one one one one one. Two two two two two two", "One one one one one one. "),
        ("one two three four five six seven eight nine", "one two three four five six seven eight "),
        ("x" * 30 + " &lt;&lt;&lt;&lt;" + "x" * 20, "x" * 30 + " "),
        ("x" * 37 + "&lt;" + "x" * 20, "x" * 37),
        ("see this [a page](https://a.example/long) now", "see this "),
        ("x" * 25 + "[a page](https://a.example/long) now", "x" * 25),
        ("words words words words `code with words` more", "words words words words "),
        ("x" * 39 + "👩🏽‍💻👩🏽‍💻", "x" * 39),
        ("x" * 37 + "🇰🇷🇰🇷🇰🇷", "x" * 37 + "🇰🇷"),
        ("안녕하세요. " * 10, "안녕하세요. " * 5),
        ("これは文です。" * 10, "これは文です。" * 5),
        ("One one one one one.\n\n# Heading\n\nText text text", "One one one one one.\n\n"),
        ("Text text text text text:\n```\nx = 1\ny = 2\nz = 3\n```", "Text text text text text:\n"),
        ("word word word word word word word word - - word", "word word word word word word word word "),
    ],
)
def test_the_best_place_is_taken(text: str, first: str) -> None:
    piece = cut(text, chars=40)
    assert piece == Cut(first, len(first), "")


def test_a_long_quote_goes_on_as_a_quote() -> None:
    piece = cut("> " + "word " * 30, chars=50)
    assert piece is not None
    assert piece.reopen == "> "


def test_a_code_block_is_closed_and_opened_again_with_its_language() -> None:
    first, *rest = pieces(CODE, chars=100)
    assert first == "```python\n" + "".join(f"print({number})\n" for number in range(9)) + "```"
    assert all(piece.startswith("```python\n") and piece.endswith("\n```") for piece in rest[:-1])
    assert "".join(re.sub(r"```(python)?\n?", "", piece) for piece in [first, *rest]) == CODE[10:-4]


def test_a_code_block_in_a_list_and_in_a_quote_is_opened_as_it_was() -> None:
    for lead in ("   ", "> "):
        fence = f"{lead}```sh\n" + f"{lead}ls -l a b c\n" * 20 + f"{lead}```"
        piece = cut(fence, chars=100)
        assert piece is not None
        assert piece.text.endswith(f"\n{lead}```")
        assert piece.reopen == f"{lead}```sh\n"


def test_a_line_of_code_longer_than_a_piece_is_cut_and_goes_on_as_code() -> None:
    assert pieces("```\n" + "x" * 150 + "\n```", chars=100) == [
        "```\n" + "x" * 92 + "\n```",
        "```\n" + "x" * 58 + "\n```",
    ]


def test_no_piece_is_an_empty_code_block() -> None:
    for length in range(60, 120):
        text = "x" * length + "\n```\ncode code\n```\n" + "y" * 100
        assert not any(re.search(r"```\n+```", piece) for piece in pieces(text, chars=100))


def test_a_table_repeats_its_header() -> None:
    first, *rest = pieces(TABLE, chars=100)
    assert first == TABLE[:100]
    header = "| a | b |\n|---|---|\n"
    assert all(piece.startswith(header) for piece in rest)
    assert header + "".join(piece.removeprefix(header) for piece in [first, *rest]) == TABLE


def test_the_header_of_a_table_is_not_left_alone() -> None:
    assert cut("Text text text text text text.\n" + TABLE, chars=55) == Cut(
        "Text text text text text text.\n", 31, ""
    )


def test_a_wide_header_is_not_repeated() -> None:
    header = "|" + " wide |" * 30 + "\n|" + "---|" * 30 + "\n"
    text = header + ("|" + " v |" * 30 + "\n") * 20
    found, last = cuts(text, chars=600)
    assert {piece.reopen for piece in found} == {""}
    assert "".join(piece.text for piece in found) + last == text


def test_what_is_on_the_screen_is_never_taken_back() -> None:
    text = "One.\n\n" + "word " * 30
    piece = cut(text, chars=100, shown=97)
    assert piece is not None
    assert piece.text.startswith(text[:97])


def test_a_place_on_the_screen_in_a_code_block_is_still_closed_within_the_limit() -> None:
    shown = CODE[:96]
    assert cut(shown, chars=100) is None
    piece = cut(CODE, chars=100, shown=96)
    assert piece is not None
    assert piece.text.startswith(shown)
    assert len(piece.text) <= 100


def test_a_line_of_200_kb_is_cut() -> None:
    text = "word " * 40_000
    found = pieces(text, chars=12_000, utf8=9_000)
    assert "".join(found) == text
    assert len(found) == 23


LINES = st.sampled_from(
    [
        *("", "- item", "  - deeper", "1. first", "> quote. More quote", "> > deep", "---", "# Heading", "x" * 90),
        *("```", "```python", "~~~", "> ```", "   ```sh", "````", "x = a &lt; b", "`code &lt; code`"),
        *("| a | b |", "|---|---|", "| 1 | 2 |", "[label](https://a.example/path?x=1&y=2)", "&amp;lt;" * 20),
        *("안녕하세요. 반갑습니다.", "👩🏽‍💻🇰🇷e\u0301" * 4, "word " * 30),
        "A sentence. And *another* one, longer than that!",
    ]
)
SAFE = st.one_of(st.lists(LINES, max_size=30).map("\n".join), st.text(max_size=300)).map(safe)
LIMIT = st.integers(40, 400)


@settings(max_examples=50, deadline=None)
@given(text=SAFE, chars=LIMIT, utf8=st.none() | LIMIT)
def test_pieces_fit_and_hold_the_whole_text_once(text: str, chars: int, utf8: int | None) -> None:
    found, last = cuts(text, chars=chars, utf8=utf8)
    body, at = "", 0
    before = ""
    for piece in found:
        rest = text[at : at + piece.rest_from]
        assert piece.text.startswith(before + rest)
        assert re.fullmatch(r"\n?[ >]*(?:`*|~*)", piece.text[len(before + rest) :])
        body, at, before = body + rest, at + piece.rest_from, piece.reopen
    assert body + last.removeprefix(before) == text
    for shown in [*(piece.text for piece in found), last]:
        assert len(shown) <= chars
        assert utf8 is None or len(shown.encode()) <= utf8


@settings(max_examples=50, deadline=None)
@given(text=SAFE, chars=LIMIT)
def test_no_entity_is_torn_and_every_piece_closes_what_it_opens(text: str, chars: int) -> None:
    entities = [found.span() for found in re.finditer(r"&(?:lt|gt|amp);", text)]
    at = 0
    for piece in cuts(text, chars=chars)[0]:
        at += piece.rest_from
        assert not any(start < at < end for start, end in entities)
        assert left_open(piece.text) is None


def left_open(text: str) -> Fence | None:
    fence: Fence | None = None
    for line in text.split("\n"):
        if fence and fence.code_from(line) is not None:
            fence = None if fence.closes(line) else fence
        else:
            fence = opened(line)
    return fence


@settings(max_examples=50, deadline=None)
@given(text=SAFE, chars=LIMIT, more=st.integers(1, 200))
def test_a_growing_text_is_cut_where_the_whole_is(text: str, chars: int, more: int) -> None:
    whole = cut(text, chars=chars)
    growing = next(
        (piece for end in range(0, len(text), more) if (piece := cut(text[:end], chars=chars)) is not None), whole
    )
    assert growing == whole


PLAIN = {
    "emphasis": ("**bold** *it* ~~no~~ __b__ _i_ ***x***", "bold it no b i x"),
    "stars that are none": ("2*3*4 a_b_c", "2*3*4 a_b_c"),
    "code": ("use `x &lt; y` here", "use x &lt; y here"),
    "a code block": ("Run:\n```sh\nls\n```\ndone", "Run:\nls\ndone"),
    "a link": ("see [the page](https://a.example)", "see the page"),
    "a heading": ("## Title\n\n\n\ntext", "Title\n\ntext"),
    "a quote": ("> quoted\n> > more", "quoted\nmore"),
    "a table": ("| a | b |\n|---|---|\n| 1 | 2 |", "a · b\n1 · 2"),
    "a list": ("- one\n- two", "- one\n- two"),
    "escapes": ("2 \\* 3", "2 * 3"),
    "a token that was not neutralised": ("<!channel>", "&lt;!channel&gt;"),
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.values(), ids=PLAIN.keys())
def test_plain_text_is_what_is_read(text: str, expected: str) -> None:
    assert plain(text, 200) == expected


@settings(max_examples=50, deadline=None)
@given(text=SAFE, limit=st.integers(1, 200))
def test_plain_text_keeps_its_limit_and_its_entities(text: str, limit: int) -> None:
    short = plain(text, limit)
    assert len(short) <= limit
    assert "<" not in short
    assert short == plain(text, 100_000) or short.endswith("…")
    assert limit < 20 or not re.search(r"&[a-z]{0,3}…", short)


SENTENCES = {
    "nothing": ("", None),
    "half a sentence": ("Hello there", None),
    "perhaps a number": ("It is 3.", None),
    "a sentence": ("Hello there. And", "Hello there."),
    "a sentence in bold": ("**Yes.** And", "**Yes.**"),
    "a line": ("# Title\nText", "# Title"),
    "abbreviations": ("Use e.g. this, i.e. Dr. No. 5. Then", "Use e.g. this, i.e. Dr. No. 5."),
    "a list number": ("1. First do this. Then", "1. First do this."),
    "a decimal": ("It costs 3.50 now! Or", "It costs 3.50 now!"),
    "a link with a sentence": (
        "See [A. B](https://a.example/x) now. Or",
        "See [A. B](https://a.example/x) now.",
    ),
    "Japanese": ("これは文です。次", "これは文です。"),
    "Korean": ("안녕하세요. 반", "안녕하세요."),
    "an open code block": ("```py\nx = 1. \n", None),
    "a code block": ("```py\nx\n```\nText", "```py\nx\n```"),
    "an open table": ("| a | b |\n|---|---|\n", None),
    "a table": ("| a | b |\n|---|---|\n| 1 | 2 |\n\nText", "| a | b |\n|---|---|\n| 1 | 2 |"),
}


@pytest.mark.parametrize(("text", "expected"), SENTENCES.values(), ids=SENTENCES.keys())
def test_the_first_full_sentence(text: str, expected: str | None) -> None:
    assert first_sentence(text) == expected
