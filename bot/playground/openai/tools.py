"""Which tools a request may offer, and how they must be written (openai 3.54, types/responses/tool_param.py)."""

from typing import Any

from bot.playground.openai.errors import invalid
from bot.playground.openai.schema import (
    Check,
    all_of,
    any_key,
    anything,
    array,
    boolean,
    by_type,
    integer,
    mapping,
    nullable,
    number,
    one_of,
    record,
    string,
    variant,
)

MAX_STORES = 2  # our own rule: OpenAI documents none (reference/openai-platform.md §4, design §9)
MAX_RESULTS = 50  # reference/openai-platform.md §4
MAX_CONTAINER_FILES = 50  # reference/openai-platform.md §5
MAX_FUNCTION_NAME = 128  # characters; reference/openai-platform.md §7
MAX_DOMAINS = 100  # reference/openai-platform.md §7

COMPARISONS = ("eq", "ne", "gt", "gte", "lt", "lte")
MEMBERSHIPS = ("in", "nin")
callers = nullable(array(one_of("direct", "programmatic")))


plain_value = by_type(
    {str: anything, int: anything, float: anything, bool: anything}, "a string, number, or boolean"
)
_comparison = record({"type": anything, "key": string(), "value": plain_value})
_membership = record({"type": anything, "key": string(), "value": array(plain_value)})


def search_filter(value: Any, param: str) -> None:
    """A comparison, or filters joined by `and` or `or`, nested as deep as one likes."""
    joined = record({"type": anything, "filters": array(search_filter)})
    kinds = dict.fromkeys(COMPARISONS, _comparison) | dict.fromkeys(MEMBERSHIPS, _membership)
    variant(kinds | {"and": joined, "or": joined})(value, param)


ranking_options = record(
    {},
    {
        "ranker": one_of("auto", "default-2024-11-15"),
        "score_threshold": number(0, 1),
        "hybrid_search": record({"embedding_weight": number(0, 1e9), "text_weight": number(0, 1e9)}),
    },
)

file_search = record(
    {"type": anything, "vector_store_ids": array(string(minimum=1), MAX_STORES, minimum=1)},
    {
        "filters": nullable(search_filter),
        "max_num_results": integer(1, MAX_RESULTS),
        "ranking_options": ranking_options,
    },
)

network_policy = variant(
    {
        "disabled": record({"type": anything}),
        "allowlist": record(
            {"type": anything, "allowed_domains": array(string(), minimum=1)},
            {"domain_secrets": array(record({"domain": string(), "name": string(), "value": string()}))},
        ),
    }
)

auto_container = record(
    {"type": one_of("auto")},
    {
        "file_ids": array(string(), MAX_CONTAINER_FILES),
        "memory_limit": nullable(one_of("1g", "4g", "16g", "64g")),
        "network_policy": network_policy,
    },
)

code_interpreter = record(
    {
        "type": anything,
        "container": by_type(
            {str: string(pattern="cntr_.+"), dict: auto_container}, "a container id or an object"
        ),
    },
    {"allowed_callers": callers},
)

place = nullable(string())
web_search = record(
    {"type": anything},
    {
        "search_context_size": one_of("low", "medium", "high"),
        "filters": nullable(
            record(
                {},
                {
                    "allowed_domains": nullable(array(string(), MAX_DOMAINS)),
                    "blocked_domains": nullable(array(string(), MAX_DOMAINS)),
                },
            )
        ),
        "user_location": nullable(
            record(
                {"type": one_of("approximate")},
                {"city": place, "country": place, "region": place, "timezone": place},
            )
        ),
        "external_web_access": boolean,
    },
)

image_generation = record(
    {"type": anything},
    {
        "action": one_of("generate", "edit", "auto"),
        "background": one_of("transparent", "opaque", "auto"),
        "input_fidelity": nullable(one_of("high", "low")),
        "input_image_mask": record({}, {"file_id": string(), "image_url": string()}),
        "model": string(minimum=1),
        "moderation": one_of("auto", "low"),
        "output_compression": integer(0, 100),
        "output_format": one_of("png", "webp", "jpeg", "gif", "svg"),
        "partial_images": integer(0, 3),
        "quality": one_of("low", "medium", "high", "xhigh", "max", "auto"),
        "size": string(minimum=1),
    },
)  # reference/openai-platform.md §7

