"""What Slack tells the app when people use its message shortcuts and slash commands.

Both exist only for people of the installing workspace (slack-platform.md §7.4), and need the scope `commands`
and an entry in the manifest. Shapes: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload,
docs.slack.dev/interactivity/implementing-slash-commands.
"""

from bot.playground.slack import response_urls
from bot.playground.slack.interactions import base
from bot.playground.slack.payloads import message_json
from bot.playground.slack.records import CallRefusedError, Channel, Json, Person
from bot.playground.slack.state import Workspace

_NAMES = {"im": "directmessage", "private": "privategroup"}  # what `channel_name` says where names are not told


def message_action(workspace: Workspace, callback_id: str, channel: Channel, ts: str, user: str) -> Json:
    """The payload of a shortcut on a message; LookupError if its menu does not offer that."""
    _offered(workspace, callback_id, workspace.shortcuts, channel, user)
    message = channel.messages[ts]
    return {
        **base(workspace, "message_action", user),
        "action_ts": workspace.next_ts(),
        "callback_id": callback_id,
        "message_ts": ts,
        "message": message_json(workspace, channel, message),
        "channel": {"id": channel.id, "name": _NAMES.get(channel.kind, channel.name)},
        "trigger_id": workspace.new_trigger(user),
        "response_url": workspace.new_response_url(channel.id, "", user),
    }


def slash_command(workspace: Workspace, command: str, text: str, channel: Channel, user: str) -> Json:
    """The payload of a command; there is none in threads. LookupError if Slack does not know it."""
    person = _offered(workspace, command, workspace.slash_commands, channel, user)
    return {
        "token": "deprecated",
        "team_id": workspace.team,
        "team_domain": "emulated",
        "channel_id": channel.id,
        "channel_name": _NAMES.get(channel.kind, channel.name),
        "user_id": user,
        "user_name": person.name,
        "command": command,
        "text": text.strip(),
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": workspace.new_response_url(channel.id, "", user),
        "trigger_id": workspace.new_trigger(user),
    }


def _offered(workspace: Workspace, name: str, known: set[str] | None, channel: Channel, user: str) -> Person:
    person = workspace.people[user]
    if "commands" not in workspace.scopes or (known is not None and name not in known):
        raise LookupError(f"the app has no {name!r}")
    if person.team != workspace.team or user not in channel.members:
        raise LookupError(f"{user} is not offered {name!r} in {channel.id}")
    workspace.scopes_used.add("commands")
    return person


def answered(workspace: Workspace, payload: Json, answer: Json | None) -> bool:
    """Say what the ack of a command says; False if Slack would not understand it."""
    if not answer:
        return True
    key = str(payload["response_url"]).rpartition("/")[2]
    try:
        args = response_urls.METHOD.read({**answer, "key": key})
        response_urls.say(workspace, workspace.response_urls[key], args)
    except CallRefusedError as refusal:
        details = refusal.more.get("response_metadata", {}).get("messages", [])
        workspace.broken_acks.append("; ".join([refusal.error, *details]))
        return False
    return True
