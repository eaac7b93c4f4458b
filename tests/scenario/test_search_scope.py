"""Who finds what: threads, channels, the operator's library; and what a turn is given leaves the memory again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.assistant.engine import Turn
from bot.assistant.events import AskedOnly
from bot.assistant.parts import Found, InputFile, InputImage
from bot.assistant.scope import CHANNEL as LIBRARY
from bot.assistant.scope import Scope
from bot.errors import AssistantError
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Script, Text
from bot.turn import Trail, TurnTaker
from tests import documents
from tests.scenario.shelf_rig import (
    CHANNEL,
    OTHER_CHANNEL,
    OTHER_THREAD,
    READER,
    TEAM,
    THREAD,
    Rig,
    opened,
    texts,
)

QUERY = "password of the vault"
BARE = Scope(THREAD)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with opened(tmp_path) as made:
        yield made


async def test_a_thread_finds_its_own_files_and_the_channels_library_only(rig: Rig) -> None:
    here = await rig.shelf.open_store(TEAM, CHANNEL)
    there = await rig.shelf.open_store(TEAM, OTHER_CHANNEL)
    for store, scope, word in [
        (here, THREAD, "mine"),
        (here, OTHER_THREAD, "theirs"),
        (here, LIBRARY, "ours"),
        (there, THREAD, "of another channel"),
        (there, LIBRARY, "of another library"),
    ]:
        await rig.keep(store, scope, f"The password of the vault is {word}.", f"{word}.md")
    vault = "The password of the vault is {}.".format
    assert await rig.search(Scope(THREAD, here), QUERY) == [vault("mine"), vault("ours")]
    assert await rig.search(Scope(OTHER_THREAD, here), QUERY) == [vault("theirs"), vault("ours")]
    assert await rig.search(Scope("1700000000.000300", here), QUERY) == [vault("ours")]
    assert await rig.search(Scope(THREAD, there), QUERY) == [
        vault("of another channel"),
        vault("of another library"),
    ]
    seen = str(rig.api.contexts)
    assert "theirs.md" not in seen, "no name crosses either"


async def test_a_file_without_a_scope_in_a_channels_store_is_found_by_nobody(rig: Rig) -> None:
    store = await rig.shelf.open_store(TEAM, CHANNEL)
    file = await rig.upload("stray.md", "The password of the vault is stray.")
    await rig.engine.client.vector_stores.files.create(store, file_id=file)
    rig.api.index(store, file)
    assert await rig.search(Scope(THREAD, store), QUERY) == []


async def test_joining_the_library_is_a_change_of_scope(rig: Rig) -> None:
    store = await rig.shelf.open_store(TEAM, CHANNEL)
    file = await rig.keep(store, THREAD, "The password of the vault is mellon.")
    assert await rig.search(Scope(OTHER_THREAD, store), QUERY) == []
    await rig.shelf.rescope(store, file, {"scope": LIBRARY})
    assert await rig.search(Scope(OTHER_THREAD, store), QUERY) == ["The password of the vault is mellon."]
    await rig.shelf.rescope(store, file, {"scope": THREAD})
    assert await rig.search(Scope(OTHER_THREAD, store), QUERY) == []


async def operators(rig: Rig, text: str, store: str = OPERATOR_STORE) -> None:
    """A file that the operator put into a store: it has no attributes."""
    file = await rig.upload("policy.md", text)
    await rig.engine.client.vector_stores.files.create(store, file_id=file)
    rig.api.index(store, file)


async def test_without_files_in_the_channel_the_model_searches_the_operators_library(rig: Rig) -> None:
    await operators(rig, "The password of the vault is policy.")
    scope = Scope(THREAD, None, (OPERATOR_STORE,))
    assert await rig.search(scope, QUERY) == ["The password of the vault is policy."]
    assert await rig.shelf.beside(scope, QUERY) == ()


async def test_with_files_in_the_channel_the_operators_passages_are_given_beside_the_search(rig: Rig) -> None:
    """docs/decisions/0009: one filter holds for all stores of a search, and would hide the operator's."""
    rig.api.stores.put("vs_2")
    await operators(rig, "The password of the vault is policy.")
    await operators(rig, "Passwords: the vault has a second one.", "vs_2")
    store = await rig.shelf.open_store(TEAM, CHANNEL)
    await rig.keep(store, THREAD, "The password of the vault is mine.")
    await rig.keep(store, OTHER_THREAD, "The password of the vault is theirs.")
    scope = Scope(THREAD, store, (OPERATOR_STORE, "vs_2", "vs_gone", store))
    assert await rig.search(scope, QUERY) == ["The password of the vault is mine."]
    found = await rig.shelf.beside(scope, f"  {QUERY} " + "?" * 5000)
    assert texts(found)[0] == "The password of the vault is policy."
    assert len(found) == 2
    assert await rig.shelf.beside(scope, "  ") == ()
    filtered = replace(
        scope,
        operator_filter={"type": "eq", "key": "kind", "value": "contract"},
        ranking={"max_num_results": 1, "ranking_options": {"score_threshold": 0.0}},
    )
    assert await rig.shelf.beside(filtered, QUERY) == (), "none of their files is a contract"
    memory = await rig.engine.open()
    await rig.ask(memory, scope, Text("It is policy."), parts=(Found(found),))
    assert "vault is policy" in str(context(rig))
    assert "theirs" not in str(rig.api.contexts)