function = record(
    {
        "type": anything,
        "name": string(MAX_FUNCTION_NAME, "[a-zA-Z0-9_-]+"),
        "parameters": nullable(mapping(anything)),
        "strict": nullable(boolean),
    },
    {
        "description": nullable(string()),
        "allowed_callers": callers,
        "defer_loading": boolean,
        "output_schema": nullable(mapping(anything)),
    },
)


def strict_function(value: Any, param: str) -> None:
    """With `strict` every object of the schema names all its properties as required, and allows no others.

    developers.openai.com, guide function-calling, "Strict mode".
    """
    if value["strict"]:
        refused = f"function '{value['name']}'", f"{param}.parameters", "invalid_function_parameters"
        _strict_schema(value["parameters"] or {}, refused, ())


def strict_format(value: Any, param: str) -> None:
    """Likewise of the schema of an answer: guide structured-outputs, "Supported schemas"."""
    if value.get("strict"):
        refused = f"response_format '{value['name']}'", f"{param}.schema", "invalid_json_schema"
        _strict_schema(value["schema"], refused, ())


def _strict_schema(schema: Any, refused: tuple[str, str, str], path: tuple[str, ...]) -> None:
    """`refused`: what is, by which parameter, with which code."""
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties") or {}
    if schema.get("type") == "object":
        problem = None
        if schema.get("additionalProperties") is not False:
            problem = "'additionalProperties' is required to be supplied and to be false"
        elif set(schema.get("required") or ()) != set(properties):
            problem = "'required' is required to be supplied and to be an array including every key in properties"
        if problem:
            what, param, code = refused
            raise invalid(f"Invalid schema for {what}: In context={path}, {problem}.", param, code)
    for key, entry in properties.items():
        _strict_schema(entry, refused, (*path, "properties", key))
    _strict_schema(schema.get("items"), refused, (*path, "items"))


approval_filter = record({}, {"read_only": boolean, "tool_names": array(string())})

mcp = all_of(
    record(
        {"type": anything, "server_label": string(minimum=1)},
        {
            "server_url": string(),
            "connector_id": string(pattern="connector_.+"),
            "tunnel_id": string(),
            "authorization": string(),
            "headers": nullable(mapping(string())),
            "allowed_tools": nullable(
                by_type({list: array(string()), dict: approval_filter}, "an array or an object")
            ),
            "require_approval": nullable(
                by_type(
                    {
                        str: one_of("always", "never"),
                        dict: record({}, {"always": approval_filter, "never": approval_filter}),
                    },
                    "a string or an object",
                )
            ),
            "server_description": string(),
            "defer_loading": boolean,
            "allowed_callers": callers,
        },
    ),
    any_key("server_url", "connector_id", "tunnel_id"),
)

tool = variant(
    {
        "file_search": file_search,
        "code_interpreter": code_interpreter,
        "image_generation": image_generation,
        "web_search": web_search,
        "web_search_2025_08_26": web_search,
        "function": all_of(function, strict_function),
        "mcp": mcp,
    }
)
"""One entry of `tools`; types that the emulator does not model are refused as unknown values."""

HOSTED_CHOICES = ("file_search", "code_interpreter", "web_search_preview", "image_generation", "mcp")

_chosen = record({"type": anything})
_kinds: dict[str, Check] = dict.fromkeys(HOSTED_CHOICES, _chosen)
_kinds["function"] = record({"type": anything, "name": string()})
_kinds["mcp"] = record({"type": anything, "server_label": string()}, {"name": nullable(string())})
_kinds["allowed_tools"] = record(
    {"type": anything, "mode": one_of("auto", "required"), "tools": array(mapping(anything), minimum=1)}
)
tool_choice = by_type({str: one_of("none", "auto", "required"), dict: variant(_kinds)}, "a string or an object")


def chosen_tool_is_offered(body: dict[str, Any]) -> None:
    """A tool can be forced only when the request offers it; the wording is UNVERIFIED."""
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice["type"] == "allowed_tools":
        return
    wanted = {key: choice[key] for key in ("type", "name") if key in choice and choice["type"] != "mcp"}
    offered = body.get("tools") or []
    if wanted and not any(wanted.items() <= offer.items() for offer in offered):
        raise invalid("Tool choice is not among the 'tools' of the request.", "tool_choice")
