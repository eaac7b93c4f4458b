"""The pure parts of the page: what is typed, what is new, what differs."""

import pytest

from bot.playground.page.formatting import blocks_of_text
from bot.playground.page.live import Told
from bot.playground.page.reads import Reads
from bot.playground.page.wording import sent, typed
from bot.playground.slack.records import Channel, Json, Message, Stream

PEOPLE = {"Threadmate": "U1", "Ann": "U2", "Ann Marie": "U3", "민지": "U4"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "hello"),
        ("  a\nb  ", "a\nb"),
        ("@Threadmate hi", "<@U1> hi"),
        ("@threadmate: hi", "<@U1>: hi"),
        ("@Ann Marie and @Ann", "<@U3> and <@U2>"),
        ("@민지님 안녕", "<@U4>님 안녕"),
        ("(@Ann)", "(<@U2>)"),
        ("@Anna", "@Anna"),
        ("me@Ann.example", "me@Ann.example"),
        ("a < b & <@U1>", "a &lt; b &amp; &lt;@U1&gt;"),
        ("<!channel>", "&lt;!channel&gt;"),
    ],
)
def test_what_is_typed_is_sent_as_slacks_client_sends_it(text: str, said: str) -> None:
    assert sent(text, PEOPLE) == said


@pytest.mark.parametrize("text", ["hello", "<@U1> a &lt; b &amp;&amp; c", "two\nlines", "&lt;@U2&gt;"])
def test_what_was_sent_can_be_typed_again(text: str) -> None:
    names = {user: name for name, user in PEOPLE.items()}
    assert typed(text, names) == text.replace("<@U1>", "@Threadmate").replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&amp;", "&")


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("hello", [("section", [("text", "hello")])]),
        ("<@U1> a &lt; b", [("section", [("user", "U1"), ("text", " a < b")])]),
        ("*b* _i_ ~s~ `c&amp;`", [("section", [("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "c&")])]),
        ("2 * 3 * 4, snake_case_name, a~b~c", [("section", [("text", "2 * 3 * 4, snake_case_name, a~b~c")])]),
        (
            "see https://a.example/x?a=1&amp;b=2.",
            [("section", [("text", "see "), ("link", "https://a.example/x?a=1&b=2"), ("text", ".")])],
        ),
        (
            "run\n```\nx = 1\n```\nplease",
            [
                ("section", [("text", "run")]),
                ("preformatted", [("text", "x = 1")]),
                ("section", [("text", "please")]),
            ],
        ),
        ("&gt; one\n&gt; two\nno", [("quote", [("text", "one\ntwo")]), ("section", [("text", "no")])]),
    ],
)
def test_marks_become_rich_text(said: str, kinds: list[object]) -> None:
    [block] = blocks_of_text(said)

    def seen(part: Json) -> tuple[str, str]:
        kind = next(iter(part.get("style", {})), str(part["type"]))
        return kind, str(part.get("text") or part.get("url") or part.get("user_id"))

    def parts(of: Json) -> list[tuple[str, str]]:
        return [seen(part) for part in of["elements"] if part.get("text") != " "]

    assert [(str(of["type"]).removeprefix("rich_text_"), parts(of)) for of in block["elements"]] == kinds


def place(*messages: Message) -> Channel:
    return Channel("C1", "general", "channel", members={"U1", "U2"}, messages={one.ts: one for one in messages})


def test_what_others_said_is_new_until_one_looks() -> None:
    reads = Reads()
    channel = place(Message("1.1", "U2", "mine"), Message("1.2", "U1", "theirs"), Message("1.3", "U1", "r", "1.1"))
    assert (reads.unread("U2", channel), reads.unread("U2", channel, "1.1")) == (1, 1)
    assert reads.unread_threads("U2", channel) == ["1.1"]
    assert reads.unread_threads("U9", channel) == []
    reads.look("U2", channel)
    assert (reads.unread("U2", channel), reads.unread("U2", channel, "1.1")) == (0, 1)
    reads.look("U2", channel, "1.1")
    assert reads.unread_threads("U2", channel) == []


def test_an_answer_is_new_when_its_stream_ends_even_if_one_saw_its_beginning() -> None:
    reads, stream = Reads(), Stream(dies_at=0)
    channel = place(Message("1.1", "U2", "<@U1>?"), Message("1.2", "U1", "", "1.1", stream=stream))
    reads.look("U2", channel, "1.1")
    assert reads.unread("U2", channel, "1.1") == 0
    stream.open = False
    assert reads.unread("U2", channel, "1.1") == 1


def test_only_what_differs_is_told() -> None:
    told = Told()
    first: dict[str, Json] = {
        "place": {"name": "a"},
        "messages": {"id": "C1", "order": ["1", "2"], "items": {"1": {"h": 1}, "2": {"h": 2}}},
    }
    assert told.difference(first) == first
    assert told.difference(first) == {}
    second: dict[str, Json] = {
        "place": {"name": "a"},
        "messages": {"id": "C1", "order": ["2", "3"], "items": {"2": {"h": 2}, "3": {"h": 3}}},
    }
    changed = told.difference(second)
    assert changed == {"messages": {"id": "C1", "order": ["2", "3"], "items": {"3": {"h": 3}}}}
    elsewhere: dict[str, Json] = {"messages": {"id": "C2", "order": ["2"], "items": {"2": {"h": 2}}}}
    assert told.difference(elsewhere) == elsewhere
