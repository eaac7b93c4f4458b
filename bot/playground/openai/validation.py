"""Which requests are accepted, and with which words the others are refused. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from bot.playground.openai import items, tools
from bot.playground.openai.catalogue import Model
from bot.playground.openai.errors import invalid, model_not_found, not_emulated
from bot.playground.openai.schema import (
    all_of,
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
from bot.playground.openai.script import Json

MAX_ITEMS = 20  # per create call; reference/openai-platform.md §2
MIN_OUTPUT_TOKENS = 16  # reference/openai-platform.md §1.2

metadata = nullable(mapping(string(512), keys=string(64), maximum=16))  # reference/openai-platform.md §7

conversation = by_type(
    {str: string(minimum=1), dict: record({"id": string(minimum=1)})}, "a conversation id or an object"
)
effort = one_of("none", "minimal", "low", "medium", "high", "xhigh", "max")
summary = nullable(one_of("auto", "concise", "detailed"))
reasoning = record(
    {},
    {
        "effort": nullable(effort),
        "summary": summary,
        "generate_summary": summary,
        "mode": one_of("standard", "pro"),
        "context": nullable(one_of("auto", "current_turn", "all_turns")),
    },
)
text_format = variant(
    {
        "text": record({"type": anything}),
        "json_object": record({"type": anything}),
        "json_schema": all_of(
            record(
                {"type": anything, "name": string(64, "[a-zA-Z0-9_-]+"), "schema": mapping(anything)},
                {"description": string(), "strict": nullable(boolean)},
            ),
            tools.strict_format,
        ),
    }
)
text = record({}, {"format": text_format, "verbosity": nullable(one_of("low", "medium", "high"))})
stated_input = by_type({str: string(items.MAX_TEXT), list: array(items.item)}, "a string or an array")
tiers = one_of("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")
truncation = one_of("auto", "disabled")

COUNTED = {
    "conversation": nullable(conversation),
    "input": stated_input,
    "instructions": nullable(string()),
    "parallel_tool_calls": nullable(boolean),
    "previous_response_id": nullable(string(minimum=1)),
    "reasoning": nullable(reasoning),
    "text": text,
    "tool_choice": tools.tool_choice,
    "tools": array(tools.tool),
    "truncation": nullable(truncation),
}
"""What `POST /responses` and `POST /responses/input_tokens` have in common."""

NOT_EMULATED = (
    "access_programs",
    "background_options",
    "context_management",
    "image",
    "moderation",
    "prompt",
    "prompt_cache_options",
)

CREATED = COUNTED | {
    "background": nullable(boolean),
    "include": nullable(items.include),
    "max_output_tokens": nullable(integer(MIN_OUTPUT_TOKENS)),
    "max_tool_calls": nullable(integer(1)),
    "metadata": metadata,
    "prompt_cache_key": nullable(string(64)),
    "prompt_cache_retention": nullable(one_of("in_memory", "24h")),
    "safety_identifier": nullable(string(64)),  # the stricter of two limits, reference/openai-platform.md §7
    "service_tier": nullable(tiers),
    "store": nullable(boolean),
    "stream": nullable(boolean),
    "stream_options": nullable(record({}, {"include_obfuscation": boolean})),
    "temperature": nullable(number(0, 2)),
    "top_logprobs": nullable(integer(0, 20)),
    "top_p": nullable(number(0, 1)),
    "user": string(),
    **dict.fromkeys(NOT_EMULATED, anything),
}

response_body = record({"model": string(minimum=1)}, CREATED)
input_tokens_body = record({}, COUNTED | {"model": nullable(string(minimum=1))})
conversation_body = record({}, {"items": nullable(array(items.item, MAX_ITEMS)), "metadata": metadata})
metadata_body = record({"metadata": metadata})
items_body = record({"items": array(items.item, MAX_ITEMS, minimum=1)})


def check_response(body: Any, models: Mapping[str, Model]) -> Model:
    """Refuse a malformed `POST /responses`; the model that it asks for."""
    response_body(body, "")
    for param in NOT_EMULATED:
        if body.get(param) is not None:
            raise not_emulated(param)
    _exclusions(body)
    tools.chosen_tool_is_offered(body)
    model = known_model(body["model"], models)
    _model_accepts(body, model)
    return model


def known_model(name: str, models: Mapping[str, Model]) -> Model:
    """The model of that name, or a 404."""
    if name not in models:
        raise model_not_found(name)
    return models[name]


def _exclusions(body: Json) -> None:
    mutually_exclusive(body)
    _json_is_spoken_of(body)
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise invalid(message, "stream_options")
    if body.get("background") and body.get("store") is False:  # guide background, "Limits"; the words: UNVERIFIED
        raise invalid("Background mode requires 'store' to be true.", "store")
    continues = body.get("conversation") or body.get("previous_response_id")
    if body.get("input") is None and not continues:
        message = "One of 'input', 'previous_response_id', 'prompt' or 'conversation' must be provided."
        raise invalid(message, "input", "missing_required_parameter")


def _json_is_spoken_of(body: Json) -> None:
    """A JSON object is only given where the input asks for JSON (guide structured-outputs, "JSON mode").

    Whether what the conversation and the instructions say counts is not documented: here it does not, unless the
    input brings nothing that anybody says.
    """
    form = (body.get("text") or {}).get("format") or {}
    said = body.get("input") or ()
    speaks = isinstance(said, str) or any("role" in item for item in said)
    if form.get("type") == "json_object" and speaks and "json" not in json.dumps(said).lower():
        wanted = "to use 'text.format' of type 'json_object'."
        raise invalid(f"Response input messages must contain the word 'json' in some form {wanted}", "input")


def mutually_exclusive(body: Json) -> None:
    """A conversation and a previous response cannot both come before (reference/openai-platform.md §2)."""
    if body.get("conversation") is not None and body.get("previous_response_id") is not None:
        message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'."
        raise invalid(message, "previous_response_id", "mutually_exclusive_parameters")


def _model_accepts(body: Json, model: Model) -> None:
    wanted = (body.get("reasoning") or {}).get("effort")
    refused = ("temperature", "top_p") if model.efforts else ("reasoning",)
    for param in refused:
        if body.get(param) is not None:  # reference/openai-platform.md §8.3
            raise invalid(f"Unsupported parameter: '{param}' is not supported with this model.", param)
    if body.get("background") and not model.background:
        raise invalid("Unsupported parameter: 'background' is not supported with this model.", "background")
    if wanted is not None and wanted not in model.efforts:  # reference/openai-platform.md §8.1
        choices = ", ".join(f"'{choice}'" for choice in model.efforts)
        message = f"Unsupported value: '{wanted}' is not supported with the '{model.id}' model."
        raise invalid(f"{message} Supported values are: {choices}.", "reasoning.effort", "unsupported_value")


def check_input_tokens(body: Any) -> None:
    """Refuse a malformed `POST /responses/input_tokens`."""
    input_tokens_body(body, "")
    mutually_exclusive(body)


NUMBERS = frozenset({"limit", "starting_after"})
SWITCHES = frozenset({"stream", "include_obfuscation"})


def query(given: Mapping[str, str], known: Mapping[str, Any]) -> Json:
    """Query parameters, the known ones only, checked and with numbers read."""
    values: Json = {}
    for name, raw in given.items():
        if name not in known:
            raise invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        values[name] = int(raw) if raw.lstrip("-").isdigit() and name in NUMBERS else raw
        if name in SWITCHES and raw in ("true", "false"):
            values[name] = raw == "true"
        known[name](values[name], name)
    return values


listing = {
    "limit": integer(1, 100),
    "order": one_of("asc", "desc"),
    "after": string(minimum=1),
    "before": string(minimum=1),
}
"""What a list of items can be asked with (openai 3.54, types/conversations/item_list_params.py)."""

retrieving = {"stream": boolean, "starting_after": integer(0), "include_obfuscation": boolean}
"""What a response can be retrieved with (openai 3.54, types/responses/response_retrieve_params.py)."""
