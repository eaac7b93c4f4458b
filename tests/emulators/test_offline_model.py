"""The offline model behind the emulated API, asked by the real SDK."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import openai as sdk
import pytest
from PIL import Image

from bot.playground.model import MODEL, Pace, offline, offline_models
from bot.playground.model.phrases import EN, KO
from bot.playground.openai.emulated import OPERATOR_STORE
from tests.emulators.openai_api import Peer, connected, said

INCLUDE: Any = ["file_search_call.results", "code_interpreter_call.outputs"]
SEARCH: Any = {"type": "file_search", "vector_store_ids": [OPERATOR_STORE]}
SALES = 'region,amount\nNorth,10\nSouth,20\nNorth,"1,000"\n'


def code(*files: str) -> Any:
    return {"type": "code_interpreter", "container": {"type": "auto", "file_ids": list(files)}}


@asynccontextmanager
async def switched_on(pace: Pace | None = None) -> AsyncIterator[Peer]:
    async with connected() as peer:
        peer.openai.models.clear()
        peer.openai.models.update(offline_models())
        peer.openai.default = partial(offline, pace=pace or Pace(0, 0))
        yield peer


async def ask(peer: Peer, text: str, **options: Any) -> Any:
    about: Any = {"model": MODEL, "include": INCLUDE, "reasoning": {"summary": "auto"}}
    return await peer.ask(text, **{**about, **options})


async def test_every_answer_names_the_model_and_says_that_it_is_offline() -> None:
    async with switched_on() as peer:
        conversation = await peer.conversation()
        for text, label in (("Hello", EN.label), ("My name is Ann", EN.label), ("안녕하세요", KO.label)):
            answer = await ask(peer, text, conversation=conversation)
            assert answer.model == MODEL
            assert [item.type for item in answer.output] == ["reasoning", "message"]
            assert answer.output[0].summary[0].text.startswith(f"**{label}**")
        name = await ask(peer, "What is my name?", conversation=conversation)
        first = await ask(peer, "What did I say first?", conversation=conversation)
        with pytest.raises(sdk.NotFoundError):
            await peer.ask("Hello", model="gpt-6.2-sol")
    assert name.output_text == EN.your_name.format(name="Ann")
    assert first.output_text == EN.first.format(text="Hello")


async def test_documents_are_searched_quoted_and_cited_within_the_filters() -> None:
    async with switched_on() as peer:
        here, there = {"scope": "1.1"}, {"scope": "2.2"}
        text = "Everybody has 25 days of leave in a year."
        file = await peer.indexed(OPERATOR_STORE, "handbook.md", text, attributes=here)
        await peer.indexed(OPERATOR_STORE, "secret.md", "Leave is 99 days of leave.", attributes=there)
        tool = {**SEARCH, "filters": {"type": "in", "key": "scope", "value": ["1.1"]}}
        for question in ("How many days of leave are there?", "Summarise it"):
            _, call, message = (await ask(peer, question, tools=[tool])).output
            assert [result.filename for result in call.results] == ["handbook.md"]
            assert said(message).endswith(f"> {text}")
            [cited] = message.content[0].annotations
            assert (cited.file_id, cited.index) == (file, len(said(message)))
        nothing = await ask(peer, "Who is the king of France?", tools=[tool])
    assert nothing.output_text == EN.nothing_found


async def test_a_table_is_reckoned_with_by_code_now_and_in_the_next_turn() -> None:
    async with switched_on() as peer:
        file = await peer.upload("sales.csv", SALES)
        conversation = await peer.conversation()
        first = await ask(peer, "Sum of amount by region", tools=[code(file)], conversation=conversation)
        again = await ask(peer, "The average amount?", tools=[code()], conversation=conversation)
    _, call, message = first.output
    assert call.outputs[0].logs == "North 1010\nSouth 20\n"
    assert "| North | 1010 |" in said(message)
    assert again.output_text == "The average of **amount** is **343.3333** (3 rows, sales.csv)."


async def test_a_chart_and_a_table_are_files_that_the_answer_cites() -> None:
    async with switched_on() as peer:
        made = {}
        for wanted in ("chart", "CSV"):
            _, call, message = (await ask(peer, f"Make a {wanted} of tea 3, milk 5", tools=[code()])).output
            [cited] = message.content[0].annotations
            assert (cited.type, cited.container_id) == ("container_file_citation", call.container_id)
            content = peer.client.containers.files.content
            made[cited.filename] = (await content.retrieve(cited.file_id, container_id=call.container_id)).content
    assert made["table.csv"] == b"name,value\r\ntea,3\r\nmilk,5\r\n"
    with Image.open(io.BytesIO(made["chart.png"])) as chart:
        assert (chart.format, chart.size) == ("PNG", (960, 540))


async def test_it_fails_half_way_and_a_broken_line_leaves_the_answer_whole_on_the_server() -> None:
    async with switched_on() as peer:
        failed = await ask(peer, "Please fail")
        with pytest.raises(sdk.APIError, match=r"Connection error|peer closed|incomplete"):
            async with await peer.stream("Drop the connection", model=MODEL) as stream:
                [_ async for _ in stream]
        dropped = list(peer.openai.responses)[-1]
        whole = await peer.client.responses.retrieve(dropped)
    assert (failed.status, failed.error.code) == ("failed", "server_error")
    assert EN.failing.startswith(failed.output_text)
    assert whole.output_text.startswith(EN.dropping)


async def test_it_takes_its_time_and_never_ends_until_the_client_goes() -> None:
    async with switched_on(Pace(0.5, 2.0)) as peer:
        heard = ""
        async with await peer.stream("Never end", model=MODEL) as stream:
            async for event in stream:
                if event.type == "response.output_text.delta":
                    heard += event.delta
                    await peer.clock.advance(1.0)
                if heard.endswith(" 5"):
                    break
        identifier = await peer.until_begun()
        assert await peer.until_ended(identifier) == "cancelled"
    assert heard.startswith(EN.counting)


async def test_a_step_takes_its_time_on_the_clock() -> None:
    async with switched_on(Pace(0, 2.0)) as peer:
        seen: list[str] = []
        options: Any = {"model": MODEL, "tools": [code()]}
        async with await peer.stream("3 * 4", **options) as stream:
            async for event in stream:
                seen.append(event.type.rpartition(".")[2])
                if seen[-1] == "interpreting":
                    assert peer.clock.next_timer() == 2.0
                    await peer.clock.advance(2.0)
    assert seen.index("interpreting") < len(seen) - 1
    assert seen[-1] == "completed"
