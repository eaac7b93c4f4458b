"""Which addresses the emulated API has, and what answers there."""

from bot.playground.openai import items
from bot.playground.openai.api import Answer, Api
from bot.playground.openai.calls import Call
from bot.playground.openai.errors import ApiError, invalid_url
from bot.playground.openai.file_routes import FILE_ROUTES
from bot.playground.openai.run import Replay
from bot.playground.openai.script import Json
from bot.playground.openai.validation import known_model, listing, retrieving

PREFIX = "/v1"


def _add_items(api: Api, call: Call) -> Json:
    call.parameters({})
    return api.conversations.add_items(call.ids[0], call.body, call.include())


def _list_items(api: Api, call: Call) -> Json:
    return api.conversations.list_items(call.ids[0], call.parameters(listing), call.include())


def _get_item(api: Api, call: Call) -> Json:
    call.parameters({})
    return api.conversations.item(call.ids[0], call.ids[1], call.include())


def _retrieve(api: Api, call: Call) -> Json | Replay:
    asked, include = call.parameters(retrieving), call.include()
    if not asked.get("stream"):
        return items.view(api.responses.find(call.ids[0]).response, include)
    run = api.responses.replay(call.ids[0])
    return Replay(run, asked.get("starting_after", -1), asked.get("include_obfuscation", True))


def _models(api: Api, call: Call) -> Json:
    return {"object": "list", "data": [model.body() for model in api.models.values()]}


ROUTES: dict[str, Answer] = {
    "POST /conversations": lambda api, call: api.conversations.create(call.body),
    "GET /conversations/{id}": lambda api, call: api.conversations.find(call.ids[0]).body(),
    "POST /conversations/{id}": lambda api, call: api.conversations.update(call.ids[0], call.body),
    "DELETE /conversations/{id}": lambda api, call: api.conversations.delete(call.ids[0]),
    "POST /conversations/{id}/items": _add_items,
    "GET /conversations/{id}/items": _list_items,
    "GET /conversations/{id}/items/{item_id}": _get_item,
    "DELETE /conversations/{id}/items/{item_id}": lambda api, call: api.conversations.delete_item(*call.ids),
    "POST /responses": lambda api, call: api.responses.create(call.body),
    "POST /responses/input_tokens": lambda api, call: api.responses.input_tokens(call.body),
    "POST /responses/{id}/cancel": lambda api, call: api.responses.cancel(call.ids[0]),
    "GET /responses/{id}": _retrieve,
    "DELETE /responses/{id}": lambda api, call: api.responses.delete(call.ids[0]),
    "GET /models": _models,
    "GET /models/{id}": lambda api, call: known_model(call.ids[0], api.models).body(),
    **FILE_ROUTES,
}


def find(method: str, path: str) -> tuple[str, tuple[str, ...]]:
    """The name of the call at that address, and the ids in it; 404 or 405 (UNVERIFIED) when there is none."""
    elsewhere = False
    for name in ROUTES:
        wanted, template = name.split(" ")
        ids = _matched(PREFIX + template, path)
        if ids is not None and wanted == method:
            return name, ids
        elsewhere = elsewhere or ids is not None
    if elsewhere:
        raise ApiError(405, f"Not allowed to {method} on {path}.")
    raise invalid_url(method, path)


def _matched(template: str, path: str) -> tuple[str, ...] | None:
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    pairs = list(zip(wanted, given, strict=True))
    if any(want != got and not want.startswith("{") for want, got in pairs):
        return None
    return tuple(got for want, got in pairs if want.startswith("{"))
