"""What Slack tells the app when people press buttons and fill in modals.

Shapes: docs.slack.dev/reference/interaction-payloads.
"""

from collections.abc import Sequence

from bot.playground.slack.forms import STATEFUL, elements, entered, option
from bot.playground.slack.payloads import blocks_of, message_json
from bot.playground.slack.records import Channel, Ephemeral, Json, Message, Modal
from bot.playground.slack.state import Workspace
from bot.playground.slack.views import view_json


def find_element(blocks: Sequence[Json], action_id: str, value: object = None) -> tuple[Json, Json]:
    """The block and the element with that action_id; LookupError if nothing of it can be pressed.

    Several buttons may share an action_id (in a list, one per entry): then it is the one of that value.
    What is entered in an `input` block is not told before it is submitted, unless it has `dispatch_action`.
    """
    found = [
        (block, element)
        for block, element in elements(blocks)
        if element.get("action_id") == action_id and (block["type"] != "input" or block.get("dispatch_action"))
    ]
    if not found:
        raise LookupError(f"nothing with action_id {action_id!r} can be pressed")
    return next((pair for pair in found if value is not None and pair[1].get("value") == value), found[0])


def base(workspace: Workspace, kind: str, user: str) -> Json:
    """What every interaction says: who did it, where the app is installed."""
    person = workspace.people[user]
    return {
        "type": kind,
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team},
        "api_app_id": workspace.app_id,
        "token": "deprecated",
        "team": {"id": workspace.team, "domain": "emulated"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _action(workspace: Workspace, block: Json, element: Json, value: object) -> Json:
    """One entry of `actions`: what was pressed, and what of it was picked."""
    base = {
        "action_id": element["action_id"],
        "block_id": block.get("block_id", "b1"),
        "type": element["type"],
        "action_ts": workspace.next_ts(),
    }
    if element["type"] in STATEFUL:
        return {**base, **entered(element, value)}
    if element["type"] == "overflow":
        return {**base, "selected_option": option(element, value)}
    choices = [element[name] for name in ("positive_button", "negative_button") if name in element] or [element]
    wanted = [choice for choice in choices if value in (None, choice.get("value"))]
    if not wanted:
        raise LookupError(f"{element['action_id']!r} does not offer {value!r}")
    return {**base, **{key: wanted[0][key] for key in ("text", "value") if key in wanted[0]}}


def on_message(
    workspace: Workspace, channel: Channel, message: Message, user: str, action_id: str, value: object
) -> Json:
    """The payload of a press on a message's button."""
    pressed = find_element(blocks_of(message), action_id, value)
    shown = {"message": message_json(workspace, channel, message)}
    return {
        **base(workspace, "block_actions", user),
        **_where(workspace, channel, message.ts, message.thread_ts, user, ephemeral=False),
        **shown,
        "actions": [_action(workspace, *pressed, value)],
    }


def on_ephemeral(workspace: Workspace, told: Ephemeral, action_id: str, value: object) -> Json:
    """The payload of a press on a button that one person sees: it has no `message`.

    Recorded shape: slackapi/java-slack-sdk#1200 (`container` with `is_ephemeral` and `thread_ts`).
    """
    pressed = find_element(told.blocks, action_id, value)
    channel = workspace.channels[told.channel]
    return {
        **base(workspace, "block_actions", told.user),
        **_where(workspace, channel, told.ts, told.thread_ts, told.user, ephemeral=True),
        "actions": [_action(workspace, *pressed, value)],
    }


def _where(
    workspace: Workspace, channel: Channel, ts: str, thread_ts: str | None, user: str, *, ephemeral: bool
) -> Json:
    container: Json = {
        "type": "message",
        "message_ts": ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if thread_ts:
        container["thread_ts"] = thread_ts
    return {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": {}},
        "trigger_id": workspace.new_trigger(user),
        "response_url": workspace.new_response_url(channel.id, ts, user),
    }


def on_view(workspace: Workspace, modal: Modal, action_id: str, value: object) -> Json:
    """The payload of a press in a modal: about the view, and about no message or channel.

    What was picked is in the view's state already.
    """
    block, element = find_element(modal.blocks, action_id, value)
    action = _action(workspace, block, element, value)
    if element["type"] in STATEFUL:
        modal.values[block["block_id"]][action_id] = entered(element, value)
    return {
        **base(workspace, "block_actions", modal.user),
        "container": {"type": "view", "view_id": modal.id},
        "trigger_id": workspace.new_trigger(modal.user, modal.id),
        "view": view_json(workspace, modal),
        "actions": [action],
    }


def view_submission(workspace: Workspace, modal: Modal) -> Json:
    """The payload of a submitted modal."""
    return {
        **base(workspace, "view_submission", modal.user),
        "trigger_id": workspace.new_trigger(modal.user, modal.id),
        "view": view_json(workspace, modal),
        "response_urls": [],
    }


def view_closed(workspace: Workspace, modal: Modal, *, is_cleared: bool) -> Json:
    """The payload of a closed modal; what was entered is not in it, nor a trigger_id."""
    view = {**view_json(workspace, modal), "state": {"values": {}}}
    return {**base(workspace, "view_closed", modal.user), "view": view, "is_cleared": is_cleared}
