"""What an entry of the assistants says, as OpenAI is asked."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from bot.assistant.options import IN_JSON, ranking
from bot.assistant.request import Turn, compose, tools
from bot.assistant.scope import CHANNEL, Scope, search_tool
from bot.assistants import Assistant, CodeInterpreter, FileSearch, ImageGeneration, Location, McpServer, WebSearch
from bot.playground.openai.catalogue import current_models
from bot.playground.openai.validation import check_response

THREAD = "1700000000.000100"
KEY = "hunter2"
FILTER = {"type": "eq", "key": "kind", "value": "contract"}
RANKING = ranking(FileSearch(max_num_results=5, score_threshold=0.0, ranker="auto", filters=FILTER))
DOCS = McpServer(
    server_label="docs",
    server_url="https://example.com/mcp",
    server_description="Docs.",
    authorization="DOCS_TOKEN",
    allowed_tools=("find", "read"),
    require_approval={"never": ("find",)},
)
OPEN = McpServer(server_label="open", server_url="https://example.com/open")


def turn(scope: Scope | None = None, keys: dict[str, SecretStr] | None = None, **entry: Any) -> Turn:
    assistant = Assistant(**{"model": "gpt-6.2-sol", **entry})
    return Turn("run-1", "conv_1", assistant, "T1", "U1", ("In JSON?",), scope or Scope(THREAD), keys=keys or {})


def offered(**entry: Any) -> list[dict[str, Any]]:
    """The tools of a request that the emulator accepts."""
    asked = turn(**entry)
    check_response({**compose(asked), "conversation": None}, current_models())
    return tools(asked)


def test_a_search_of_the_operators_stores_has_their_filter_and_that_of_a_channels_store_only_ours() -> None:
    operators = Scope(THREAD, None, ("vs_a",), operator_filter=FILTER, ranking=RANKING)
    assert offered(scope=operators, tools=("file_search",)) == [
        {
            "type": "file_search",
            "vector_store_ids": ["vs_a"],
            "max_num_results": 5,
            "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
            "filters": FILTER,
        }
    ]
    hostile = Scope(THREAD, "vs_c", ("vs_a",), operator_filter=FILTER, ranking={**RANKING, "filters": FILTER})
    ours = {"type": "in", "key": "scope", "value": [CHANNEL, THREAD]}
    assert search_tool(hostile) == {
        "type": "file_search",
        "vector_store_ids": ["vs_c"],
        **RANKING,
        "filters": ours,
    }


def test_the_tools_are_asked_for_as_the_entry_says() -> None:
    web = WebSearch(context_size="low", domains=("example.com",), location=Location(country="DE"))
    picture = ImageGeneration(size="1024x1024", quality="low", output_format="png", model="gpt-image-2.6-sunburst")
    assert offered(
        tools=("code_interpreter", "web_search", "image_generation"),
        code_interpreter=CodeInterpreter(memory="4g"),
        web_search=web,
        image_generation=picture,
    ) == [
        {
            "type": "code_interpreter",
            "container": {"type": "auto", "network_policy": {"type": "disabled"}, "memory_limit": "4g"},
        },
        {
            "type": "web_search",
            "user_location": {"type": "approximate", "country": "DE"},
            "search_context_size": "low",
            "filters": {"allowed_domains": ["example.com"]},
        },
        {
            "type": "image_generation",
            "model": "gpt-image-2.6-sunburst",
            "size": "1024x1024",
            "quality": "low",
            "output_format": "png",
        },
    ]


def test_a_server_is_offered_with_its_key_and_without_it_not_at_all() -> None:
    assert offered(mcp_servers=(DOCS, OPEN), keys={"DOCS_TOKEN": SecretStr(KEY)}) == [
        {
            "type": "mcp",
            "server_label": "docs",
            "server_url": "https://example.com/mcp",
            "require_approval": {"never": {"tool_names": ["find"]}},
            "server_description": "Docs.",
            "authorization": KEY,
            "allowed_tools": ["find", "read"],
        },
        {
            "type": "mcp",
            "server_label": "open",
            "server_url": "https://example.com/open",
            "require_approval": "always",
        },
    ]
    assert [tool["server_label"] for tool in offered(mcp_servers=(DOCS, OPEN))] == ["open"]


def test_no_key_is_printed_with_a_turn_nor_kept_with_a_run() -> None:
    asked = turn(mcp_servers=(DOCS,), keys={"DOCS_TOKEN": SecretStr(KEY)})
    assert KEY in str(tools(asked))
    assert KEY not in repr(asked) + json.dumps(asked.assistant.resolved())


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ("text", None),
        ("json_object", {"format": {"type": "json_object"}}),
        (
            {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "strict": False},
            {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "strict": False}},
        ),
    ],
)
def test_the_form_of_the_answers_is_asked_for(form: Any, sent: object) -> None:
    request = compose(turn(response_format=form, instructions="Help."))
    assert request.get("text") == sent
    assert request["instructions"] == ("Help.\n\n" + IN_JSON if form == "json_object" else "Help.")
