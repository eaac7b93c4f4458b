"""The modals of a workspace: who sees which, how they lie on each other, how they change and close.

Rules: docs.slack.dev/surfaces/modals, docs.slack.dev/reference/views/modal-views, .../methods/views.*.
"""

import json
from typing import Any

from bot.playground.slack.blocks import view_problems
from bot.playground.slack.forms import first_values, with_ids
from bot.playground.slack.pictures import picture_problems
from bot.playground.slack.records import CallRefusedError, Json, Modal
from bot.playground.slack.state import Workspace

VIEW_BYTES = 250_000  # "greater than 250kb" (methods/views.open); counted as ASCII JSON, the most it can mean
MOST_STACKED = 3  # "limited to pushing 2 additional views" (methods/views.push)


def accept(workspace: Workspace, method: str, view: Any, replaced: Modal | None = None) -> Json:
    """A view that may be shown, with ids for all its blocks, or why Slack refuses it.

    An external_id counts as used for ever, closed views included: docs say "unique for all views on a team".
    """
    if wrong := view_problems(view) or picture_problems(workspace, view["blocks"], "/view/blocks"):
        raise CallRefusedError("invalid_arguments", *wrong)
    if len(json.dumps(view, separators=(",", ":"))) > VIEW_BYTES:
        raise CallRefusedError("view_too_large")
    external = view.get("external_id")
    others = [modal for modal in workspace.views.values() if modal is not replaced]
    if external and any(modal.view.get("external_id") == external for modal in others):
        raise CallRefusedError("duplicate_external_id")
    workspace.refuse_mentions(method, "", [], view["blocks"])
    return {**view, "blocks": with_ids(view["blocks"], workspace.new_id)}


def show(workspace: Workspace, user: str, view: Json, below: Modal | None = None) -> Modal:
    """Put an accepted view before that person, on top of another one if there is one below."""
    name = workspace.new_id("V")
    values = first_values(view["blocks"], {})
    root, previous = (below.root_id, below.id) if below else (name, None)
    modal = Modal(name, user, view, root, previous, _new_hash(workspace), values)
    workspace.views[name] = modal
    return modal


def replace(workspace: Workspace, modal: Modal, view: Json) -> None:
    """Show an accepted view instead; what was entered in the same blocks and elements stays."""
    modal.values = first_values(view["blocks"], modal.values)
    modal.view, modal.hash, modal.errors = view, _new_hash(workspace), {}


def push(workspace: Workspace, below: Modal, view: Json) -> Modal:
    """Put an accepted view on top of that stack, or `push_limit_reached`."""
    lying = stack(workspace, below)
    if len(lying) >= MOST_STACKED:
        raise CallRefusedError("push_limit_reached")
    return show(workspace, below.user, view, lying[-1])


def stack(workspace: Workspace, modal: Modal) -> list[Modal]:
    """The open views that lie on each other with that one, the visible one last."""
    return [other for other in workspace.modals if other.root_id == modal.root_id]


def in_front(workspace: Workspace, view_id: str, user: str) -> Modal:
    """The view of that id; LookupError unless that person sees it now."""
    modal = workspace.views.get(view_id)
    if modal is None or modal.user != user or not modal.open or stack(workspace, modal)[-1] is not modal:
        raise LookupError(f"{user} does not see a view {view_id}")
    return modal


def close(workspace: Workspace, modal: Modal, *, all_views: bool = False) -> None:
    """Take that view away, or its whole stack."""
    for closing in stack(workspace, modal) if all_views else [modal]:
        closing.open = False


def view_json(workspace: Workspace, modal: Modal) -> Json:
    """A view as answers and payloads carry it."""
    view = modal.view
    return {
        "id": modal.id,
        "team_id": workspace.team,
        "type": "modal",
        "title": view["title"],
        "submit": view.get("submit"),
        "close": view.get("close"),
        "blocks": view["blocks"],
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "external_id": view.get("external_id", ""),
        "state": {"values": modal.values},
        "hash": modal.hash,
        "clear_on_close": view.get("clear_on_close", False),
        "notify_on_close": view.get("notify_on_close", False),
        "root_view_id": modal.root_id,
        "previous_view_id": modal.previous_id,
        "app_id": workspace.app_id,
        "app_installed_team_id": workspace.team,
        "bot_id": workspace.bot_id,
    }


def answered(workspace: Workspace, modal: Modal, answer: Json | None) -> bool:
    """Do what the ack of a submission says; False, and the modal stays, if Slack would not understand it.

    docs.slack.dev/surfaces/modals: an empty ack closes the view, `response_action` says otherwise.
    """
    try:
        _follow(workspace, modal, answer or {})
    except CallRefusedError as refusal:
        details = refusal.more.get("response_metadata", {}).get("messages", [])
        workspace.broken_acks.append("; ".join([refusal.error, *details]))
        return False
    return True


def _follow(workspace: Workspace, modal: Modal, answer: Json) -> None:
    action = answer.get("response_action")
    if not answer or answer == {"response_action": "clear"}:
        close(workspace, modal, all_views=action == "clear")
    elif action == "errors" and answer.keys() == {"response_action", "errors"}:
        modal.errors = _errors(modal, answer["errors"])
    elif action == "update" and answer.keys() == {"response_action", "view"}:
        replace(workspace, modal, accept(workspace, "response_action", answer["view"], modal))
    elif action == "push" and answer.keys() == {"response_action", "view"}:
        push(workspace, modal, accept(workspace, "response_action", answer["view"]))
    else:
        raise CallRefusedError("invalid_arguments", f"not an answer to view_submission: {sorted(answer)}")


def _errors(modal: Modal, errors: object) -> dict[str, str]:
    """Sentences by block_id; only input blocks show them."""
    inputs = {block["block_id"] for block in modal.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise CallRefusedError("invalid_arguments", "errors must name input blocks of the view")
    if not all(isinstance(sentence, str) and sentence for sentence in errors.values()):
        raise CallRefusedError("invalid_arguments", "errors must be sentences")
    return dict(errors)


def _new_hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock.time())}.{workspace.new_id('h')[-8:]}"
