"""Search in the emulated vector stores: chunks, scores, filters, and the tool that uses them."""

import asyncio
from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.extraction import passages
from bot.playground.openai.filters import Attributes, passes
from bot.playground.openai.script import FileSearch, FoundCitation, Gate, Script, Text
from tests.emulators.openai_api import Peer, connected

LEAVE = "Everybody has 25 days of leave in a year."
TRAVEL = "Travel by train is paid in second class."
KEPT: Attributes = {"scope": "1.2", "size": 10, "old": False}

PASSES: dict[str, tuple[dict[str, Any], bool]] = {
    "eq": ({"type": "eq", "key": "scope", "value": "1.2"}, True),
    "eq of another": ({"type": "eq", "key": "scope", "value": "1.3"}, False),
    "eq of a missing key": ({"type": "eq", "key": "by", "value": "U1"}, False),
    "eq of a number and its digits": ({"type": "eq", "key": "size", "value": "10"}, False),
    "eq of a boolean and a number": ({"type": "eq", "key": "old", "value": 0}, False),
    "ne": ({"type": "ne", "key": "scope", "value": "1.3"}, True),
    "ne of a missing key": ({"type": "ne", "key": "by", "value": "U1"}, True),
    "gt": ({"type": "gt", "key": "size", "value": 9.5}, True),
    "gt of the same": ({"type": "gt", "key": "size", "value": 10}, False),
    "gte": ({"type": "gte", "key": "size", "value": 10}, True),
    "lt": ({"type": "lt", "key": "size", "value": 10}, False),
    "lte": ({"type": "lte", "key": "size", "value": 10}, True),
    "lt of a missing key": ({"type": "lt", "key": "by", "value": 1}, False),
    "lt of another type": ({"type": "lt", "key": "scope", "value": 2}, False),
    "in": ({"type": "in", "key": "scope", "value": ["channel", "1.2"]}, True),
    "in none": ({"type": "in", "key": "scope", "value": []}, False),
    "nin": ({"type": "nin", "key": "scope", "value": ["channel"]}, True),
    "nin of one of them": ({"type": "nin", "key": "scope", "value": ["1.2"]}, False),
}


@pytest.mark.parametrize(("wanted", "passed"), PASSES.values(), ids=PASSES.keys())
def test_a_filter_compares_exactly(wanted: dict[str, Any], passed: bool) -> None:
    """reference/openai-platform.md §4: eq ne gt gte lt lte in nin."""
    assert passes(wanted, KEPT) is passed
    other = {"type": "eq", "key": "scope", "value": "1.2"}
    assert passes({"type": "and", "filters": [other, wanted]}, KEPT) is passed
    assert passes({"type": "or", "filters": [{**other, "value": "x"}, wanted]}, KEPT) is passed
    assert passes({"type": "or", "filters": [other, {"type": "and", "filters": [wanted]}]}, KEPT)


def test_passages_overlap_by_half_as_auto_has_it() -> None:
    """reference/openai-platform.md §4: 800 tokens, 400 of overlap; four characters are a token here."""
    text = " ".join(f"word{number:05d}" for number in range(1000))
    cut = passages(text, 800, 400)
    assert max(map(len, cut)) <= 3200
    assert all(passage.startswith("word") for passage in cut)
    assert all(cut[at + 1][:1000] in cut[at] for at in range(len(cut) - 1))
    assert cut[-1].endswith("word00999")
    assert passages("short", 800, 400) == ["short"]


async def handbook(peer: Peer) -> tuple[str, str]:
    """Two files of the operator's store, in two scopes."""
    leave = await peer.indexed(OPERATOR_STORE, "handbook.md", LEAVE, attributes={"scope": "channel"})
    return leave, await peer.indexed(OPERATOR_STORE, "travel.md", TRAVEL, attributes={"scope": "1.2"})


async def test_a_search_answers_with_passages_and_scores() -> None:
    """openai 3.54, types/vector_store_search_response.py."""
    async with connected() as peer:
        leave, travel = await handbook(peer)
        [found] = (await peer.client.vector_stores.search(OPERATOR_STORE, query="How many days of leave?")).data
        assert (found.file_id, found.filename, found.attributes) == (leave, "handbook.md", {"scope": "channel"})
        assert found.content[0].text == LEAVE
        assert 0.5 < found.score <= 1
        both = await peer.client.vector_stores.search(OPERATOR_STORE, query=["leave", "train"])
        assert {one.file_id for one in both.data} == {leave, travel}
        nothing = await peer.client.vector_stores.search(OPERATOR_STORE, query="Who is the king of France?")
        assert nothing.data == []


async def test_korean_is_found_though_its_words_change() -> None:
    async with connected() as peer:
        file = await peer.indexed(OPERATOR_STORE, "안내.md", "직원은 연간 25일의 휴가를 받습니다.")
        [found] = (await peer.client.vector_stores.search(OPERATOR_STORE, query="휴가는 며칠인가요?")).data
    assert found.file_id == file


async def test_a_search_keeps_to_its_filter_its_number_and_its_threshold() -> None:
    """reference/openai-platform.md §4."""
    async with connected() as peer:
        leave, travel = await handbook(peer)
        search = peer.client.vector_stores.search
        words: Any = {"vector_store_id": OPERATOR_STORE, "query": "leave by train"}
        scoped = await search(**words, filters={"type": "in", "key": "scope", "value": ["1.2"]})
        assert [one.file_id for one in scoped.data] == [travel]
        assert len((await search(**words, max_num_results=1)).data) == 1
        strict = await search(**words, ranking_options={"score_threshold": 0.8})
        assert strict.data == []
        for bad in ({"max_num_results": 51}, {"filters": {"type": "in", "key": "a", "value": "b"}}):
            with pytest.raises(sdk.BadRequestError):
                await search(**words, **bad)
        assert leave in peer.openai.files