# What a turn is given


def context(rig: Rig) -> list[dict[str, Any]]:
    """What the model saw in the last turn."""
    return list(rig.api.contexts.values())[-1]


def kinds(items: list[dict[str, Any]]) -> list[str]:
    """What the messages consist of."""
    return [part["type"] for item in items for part in item.get("content") or ()]


async def given(rig: Rig, memory: str) -> tuple[str, str]:
    """A turn with a document, a picture and a passage; the ids of the two Files."""
    document = await rig.upload("note.md", "25 days")
    picture = await rig.upload("red.png", documents.picture())
    parts = (InputFile(document), InputImage(picture), Found(()))
    await rig.ask(memory, BARE, Text("25 days."), parts=parts)
    return document, picture


async def test_a_document_is_seen_in_its_turn_and_not_in_the_next(rig: Rig) -> None:
    """openai-platform.md, trap 23."""
    memory = await rig.engine.open()
    await rig.ask(memory, BARE, Text("Hello."), text="Hi")
    tail = rig.api.conversations[memory].items[-1]["id"]
    await given(rig, memory)
    assert kinds(context(rig))[-4:] == ["input_file", "input_image", "input_text", "input_text"]
    rig.lose("DELETE /conversations/{id}/items/{item_id}")
    await rig.engine.drop_parts(memory, tail)
    await rig.engine.drop_parts(memory, tail)
    await rig.ask(memory, BARE, Text("Indeed."), text="Really?")
    said = ["input_text", "output_text", "input_image", "input_text", "output_text", "input_text"]
    assert kinds(context(rig)) == said


async def test_documents_of_a_turn_whose_beginning_is_unknown_go_too(rig: Rig) -> None:
    memory = await rig.engine.open()
    await given(rig, memory)
    await rig.engine.drop_parts(memory, "msg_gone")
    assert "input_file" not in kinds(rig.api.conversations[memory].items)


async def test_a_file_leaves_the_memory_before_it_is_deleted(rig: Rig) -> None:
    memory = await rig.engine.open()
    document, picture = await given(rig, memory)
    await rig.engine.drop_files(memory, [document, picture])
    for file in (document, picture):
        await rig.shelf.delete(file)
    await rig.ask(memory, BARE, Text("Indeed."), text="Really?")
    assert rig.api.orphans() == []


async def test_an_item_whose_file_is_gone_would_spoil_the_memory(rig: Rig) -> None:
    memory = await rig.engine.open()
    _, picture = await given(rig, memory)
    await rig.shelf.delete(picture)
    with pytest.raises(AssistantError):
        await rig.ask(memory, BARE, Text("Indeed."), text="Really?")


async def test_a_turn_that_is_in_the_memory_already_is_answered_without_its_parts_again(rig: Rig) -> None:
    memory = await rig.engine.open()
    document = await rig.upload("note.md", "25 days")
    items: Any = [
        {"type": "message", "role": "user", "content": [{"type": "input_file", "file_id": document}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Well?"}]},
    ]
    await rig.engine.client.conversations.items.create(memory, items=items)
    turn = Turn("run-1", memory, READER, TEAM, "U1", ("Well?",), BARE, (InputFile(document),))
    assert await rig.engine.outcome(turn, None, None, rig.clock.monotonic() + 60) == AskedOnly()
    rig.api.queue(Script(FileSearch(["days"]), Text("25.")))
    taker = TurnTaker(rig.engine, rig.clock)
    async for _ in taker.take(turn, Trail(asked=True), rig.clock.monotonic() + 60):
        pass
    assert "input" not in rig.api.creates[-1]
    assert kinds(context(rig)) == ["input_file", "input_text"]
