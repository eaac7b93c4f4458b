"""Addresses of files, vector stores, containers and recordings, and what answers there."""

from typing import Any

from bot.playground.openai import file_schema
from bot.playground.openai.api import Answer, Api
from bot.playground.openai.calls import Call, Content
from bot.playground.openai.file_schema import attached_listing
from bot.playground.openai.script import Json
from bot.playground.openai.validation import listing


def _files(api: Api, call: Call) -> Json:
    return api.holdings.files.page(call.parameters(file_schema.file_listing))


def _stores(api: Api, call: Call) -> Json:
    return api.holdings.stores.page(call.parameters(listing))


def _attached(api: Api, call: Call) -> Json:
    return api.holdings.attaching.page(call.ids[0], call.parameters(attached_listing))


def _batch_files(api: Api, call: Call) -> Json:
    store, batch = call.ids
    return api.holdings.attaching.page_batch(store, batch, call.parameters(attached_listing))


def _containers(api: Api, call: Call) -> Json:
    return api.holdings.containers.page(call.parameters(file_schema.container_listing))


def _container_files(api: Api, call: Call) -> Json:
    known: dict[str, Any] = file_schema.container_file_listing
    return api.holdings.containers.list_files(call.ids[0], call.parameters(known))


def _transcription(api: Api, call: Call) -> Json | Content:
    return api.recordings.transcribe(call.body, call.upload)


def _add_container_file(api: Api, call: Call) -> Json:
    return api.holdings.containers.add_file(call.ids[0], call.body, call.upload)


FILES: dict[str, Answer] = {
    "POST /files": lambda api, call: api.holdings.files.create(call.body, call.upload),
    "GET /files": _files,
    "GET /files/{id}": lambda api, call: api.holdings.files.find(call.ids[0]).body(),
    "GET /files/{id}/content": lambda api, call: api.holdings.files.content(call.ids[0]),
    "DELETE /files/{id}": lambda api, call: api.holdings.files.delete(call.ids[0]),
    "POST /audio/transcriptions": _transcription,
}

STORE = "/vector_stores/{id}"
STORES: dict[str, Answer] = {
    "POST /vector_stores": lambda api, call: api.holdings.attaching.create_store(call.body),
    "GET /vector_stores": _stores,
    f"GET {STORE}": lambda api, call: api.holdings.stores.find(call.ids[0]).body(),
    f"POST {STORE}": lambda api, call: api.holdings.stores.update(call.ids[0], call.body),
    f"DELETE {STORE}": lambda api, call: api.holdings.stores.delete(call.ids[0]),
    f"POST {STORE}/search": lambda api, call: api.holdings.stores.search_call(call.ids[0], call.body),
    f"POST {STORE}/files": lambda api, call: api.holdings.attaching.attach(call.ids[0], call.body),
    f"GET {STORE}/files": _attached,
    f"GET {STORE}/files/{{file_id}}": lambda api, call: api.holdings.attaching.find(*call.ids).body(),
    f"POST {STORE}/files/{{file_id}}": lambda api, call: api.holdings.attaching.update(
        call.ids[0], call.ids[1], call.body
    ),
    f"DELETE {STORE}/files/{{file_id}}": lambda api, call: api.holdings.attaching.detach(*call.ids),
    f"GET {STORE}/files/{{file_id}}/content": lambda api, call: api.holdings.attaching.content(*call.ids),
    f"POST {STORE}/file_batches": lambda api, call: api.holdings.attaching.batch(call.ids[0], call.body),
    f"GET {STORE}/file_batches/{{batch_id}}": lambda api, call: api.holdings.attaching.find_batch(
        *call.ids
    ).body(),
    f"GET {STORE}/file_batches/{{batch_id}}/files": _batch_files,
}

CONTAINER = "/containers/{id}"
CONTAINERS: dict[str, Answer] = {
    "POST /containers": lambda api, call: api.holdings.containers.create(call.body),
    "GET /containers": _containers,
    f"GET {CONTAINER}": lambda api, call: api.holdings.containers.find(call.ids[0]).body(),
    f"DELETE {CONTAINER}": lambda api, call: api.holdings.containers.delete(call.ids[0]),
    f"POST {CONTAINER}/files": _add_container_file,
    f"GET {CONTAINER}/files": _container_files,
    f"GET {CONTAINER}/files/{{file_id}}": lambda api, call: api.holdings.containers.file(*call.ids).body(),
    f"GET {CONTAINER}/files/{{file_id}}/content": lambda api, call: api.holdings.containers.content(*call.ids),
    f"DELETE {CONTAINER}/files/{{file_id}}": lambda api, call: api.holdings.containers.delete_file(*call.ids),
}

FILE_ROUTES = FILES | STORES | CONTAINERS
