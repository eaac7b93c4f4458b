"""Addresses inside the code interpreter never reach people, however the text is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reply.markdown import JOINER, Neutraliser, safe
from bot.reply.sandbox import files_in, without_addresses

SHOWN = [
    ("Here: [Download the chart](sandbox:/mnt/data/chart.png).", "Here: Download the chart (“chart.png”)."),
    ("![Chart](sandbox:/mnt/data/my%20chart.png)", "Chart (“my chart.png”)"),
    ('[a b.csv](sandbox:/mnt/data/a b.csv "title")', "a b.csv"),
    ("It is at sandbox:/mnt/data/x.csv, see `sandbox:/mnt/data/y.csv`", "It is at x.csv, see `y.csv`"),
    ("<sandbox:/mnt/data/q.csv>", "&lt;q.csv&gt;"),
    ("[sandbox:/mnt/data/z.csv](sandbox:/mnt/data/z.csv)", "z.csv"),
    ("word[x](SANDBOX:///mnt/data/sub/x.csv)", "wordx (“x.csv”)"),
    ("[](sandbox:/mnt/data/no.csv)", "“no.csv”"),
    ("[1]: sandbox:/mnt/data/x.csv", "[1]: x.csv"),
    ("```\nsandbox:/mnt/data/x.csv\n```", "```\nx.csv\n```"),
    ("[![t](sandbox:/mnt/data/t.png)](sandbox:/mnt/data/t2.png)", "t (“t.png”) (“t2.png”)"),
    ("[all](sandbox:/mnt/data/<!channel>.csv)", "all (“&lt;!channel&gt;.csv”)"),
    ("[all](<sandbox:/mnt/data/two words.csv>)", "all (“two words.csv”)"),
    ("sandbox:/tmp/x.csv", "tmp/x.csv"),
    ("In the sandbox: you may; sandbox, and sandboxes", "In the sandbox: you may; sandbox, and sandboxes"),
]


def seen(text: str) -> str:
    """The safe text without what nobody sees."""
    return safe(text).replace(JOINER, "")


@pytest.mark.parametrize(("written", "shown"), SHOWN)
def test_a_name_stands_for_an_address(written: str, shown: str) -> None:
    assert seen(written) == shown


@pytest.mark.parametrize("written", [text for text, _ in SHOWN])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_an_address_told_in_pieces_is_never_shown(written: str, size: int) -> None:
    neutraliser, out = Neutraliser(), ""
    for start in range(0, len(written), size):
        out += neutraliser.feed(written[start : start + size])
        assert "sandbox:/" not in out.lower()
    assert out + neutraliser.close() == safe(written)


PIECES = st.sampled_from(
    ["sandbox:", "/", "mnt", "data", "s", "and", "box:/", "](", "[x", ")", " ", "a.csv", "\n"]
)


@settings(max_examples=50)
@given(st.lists(PIECES, max_size=12))
def test_however_it_is_cut_it_is_the_same(pieces: list[str]) -> None:
    neutraliser = Neutraliser()
    out = "".join(neutraliser.feed(piece) for piece in pieces) + neutraliser.close()
    assert out == safe("".join(pieces))
    assert "sandbox:/" not in out


def test_nothing_around_an_address_becomes_a_link_or_a_mention() -> None:
    assert "](" not in safe("[bank.example]sandbox:/(https://evil.example)")
    assert safe("[basandbox:/nk.example](https://evil.example)").endswith(" (evil.example)](https://evil.example)")
    assert "<" not in safe("<sandbox:/!channel>")


def test_the_files_that_a_text_refers_to() -> None:
    text = "\n".join(written for written, _ in SHOWN[:4]) + "\nAgain: sandbox:/mnt/data/x.csv."
    assert files_in(text) == ("chart.png", "my chart.png", "a b.csv", "x.csv", "y.csv")
    assert files_in("In the sandbox: nothing.") == ()


def test_a_sentence_without_addresses() -> None:
    assert without_addresses("I saved sandbox:/mnt/data/x.csv") == "I saved x.csv"
