"""MCP servers at the emulated OpenAI: calls that are asked about first, the answers to that, servers that fail."""

from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.approvals import RemoteServer
from bot.playground.openai.script import FunctionCall, McpCall, McpListTools, Script, Text
from tests.emulators.openai_api import Peer, connected, function

KEY = "hunter2"
ROLL = McpCall("dice", "roll", {"sides": 6}, "4")
LISTED = McpListTools("dice", [("roll", "Rolls a die")])


def dice(**options: Any) -> dict[str, Any]:
    return {"type": "mcp", "server_label": "dice", "server_url": "https://dice.test/mcp", **options}


def answer(request: str, *, approve: bool = True, **more: Any) -> dict[str, Any]:
    return {"type": "mcp_approval_response", "approval_request_id": request, "approve": approve, **more}


async def asked(peer: Peer, *parts: Any, **options: Any) -> tuple[str, list[Any]]:
    """A conversation in which a call was asked about, and the response's items."""
    conversation = await peer.conversation()
    peer.openai.queue(Script(*(parts or (LISTED, ROLL))))
    response = await peer.ask("Roll!", conversation=conversation, tools=[dice()], **options)
    assert response.status == "completed"
    return conversation, response.output


async def told(peer: Peer, conversation: str, *items: Any, tools: Any = None, **options: Any) -> Any:
    """The response to these items."""
    arguments = {"conversation": conversation, "tools": [dice()] if tools is None else tools, **options}
    return await peer.ask(list(items), **arguments)  # type: ignore[arg-type]


RULES: dict[str, tuple[Any, bool]] = {
    "by default": ({}, True),
    "always": ({"require_approval": "always"}, True),
    "never": ({"require_approval": "never"}, False),
    "this tool never": ({"require_approval": {"never": {"tool_names": ["roll"]}}}, False),
    "another tool never (UNVERIFIED)": ({"require_approval": {"never": {"tool_names": ["flip"]}}}, True),
    "another tool always (UNVERIFIED)": ({"require_approval": {"always": {"tool_names": ["flip"]}}}, True),
}


@pytest.mark.parametrize(("rule", "asks"), RULES.values(), ids=RULES.keys())
async def test_the_request_says_whether_a_call_is_asked_about_or_made(rule: dict[str, Any], asks: bool) -> None:
    """reference/openai-platform.md §7; guide tools-connectors-mcp, "Approvals"."""
    async with connected() as peer:
        peer.openai.queue(Script(LISTED, ROLL, Text("A four.")))
        events = await peer.events(tools=[dice(**rule)])
    output = events[-1]["response"]["output"]
    kinds = [item["type"] for item in output]
    assert kinds == ["mcp_list_tools", *(["mcp_approval_request"] if asks else ["mcp_call", "message"])]
    assert events[-1]["type"] == "response.completed"
    if asks:  # shape and sequence: openai 3.54, types/responses/response_output_item.py
        assert output[1] == {
            "id": output[1]["id"],
            "type": "mcp_approval_request",
            "server_label": "dice",
            "name": "roll",
            "arguments": '{"sides": 6}',
        }
        about = [event["type"] for event in events if event.get("item", {}).get("id") == output[1]["id"]]
        assert about == ["response.output_item.added", "response.output_item.done"]


async def test_approved_a_call_is_made_and_names_the_request() -> None:
    """reference/openai-platform.md §7; approval_request_id: openai/openai-openapi#470."""
    async with connected() as peer:
        conversation, (_, request) = await asked(peer)
        peer.openai.queue(Script(ROLL, Text("A four.")))
        response = await told(peer, conversation, answer(request.id))
        call, message = response.output
        assert (call.type, call.output, call.approval_request_id) == ("mcp_call", "4", request.id)
        kinds = [item.type for item in await peer.items(conversation)]
        assert kinds[2:] == ["mcp_approval_request", "mcp_approval_response", "mcp_call", "message"]
        peer.openai.queue(Script(ROLL))
        again = await told(peer, conversation, {"role": "user", "content": "And again!"})
    assert [item.type for item in again.output] == ["mcp_approval_request"]
    assert again.output[0].id != request.id
    assert message.type == "message"


async def test_denied_a_call_is_not_made_and_the_model_goes_on() -> None:
    """reference/openai-platform.md §7; reason: openai 3.54, types/responses/response_input_item.py."""
    async with connected() as peer:
        conversation, (_, request) = await asked(peer)
        peer.openai.queue(Script(Text("As you wish.")))
        response = await told(peer, conversation, answer(request.id, approve=False, reason="not now"))
        assert [item.type for item in response.output] == ["message"]


async def test_all_calls_of_a_response_are_asked_about_together() -> None:
    """Guides function-calling, "Parallel function calling", and tools-connectors-mcp, "Approvals"."""
    async with connected() as peer:
        flip = McpCall("dice", "flip", "{}", "heads")
        _, output = await asked(peer, Text("I would."), ROLL, flip, Text("Never said."))
        tools = [dice(), function()]
        peer.openai.queue(Script(ROLL, FunctionCall("look_up", {"order": 1})))
        both = await peer.ask(tools=tools)
    assert [item.type for item in output] == ["message", "mcp_approval_request", "mcp_approval_request"]
    assert [item.type for item in both.output] == ["mcp_approval_request", "function_call"]


