"""How calls about files, vector stores, containers and recordings must be written."""

from typing import Any

from bot.playground.openai.errors import invalid
from bot.playground.openai.schema import (
    all_of,
    anything,
    array,
    boolean,
    by_type,
    integer,
    mapping,
    missing,
    nullable,
    number,
    one_of,
    record,
    string,
    variant,
)
from bot.playground.openai.script import Json
from bot.playground.openai.tools import MAX_CONTAINER_FILES, MAX_RESULTS, network_policy, search_filter
from bot.playground.openai.validation import listing, metadata

MAX_STORE_FILES = 500  # `file_ids` at a store's creation; reference/openai-platform.md §4
MAX_BATCH = 2000  # files in one batch; reference/openai-platform.md §4
DAYS = (1, 365)  # reference/openai-platform.md §4
SECONDS = (3600, 2_592_000)  # openai 3.54, types/file_create_params.py
CHUNK = (100, 4096)  # tokens; reference/openai-platform.md §4

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")  # types/file_purpose.py

expires_after = record({"anchor": one_of("created_at"), "seconds": integer(*SECONDS)})
file_body = record({"purpose": one_of(*PURPOSES)}, {"expires_after": expires_after})
file_listing = {
    "limit": integer(1, 10_000),
    "order": listing["order"],
    "after": listing["after"],
    "purpose": string(),
}

identifier = string(minimum=1)
plain_value = by_type(
    {str: string(512), int: anything, float: anything, bool: anything}, "a string, number, or boolean"
)
attributes = nullable(mapping(plain_value, keys=string(64), maximum=16))  # reference/openai-platform.md §4


def _half(value: Any, param: str) -> None:
    """The overlap is at most half of the size (reference/openai-platform.md §4)."""
    if value["chunk_overlap_tokens"] * 2 > value["max_chunk_size_tokens"]:
        message = f"'{param}.chunk_overlap_tokens' must not exceed half of 'max_chunk_size_tokens'."
        raise invalid(message, f"{param}.chunk_overlap_tokens", "invalid_value")


_sizes = record({"max_chunk_size_tokens": integer(*CHUNK), "chunk_overlap_tokens": integer(0)})
chunking_strategy = variant(
    {
        "auto": record({"type": anything}),
        "static": record({"type": anything, "static": all_of(_sizes, _half)}),
    }
)
policy = record({"anchor": one_of("last_active_at"), "days": integer(*DAYS)})

store_body = record(
    {},
    {
        "name": nullable(string(256)),
        "description": nullable(string(512)),
        "file_ids": array(identifier, MAX_STORE_FILES),
        "expires_after": nullable(policy),
        "chunking_strategy": chunking_strategy,
        "metadata": metadata,
    },
)
store_changes = record(
    {}, {"name": nullable(string(256)), "expires_after": nullable(policy), "metadata": metadata}
)
attach_body = record({"file_id": identifier}, {"attributes": attributes, "chunking_strategy": chunking_strategy})
attributes_body = record({"attributes": attributes})
batch_body = record(
    {},
    {
        "file_ids": array(identifier, MAX_BATCH, minimum=1),
        "files": array(attach_body, MAX_BATCH, minimum=1),
        "attributes": attributes,
        "chunking_strategy": chunking_strategy,
    },
)
attached_listing = listing | {"filter": one_of("in_progress", "completed", "failed", "cancelled")}


def check_batch(body: Json) -> None:
    """A batch names its files in one way of two (openai 3.54, vector_stores/file_batch_create_params.py)."""
    batch_body(body, "")
    if "file_ids" in body and "files" in body:
        raise invalid("Mutually exclusive parameters: 'file_ids' and 'files'.", "files")
    if "file_ids" not in body and "files" not in body:
        raise missing("file_ids")


search_body = record(
    {"query": by_type({str: string(4096), list: array(string(4096), minimum=1)}, "a string or an array")},
    {
        "filters": nullable(search_filter),
        "max_num_results": integer(1, MAX_RESULTS),
        "ranking_options": record(
            {}, {"ranker": one_of("none", "auto", "default-2024-11-15"), "score_threshold": number(0, 1)}
        ),
        "rewrite_query": boolean,
    },
)

container_body = record(
    {"name": string(minimum=1)},
    {
        "expires_after": record({"anchor": one_of("last_active_at"), "minutes": integer(1)}),
        "file_ids": array(identifier, MAX_CONTAINER_FILES),
        "memory_limit": one_of("1g", "4g", "16g", "64g"),
        "network_policy": network_policy,
    },
)
container_file_body = record({}, {"file_id": identifier})
container_listing = {key: listing[key] for key in ("limit", "order", "after")} | {"name": string()}
container_file_listing = {key: listing[key] for key in ("limit", "order", "after")}

transcription_body = record(
    {"model": identifier},
    {
        "response_format": one_of("json", "text", "srt", "verbose_json", "vtt", "diarized_json"),
        "language": string(),
        "languages": array(string()),
        "keywords": array(string()),
        "prompt": string(),
        "temperature": number(0, 1),
        "stream": one_of("false"),  # the emulator does not stream transcriptions
        "chunking_strategy": anything,
    },
)


def numbered(fields: Json, *paths: str) -> Json:
    """A form's fields, with those at the given paths read as numbers: a form has only strings."""
    read = {key: dict(value) if isinstance(value, dict) else value for key, value in fields.items()}
    for path in paths:
        *before, last = path.split(".")
        place: Any = read
        for key in before:
            place = place.get(key) if isinstance(place, dict) else None
        if isinstance(place, dict) and isinstance(place.get(last), str):
            place[last] = _number(place[last])
    return read


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
