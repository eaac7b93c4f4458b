"""What an answer cites, under it (issue 3 §2)."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.playground.openai.script import (
    ContainerFileCitation,
    Control,
    FileCitation,
    Incomplete,
    Pause,
    Script,
    Text,
    UrlCitation,
)
from bot.playground.slack.records import slack_error
from bot.playground.slack.seen import SeenMessage
from bot.reply.sources import LISTED_MAX
from tests.scenario.world import World, block_types

MakeWorld = Callable[..., Any]


def sources(answer: SeenMessage) -> str:
    """The line of sources as people read it, links in brackets."""
    (block,) = [block for block in answer.blocks if block["type"] == "rich_text"]
    parts = block["elements"][0]["elements"]
    return "".join(
        f"[{part['text']}]({part['url']})" if part["type"] == "link" else part["text"] for part in parts
    )


async def asked(world: World, *script: Any) -> SeenMessage:
    """The answer to a question, when that is what the model says."""
    world.openai.queue(Script(*script))
    ts = await world.mention("go")
    await world.until(world.answered(ts))
    return world.only_answer(ts)


async def test_each_file_and_each_page_stands_once_under_the_answer(world: World) -> None:
    cited = (
        FileCitation("file-1", "handbook.pdf"),
        UrlCitation("https://example.com/leave", "Leave in Denmark"),
        FileCitation("file-1", "handbook.pdf", 3),
        ContainerFileCitation("cntr_1", "cfile_1", "plot.png"),
        FileCitation("file-2", "faq.md"),
    )
    answer = await asked(world, Text("14 weeks.", annotations=cited))
    assert sources(answer) == "Sources: handbook.pdf · [Leave in Denmark](https://example.com/leave) · faq.md"
    assert block_types(answer)[0] != "rich_text"


async def test_an_answer_that_cites_nothing_has_no_sources(world: World) -> None:
    assert "rich_text" not in block_types(await asked(world, Text("Hello.")))


async def test_more_sources_than_anybody_reads_are_counted(world: World) -> None:
    cited = [FileCitation(f"file-{n}", f"{n}.pdf") for n in range(LISTED_MAX + 4)]
    assert sources(await asked(world, Text("All.", annotations=cited))).endswith(" · 19.pdf · and 4 more")


async def test_a_source_can_neither_ping_nor_pretend_to_lead_elsewhere(world: World) -> None:
    cited = (
        FileCitation("file-1", "<!channel> *a*.pdf"),
        UrlCitation("https://evil.example/x", "https://bank.test/login"),
        UrlCitation("javascript:alert(1)", "Click me"),
    )
    answer = await asked(world, Text("Look.", annotations=cited))
    assert sources(answer) == (
        "Sources: <!channel> *a*.pdf · [https://bank.test/login (evil.example)](https://evil.example/x) · Click me"
    )


@pytest.mark.parametrize("deltas", [1, 2, 7, None])
async def test_citation_marks_are_gone_however_they_are_cut(world: World, deltas: int | None) -> None:
    said = "Weeks\ue200filecite\ue202turn0file0\ue201: 14【4:0†handbook.pdf】 or【11†a†b】 so【3】."
    answer = await asked(world, Text(said, deltas=deltas, annotations=[FileCitation("file-1", "handbook.pdf")]))
    assert answer.text == "Weeks: 14 or so【3】."
    assert sources(answer) == "Sources: handbook.pdf"


async def test_a_mark_that_is_cut_while_people_look_never_shows(world: World) -> None:
    pieces: list[str | Control] = [
        "Weeks: 14【4:",
        Pause(2.0),
        "0†hand",
        Pause(2.0),
        "book.pdf",
        Pause(2.0),
        "】\ue200file",
        Pause(2.0),
    ]
    world.openai.queue(Script(Text(deltas=[*pieces, "cite\ue201 days."])))
    ts = await world.mention("go")
    await world.until(world.answered(ts))
    sent = [
        chunk["text"]
        for call in world.slack.calls
        for chunk in call.params.get("chunks", ())
        if chunk["type"] == "markdown_text"
    ]
    assert "".join(sent) == world.only_answer(ts).text == "Weeks: 14 days."
    assert not any(mark in piece for piece in sent for mark in "【】†\ue200\ue201")


async def test_an_answer_that_was_cut_short_keeps_the_sources_it_named(world: World) -> None:
    answer = await asked(
        world, Text("14 weeks.", annotations=[FileCitation("file-1", "a.pdf")]), Pause(1.0), Incomplete()
    )
    assert sources(answer) == "Sources: a.pdf"
    kinds = block_types(answer)
    assert kinds.index("rich_text") < kinds.index("context")


async def test_where_every_block_is_refused_sources_are_said_in_words(world: World) -> None:
    world.slack.faults.add("chat.stopStream", slack_error("invalid_blocks"))
    world.slack.faults.add("chat.update", slack_error("invalid_blocks"), times=2)
    answer = await asked(world, Text("14 weeks.", annotations=[FileCitation("file-1", "<!here>.pdf")]))
    assert answer.text == "14 weeks.\n\nSources: <!here>.pdf"
    assert block_types(answer) == ["markdown"]