REFUSED: dict[str, tuple[Any, str]] = {
    "a question left open: recorded by users of Foundry": (
        lambda _: [{"role": "user", "content": "Never mind."}],
        "The following MCP approval requests do not have an approval: {request}",
    ),
    "what nobody asked: community.openai.com/t/1365706": (
        lambda request: [answer(request), answer("mcpr_none")],
        "The following MCP approval requests have approval responses but weren't passed as input: mcpr_none",
    ),
    "two answers (UNVERIFIED)": (
        lambda request: [answer(request), answer(request, approve=False)],
        "has been answered already",
    ),
    "a reason to approve: recorded by users of Foundry": (
        lambda request: [answer(request, reason="because")],
        "'reason' cannot be provided when 'approve' is true.",
    ),
    "the request itself once more: vercel/ai#18605": (
        lambda request: [
            {
                "type": "mcp_approval_request",
                "id": request,
                "name": "roll",
                "arguments": "{}",
                "server_label": "dice",
            },
            answer(request),
        ],
        "Duplicate item found with id {request}",
    ),
}


@pytest.mark.parametrize(("given", "sentence"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_does_not_fit_the_question_is_refused(given: Any, sentence: str) -> None:
    async with connected() as peer:
        conversation, (_, request) = await asked(peer)
        with pytest.raises(sdk.BadRequestError) as refused:
            await told(peer, conversation, *given(request.id))
    assert sentence.format(request=request.id) in refused.value.message


async def test_an_answer_is_taken_once_and_needs_the_server_among_the_tools() -> None:
    """reference/openai-platform.md §7 "same tools"; the words of both refusals are UNVERIFIED."""
    async with connected() as peer:
        conversation, (_, request) = await asked(peer)
        with pytest.raises(sdk.BadRequestError, match="not among the tools"):
            await told(peer, conversation, answer(request.id), tools=[])
        peer.openai.queue(Script(ROLL))
        await told(peer, conversation, answer(request.id))
        with pytest.raises(sdk.BadRequestError, match="answered already"):
            await told(peer, conversation, answer(request.id))


async def test_where_conversations_want_the_question_beside_the_answer_it_is_kept_once() -> None:
    """community.openai.com/t/1365706: with `conversation`, an answer alone was refused."""
    async with connected() as peer:
        peer.openai.let_questions_stand_beside()
        conversation, (_, request) = await asked(peer)
        with pytest.raises(sdk.BadRequestError, match="weren't passed as input"):
            await told(peer, conversation, answer(request.id))
        peer.openai.queue(Script(ROLL))
        question = request.to_dict(mode="json", warnings=False)
        await told(peer, conversation, question, answer(request.id))
        kinds = [item.type for item in await peer.items(conversation)]
    assert kinds[2:] == ["mcp_approval_request", "mcp_approval_response", "mcp_call"]


FAILING: dict[str, tuple[RemoteServer, str]] = {
    "it does not answer": (RemoteServer(status=424), "424 (Failed Dependency)"),
    "it wants a token": (RemoteServer(authorization=KEY), "401 (Unauthorized)"),
}


@pytest.mark.parametrize(("server", "status"), FAILING.values(), ids=FAILING.keys())
async def test_a_server_whose_tools_cannot_be_listed_fails_the_request(server: RemoteServer, status: str) -> None:
    """agentgateway/agentgateway#383; type, param and code: plaid.com/docs/resources/mcp."""
    async with connected() as peer:
        peer.openai.mcp_servers["dice"] = server
        with pytest.raises(sdk.APIStatusError) as refused:
            await peer.ask(tools=[dice()])
    assert refused.value.status_code == 424
    sentence = f"Error retrieving tool list from MCP server: 'dice'. Http status code: {status}"
    wanted = {"message": sentence, "type": "external_connector_error", "param": "tools", "code": "http_error"}
    assert refused.value.body == wanted


async def test_the_token_has_to_come_with_every_request() -> None:
    """Reference/openai-platform.md §7: `authorization` is not stored; the call's error: openai-php/client#654."""
    async with connected() as peer:
        peer.openai.mcp_servers["dice"] = RemoteServer(authorization=KEY)
        conversation = await peer.conversation()
        peer.openai.queue(Script(LISTED, ROLL))
        with_key = [dice(authorization=KEY)]
        response = await told(peer, conversation, {"role": "user", "content": "Roll!"}, tools=with_key)
        peer.openai.queue(Script(ROLL, Text("It would not.")))
        response = await told(peer, conversation, answer(response.output[1].id))
        call = response.output[0]
        assert call.status == "failed"
        assert call.error.to_dict() == {
            "type": "http_error",
            "code": 401,
            "message": "An unknown error occurred while executing the tool.",
        }


async def test_a_script_makes_the_calls_that_were_approved_and_those_that_are_offered() -> None:
    """Ours: a test that forgets the call finds out."""
    async with connected() as peer:
        conversation, (_, request) = await asked(peer)
        peer.openai.queue(Script(Text("Forgotten.")), Script(McpCall("dice", "flip")))
        with pytest.raises(sdk.InternalServerError, match="does not make a call that was approved"):
            await told(peer, conversation, answer(request.id))
        with pytest.raises(sdk.InternalServerError, match="does not offer"):
            await peer.ask(tools=[dice(allowed_tools=["roll"])])