async def test_scores_do_not_depend_on_what_other_stores_hold() -> None:
    """Issue 4 §2.4: not even existence crosses."""
    async with connected() as peer:
        await handbook(peer)
        before = (await peer.client.vector_stores.search(OPERATOR_STORE, query="days of leave")).data
        other = await peer.store()
        for number in range(3):
            await peer.indexed(other, f"{number}.md", f"{LEAVE} Number {number}.")
        assert (await peer.client.vector_stores.search(OPERATOR_STORE, query="days of leave")).data == before


async def test_what_is_detached_is_found_no_more_or_for_a_while_if_so_told() -> None:
    """reference/openai-platform.md §4: removal is eventually consistent."""
    async with connected() as peer:
        leave, _ = await handbook(peer)
        peer.openai.stores.removal_lag = 5
        await peer.client.vector_stores.files.delete(leave, vector_store_id=OPERATOR_STORE)
        search = peer.client.vector_stores.search
        assert len((await search(OPERATOR_STORE, query="leave")).data) == 1
        await peer.client.files.delete(leave)
        await peer.clock.advance(4)
        assert len((await search(OPERATOR_STORE, query="leave")).data) == 1
        await peer.clock.advance(1)
        assert (await search(OPERATOR_STORE, query="leave")).data == []
        peer.openai.stores.removal_lag = 0
        again, _ = await handbook(peer)
        await peer.client.vector_stores.files.delete(again, vector_store_id=OPERATOR_STORE)
        assert (await search(OPERATOR_STORE, query="leave")).data == []


def tool(*stores: str, **more: Any) -> dict[str, Any]:
    return {"type": "file_search", "vector_store_ids": list(stores or (OPERATOR_STORE,)), **more}


RESULTS = ["file_search_call.results"]


async def test_the_tool_really_searches_and_the_answer_cites_what_was_found() -> None:
    """Issue 4 §5.1; reference/openai-platform.md §4 "Citation"."""
    async with connected() as peer:
        leave, _ = await handbook(peer)
        said = Text("25 days.", annotations=[FoundCitation(), FoundCitation(1)])
        answer = Script(FileSearch(["days of leave"]), said)
        peer.openai.queue(answer, answer)
        call, message = (await peer.ask(tools=[tool()], include=RESULTS)).output
        assert (call.status, call.queries) == ("completed", ["days of leave"])
        [result] = call.results
        assert (result.file_id, result.filename, result.text) == (leave, "handbook.md", LEAVE)
        assert result.attributes == {"scope": "channel"}
        [cited] = message.content[0].annotations
        assert (cited.type, cited.file_id) == ("file_citation", leave)
        assert (cited.filename, cited.index) == ("handbook.md", 8)
        hidden, _ = (await peer.ask(tools=[tool()])).output
        assert hidden.results is None


async def test_the_tool_keeps_to_the_filters_of_the_request() -> None:
    """Issue 4 §2.4: no passage crosses, whatever the model asks for."""
    async with connected() as peer:
        await handbook(peer)
        other = await peer.store()
        await peer.indexed(other, "other.md", "Leave of the others", attributes={"scope": "9.9"})
        wanted = {"type": "in", "key": "scope", "value": ["channel", "9.9"]}
        for stores, found in (((OPERATOR_STORE,), 1), ((OPERATOR_STORE, other), 2), ((other,), 1)):
            peer.openai.queue(FileSearch(["leave by train"]))
            [call] = (await peer.ask(tools=[tool(*stores, filters=wanted)], include=RESULTS)).output
            assert len(call.results) == found
            assert all(one.filename != "travel.md" for one in call.results)
        peer.openai.queue(FileSearch(["leave by train"]))
        limited = tool(OPERATOR_STORE, other, max_num_results=1)
        [call] = (await peer.ask(tools=[limited], include=RESULTS)).output
        assert len(call.results) == 1


async def test_a_store_that_is_not_there_or_expired_is_refused() -> None:
    """UNVERIFIED in reference/openai-platform.md §4; decided so: 404 and 400, before anything is said."""
    async with connected() as peer:
        store = await peer.store(expires_after={"anchor": "last_active_at", "days": 1})
        assert (await peer.ask(tools=[tool(store)])).status == "completed"
        await peer.clock.advance(24 * 3600)
        peer.openai.queue(lambda _: pytest.fail("the script was asked"))
        with pytest.raises(sdk.BadRequestError) as expired:
            await peer.ask(tools=[tool(store)])
        await peer.client.vector_stores.delete(store)
        with pytest.raises(sdk.NotFoundError) as gone:
            await peer.ask(tools=[tool(store)])
    assert (expired.value.code, expired.value.param) == ("vector_store_expired", "tools[0].vector_store_ids")
    assert gone.value.param == "tools[0].vector_store_ids"


async def test_a_store_deleted_meanwhile_holds_nothing() -> None:
    async with connected() as peer:
        opened, store = asyncio.Event(), await peer.store()
        peer.openai.queue(Script(Text("Wait."), Gate(opened), FileSearch(["leave"])))
        stream = await peer.stream(tools=[tool(store)], include=RESULTS)
        await anext(stream)
        await peer.client.vector_stores.delete(store)
        opened.set()
        *_, last = [event async for event in stream]
    assert (last.response.status, last.response.output[1].results) == ("completed", [])
