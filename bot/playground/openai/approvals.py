"""Calls on MCP servers: which are asked about first, how that is answered, and servers that fail. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from bot.playground.openai.errors import ApiError, invalid
from bot.playground.openai.script import Json, McpCall

ASKS, ANSWERS = "mcp_approval_request", "mcp_approval_response"


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """An MCP server that does not simply work: it wants a token, or answers with an HTTP status of its own."""

    authorization: str | None = None
    status: int | None = None

    def failure(self, tool: Json) -> int | None:
        """The status with which it refuses whoever comes with that tool."""
        if self.status is not None:
            return self.status
        wrong = self.authorization is not None and tool.get("authorization") != self.authorization
        return HTTPStatus.UNAUTHORIZED if wrong else None


def unrepeated(before: list[Json], given: list[Json]) -> list[Json]:
    """What is given, without questions that are there already."""
    known = {item["id"] for item in before if item["type"] == ASKS}
    return [item for item in given if item["id"] not in known]


def check_approvals(before: list[Json], given: list[Json], tools: list[Json], *, beside: bool = False) -> None:
    """Refuse answers to what nobody asked, or asked and was told, and everything where a question stays open.

    `beside`: the question has to be given with the answer, although it is there already.

    The first sentence and the last are those of the service, recorded in community.openai.com/t/1365706 and by
    users of Foundry, as is that about `reason`. That a second answer, and a server that is not offered again, are
    refused, and how, is UNVERIFIED; the guide tools-connectors-mcp only says that the tools have to come again.
    """
    items = before + given
    asked = {item["id"]: item for item in items if item["type"] == ASKS}
    told = {item["approval_request_id"] for item in before if item["type"] == ANSWERS}
    labels = {tool.get("server_label") for tool in tools}
    for answer in (item for item in given if item["type"] == ANSWERS):
        request = answer["approval_request_id"]
        if answer.get("reason") is not None and answer["approve"]:
            raise invalid("'reason' cannot be provided when 'approve' is true.", "input")
        if request not in asked or (beside and request not in {item["id"] for item in given}):
            known = "The following MCP approval requests have approval responses but weren't passed as input"
            raise invalid(f"{known}: {request}", "input")
        if request in told:
            raise invalid(f"MCP approval request {request} has been answered already.", "input")
        if asked[request]["server_label"] not in labels:
            label = asked[request]["server_label"]
            raise invalid(f"MCP server '{label}' of the approval request is not among the tools.", "tools")
        told.add(request)
    unanswered = [request for request in asked if request not in told]
    if unanswered:
        wanted = "The following MCP approval requests do not have an approval"
        raise invalid(f"{wanted}: {', '.join(unanswered)}", "input")


def approved(before: list[Json], given: list[Json]) -> list[Json]:
    """The requests that this input says yes to."""
    yes = {item["approval_request_id"] for item in given if item["type"] == ANSWERS and item["approve"]}
    return [item for item in (*before, *given) if item["type"] == ASKS and item["id"] in yes]


def wants_approval(call: McpCall, tools: Sequence[Json]) -> bool:
    """Whether the request has its caller asked about a call first: always, unless it says never (§7).

    Where a tool is named under neither, and where only `always` is given, is UNVERIFIED: it is asked about. That
    `read_only` is of no consequence is ours: no script says so of a tool.
    """
    rule = next(tool.get("require_approval") for tool in tools if tool.get("server_label") == call.server_label)
    if isinstance(rule, Mapping):
        return call.name not in ((rule.get("never") or {}).get("tool_names") or ())
    return rule != "never"


def allowed(call: McpCall, tool: Json) -> bool:
    """Whether the request lets the model see that tool of the server."""
    names = tool.get("allowed_tools")
    if isinstance(names, Mapping):
        names = names.get("tool_names")
    return tool.get("server_label") == call.server_label and (names is None or call.name in names)


def listing_failed(label: str, status: int) -> ApiError:
    """The tools of a server could not be listed: agentgateway/agentgateway#383, plaid.com/docs/resources/mcp."""
    told = f"Http status code: {status} ({HTTPStatus(status).phrase})"
    message = f"Error retrieving tool list from MCP server: '{label}'. {told}"
    return ApiError(424, message, code="http_error", param="tools", type="external_connector_error")


def call_failed(status: int) -> Json:
    """The error of a call that its server refuses (openai-php/client#654)."""
    return {"type": "http_error", "code": status, "message": "An unknown error occurred while executing the tool."}
