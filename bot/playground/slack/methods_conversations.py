"""conversations.info and conversations.members (docs.slack.dev/reference/methods/conversations.*)."""

import re

from bot.playground.slack.arguments import FLAG, NAME, TEXT, Method, number
from bot.playground.slack.records import Args, CallRefusedError, Channel, Json
from bot.playground.slack.state import READ_SCOPE, Workspace

MEMBERS, MOST_MEMBERS = 100, 1000  # of a page: as many unless said, and at most


def _known(workspace: Workspace, channel_id: str) -> Channel:
    """The conversation, if the token has the scope for its kind."""
    known = workspace.channels.get(channel_id)
    if known is not None:
        workspace.need_scope(READ_SCOPE[known.kind])
    return workspace.readable(channel_id)


def info(workspace: Workspace, args: Args) -> Json:
    """What a conversation is; public ones in which the bot is not are told as well."""
    channel = _known(workspace, args["channel"])
    told = _direct(workspace, channel) if channel.kind == "im" else _channel(workspace, channel)
    if args.get("include_num_members"):
        told["num_members"] = len(channel.members)
    return {"channel": told}


def _direct(workspace: Workspace, channel: Channel) -> Json:
    other = next(user for user in channel.members if user != workspace.bot_user)
    return {
        "id": channel.id,
        "created": int(workspace.clock.time()),
        "is_archived": False,
        "is_im": True,
        "is_org_shared": False,
        "context_team_id": workspace.team,
        "user": other,
        "is_user_deleted": False,
        "is_open": True,
        "priority": 0,
    }


def _channel(workspace: Workspace, channel: Channel) -> Json:
    about = {"value": "", "creator": "", "last_set": 0}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "private",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_general": False,
        "is_archived": channel.archived,
        "is_member": workspace.bot_user in channel.members,
        "is_shared": channel.shared,
        "is_ext_shared": channel.shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "shared_team_ids": [workspace.team],
        "context_team_id": workspace.team,
        "created": int(workspace.clock.time()),
        "creator": next(iter(sorted(channel.members)), ""),
        "unlinked": 0,
        "topic": about,
        "purpose": about,
        "previous_names": [],
    }


def members(workspace: Workspace, args: Args) -> Json:
    """Who is in a conversation, a page at a time."""
    inside = sorted(_known(workspace, args["channel"]).members)
    match = re.fullmatch(r"emulated:(\d+)", args.get("cursor") or "emulated:0")
    if match is None:
        raise CallRefusedError("invalid_cursor")
    end = int(match[1]) + args.get("limit", MEMBERS)
    following = f"emulated:{end}" if end < len(inside) else ""
    return {"members": inside[int(match[1]) : end], "response_metadata": {"next_cursor": following}}


METHODS = {
    "conversations.info": Method(info, {"channel": NAME}, {"include_locale": FLAG, "include_num_members": FLAG}),
    "conversations.members": Method(
        members, {"channel": NAME}, {"cursor": TEXT, "limit": number(1, MOST_MEMBERS)}
    ),
}
