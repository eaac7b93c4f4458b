"""What an answer cites, in one line under it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import words
from bot.assistant.events import Cited, SourceKind
from bot.playground.slack.blocks import message_problems
from bot.playground.slack.mentions import mentions_in
from bot.reply.markdown import safe
from bot.reply.rich_text import URL_MAX, size
from bot.reply.sources import LABEL_MAX, LISTED_MAX, SOURCES_BYTES, Source, line, plain_line, sources
from tests.unit.findings import text, url


def file(name: str, file_id: str = "file-1") -> Cited:
    return Cited(SourceKind.FILE, name, file_id=file_id)


def page(title: str, address: str = "https://a.example/") -> Cited:
    return Cited(SourceKind.WEB, title, url=address)


def shown(listed: list[Source]) -> str:
    """The line as people read it, links in brackets."""
    (block,) = line(listed)
    parts = block["elements"][0]["elements"]
    return "".join(f"[{part['text']}]" if part["type"] == "link" else part["text"] for part in parts)


def test_files_and_pages_are_listed_in_the_order_of_their_first_citation() -> None:
    cited = [file("b.pdf"), page("Leave in Denmark"), file("a.pdf", "file-2"), file("b.pdf")]
    assert shown(sources(cited, {})) == "Sources: b.pdf · [Leave in Denmark] · a.pdf"


def test_a_file_links_to_its_place_in_slack_where_we_know_it() -> None:
    (source,) = sources([file("a.pdf")], {"file-1": "https://emulated.slack.com/files/U1/F1/a.pdf"})
    assert source == Source("a.pdf", "https://emulated.slack.com/files/U1/F1/a.pdf")


def test_two_files_of_one_name_are_told_apart_only_by_their_links() -> None:
    cited = [file("a.pdf", "file-1"), file("a.pdf", "file-2")]
    assert len(sources(cited, {})) == 1
    assert len(sources(cited, {"file-2": "https://emulated.slack.com/files/2"})) == 2


def test_a_page_counts_once_whichever_passage_of_it_is_cited() -> None:
    cited = [page("One", "https://a.example/x"), page("Two", "https://a.example/x#:~:text=leave")]
    assert sources(cited, {}) == [Source("One", "https://a.example/x")]
    assert len(sources([page("One", "https://a.example/#/a"), page("Two", "https://a.example/#/b")], {})) == 2


def test_a_file_that_was_made_for_the_answer_is_no_source() -> None:
    assert sources([Cited(SourceKind.CONTAINER_FILE, "plot.png", file_id="cfile_1")], {}) == []


def test_a_source_without_a_name_is_called_by_what_is_known() -> None:
    assert [one.label for one in sources([file(""), page("", "https://a.example/x")], {})] == [
        "file-1",
        "https://a.example/x",
    ]
    assert sources([file("", "")], {}) == []


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "mailto:a@b.example",
        "ftp://a.example",
        "",
        "https://",
        "data:text/html,x",
        "slack://x",
    ],
)
def test_only_http_and_https_are_linked(address: str) -> None:
    assert sources([page("A page", address)], {}) == [Source("A page")]


@pytest.mark.parametrize(("length", "linked"), [(URL_MAX - 1, True), (URL_MAX, True), (URL_MAX + 1, False)])
def test_an_address_is_linked_up_to_its_limit(length: int, linked: bool) -> None:
    address = "https://a.example/".ljust(length, "x")
    (source,) = sources([page("A page", address)], {})
    assert bool(source.url) is linked
    assert message_problems(line([source])) == []


def test_a_title_that_names_another_host_is_shown_with_the_real_one() -> None:
    (source,) = sources([page("https://bank.example/login", "https://evil.test/x")], {})
    assert source == Source("https://bank.example/login (evil.test)", "https://evil.test/x")


@pytest.mark.parametrize(("length", "ends"), [(LABEL_MAX - 1, "x"), (LABEL_MAX, "x"), (LABEL_MAX + 1, "…")])
def test_a_long_title_is_cut(length: int, ends: str) -> None:
    (source,) = sources([file("x" * length)], {})
    assert source.label[-1] == ends
    assert len(source.label) == min(length, LABEL_MAX)


@pytest.mark.parametrize("count", [LISTED_MAX - 1, LISTED_MAX, LISTED_MAX + 1, 300])
def test_twenty_are_listed_and_more_are_counted(count: int) -> None:
    listed = sources([file(f"{n}.pdf", f"file-{n}") for n in range(count)], {})
    said = shown(listed)
    assert said.count(".pdf") == min(count, LISTED_MAX)
    assert said.endswith(words.SOURCES_MORE.format(count=count - LISTED_MAX)) is (count > LISTED_MAX)


def test_long_addresses_leave_fewer_listed() -> None:
    listed = sources([page(f"P{n}", f"https://a.example/{n}".ljust(2_500, "x")) for n in range(9)], {})
    (block,) = line(listed)
    assert size(block) <= SOURCES_BYTES
    assert shown(listed) == "Sources: [P0] · [P1] · and 7 more"


def test_no_sources_make_no_line() -> None:
    assert line([]) == []
    assert plain_line([]) == ""


def test_without_blocks_the_same_is_said_in_words() -> None:
    listed = sources([file("b.pdf"), page("Leave", "https://a.example/x")], {})
    assert plain_line(listed) == "Sources: b.pdf · Leave (https://a.example/x)"


@given(st.lists(st.builds(file, text, st.sampled_from("abc")) | st.builds(page, text, url), max_size=30))
@settings(max_examples=40, deadline=None)
def test_whatever_is_cited_slack_takes_the_line_and_nothing_in_it_is_live(cited: list[Cited]) -> None:
    listed = sources(cited, {})
    blocks = line(listed)
    assert message_problems(blocks) == []
    assert mentions_in([safe(plain_line(listed))], blocks) == []
    links = [part for block in blocks for part in block["elements"][0]["elements"] if part["type"] == "link"]
    assert all(part["url"].startswith(("http://", "https://")) for part in links)
