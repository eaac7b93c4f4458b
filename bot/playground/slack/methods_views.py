"""views.open, views.push, views.update: modals (docs.slack.dev/reference/methods/views.*)."""

from bot.playground.slack import views
from bot.playground.slack.arguments import NAME, VIEW, Method
from bot.playground.slack.records import Args, CallRefusedError, Json, Modal
from bot.playground.slack.state import Trigger, Workspace


def _trigger(workspace: Workspace, args: Args) -> Trigger:
    trigger = workspace.triggers.get(args["trigger_id"])
    if trigger is None:
        raise CallRefusedError("invalid_trigger_id")
    if trigger.until <= workspace.clock.monotonic():
        raise CallRefusedError("expired_trigger_id")
    if trigger.used:
        raise CallRefusedError("exchanged_trigger_id")
    return trigger


def open_view(workspace: Workspace, args: Args) -> Json:
    """Open a modal for the person who just acted."""
    trigger = _trigger(workspace, args)
    view = views.accept(workspace, "views.open", args["view"])
    trigger.used = True
    return {"view": views.view_json(workspace, views.show(workspace, trigger.user, view))}


def push_view(workspace: Workspace, args: Args) -> Json:
    """Put a view on top of the modal in which the person just acted."""
    trigger = _trigger(workspace, args)
    below = workspace.views.get(trigger.view or "")
    if below is None or not below.open:
        raise CallRefusedError("invalid_trigger_id")
    pushed = views.push(workspace, below, views.accept(workspace, "views.push", args["view"]))
    trigger.used = True
    return {"view": views.view_json(workspace, pushed)}


def update_view(workspace: Workspace, args: Args) -> Json:
    """Replace an open view; its metadata and external_id too, so they must be said again."""
    modal = _named(workspace, args)
    if args.get("hash", modal.hash) != modal.hash:
        raise CallRefusedError("hash_conflict")
    views.replace(workspace, modal, views.accept(workspace, "views.update", args["view"], modal))
    return {"view": views.view_json(workspace, modal)}


def _named(workspace: Workspace, args: Args) -> Modal:
    """The open view with that view_id or external_id, of which exactly one must be given."""
    if ("view_id" in args) == ("external_id" in args):
        raise CallRefusedError("invalid_arguments", "[ERROR] exactly one of view_id, external_id is required")
    for modal in workspace.modals:
        if modal.id == args.get("view_id") or modal.view.get("external_id", "") == args.get("external_id"):
            return modal
    raise CallRefusedError("not_found")


_OPEN = {"trigger_id": NAME, "view": VIEW}
METHODS = {
    "views.open": Method(open_view, _OPEN),
    "views.push": Method(push_view, _OPEN),
    "views.update": Method(update_view, {"view": VIEW}, {"view_id": NAME, "external_id": NAME, "hash": NAME}),
}
