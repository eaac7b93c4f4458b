"""Everything that is neither chat.* nor views.*: identity, sessions and statuses, reading, reactions."""

import re

from bot.playground.slack.arguments import FLAG, LIST, NAME, TEXT, Arg, Method, enum, number
from bot.playground.slack.methods_stream import SESSION_STATUSES
from bot.playground.slack.payloads import message_json
from bot.playground.slack.records import (
    HISTORY_SCOPE,
    TS,
    Args,
    CallRefusedError,
    Json,
    Message,
    Person,
    Prompts,
)
from bot.playground.slack.schema import array, problems_of, record, string
from bot.playground.slack.state import WORKSPACE_URL, Workspace

MOST_REPLIES = 1000  # conversations.replies, docs.slack.dev/reference/methods/conversations.replies
MOST_PROMPTS = 4  # slack-platform.md §1.5
TITLE_CHARS = 200  # of a session, slack-platform.md §1.5
_REACTION = re.compile(r"[a-z0-9_+'-]{1,100}")
_PROMPTS = array(record({"title": string(), "message": string()}), MOST_PROMPTS)
_LOADING = array(string(), 10)  # loading_messages, slack-platform.md §1.5


def auth_test(workspace: Workspace, _args: Args) -> Json:
    """Who the token speaks for."""
    return {
        "url": WORKSPACE_URL,
        "team": "Emulated",
        "user": workspace.people[workspace.bot_user].name,
        "team_id": workspace.team,
        "user_id": workspace.bot_user,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def set_session_status(workspace: Workspace, args: Args) -> Json:
    """Give a session one of its four statuses (slack-platform.md §1.5)."""
    if not workspace.agent:
        raise CallRefusedError("not_authorized")
    channel = workspace.writable(args["channel_id"])
    workspace.root_of(channel, args["thread_ts"], "invalid_thread_ts")
    if "initiator_user_id" in args and args["initiator_user_id"] not in channel.members:
        raise CallRefusedError("invalid_arguments", "[ERROR] must be a member [json-pointer:/initiator_user_id]")
    thread = (channel.id, args["thread_ts"])
    session = workspace.set_session(thread, args["status"], args.get("title"))
    answer: Json = {"status": session.status, "agent_status": session.status, "title": session.title or ""}
    if "agent_session_stopped" not in workspace.subscribed:
        warning = "missing_agent_session_stopped_event_subscription"
        answer["response_metadata"] = {"warnings": [warning]}
    return answer


def set_thread_status(workspace: Workspace, args: Args) -> Json:
    """Show a sentence below the thread; bridged to the session: some text means processing, none active."""
    channel = workspace.writable(args["channel_id"])
    workspace.root_of(channel, args["thread_ts"], "invalid_thread_ts")
    if wrong := problems_of(_LOADING, args.get("loading_messages", ["-"]), "/loading_messages"):
        raise CallRefusedError("invalid_arguments", *wrong)
    thread = (channel.id, args["thread_ts"])
    workspace.set_status_text(thread, args["status"])
    if workspace.agent:
        workspace.set_session(thread, "processing" if args["status"] else "active")
    return {}


def set_prompts(workspace: Workspace, args: Args) -> Json:
    """Offer up to four prompts in a DM or thread."""
    channel = workspace.writable(args["channel_id"])
    if "thread_ts" in args:
        workspace.root_of(channel, args["thread_ts"], "invalid_thread_ts")
    if wrong := problems_of(_PROMPTS, args["prompts"], "/prompts"):
        raise CallRefusedError("invalid_arguments", *wrong)
    prompts = Prompts(args.get("title"), args["prompts"], args.get("thread_ts"))
    workspace.suggested[channel.id] = prompts
    return {}


def replies(workspace: Workspace, args: Args) -> Json:
    """A thread's messages, oldest first, its root at the head of every page."""
    known = workspace.channels.get(args["channel"])
    if known is not None:
        workspace.need_scope(HISTORY_SCOPE[known.kind])
    channel = workspace.channel_of(args["channel"])
    _check_bounds(args)
    start = channel.messages.get(args["ts"])
    root = channel.messages.get(start.root) if start else None
    if root is None:
        raise CallRefusedError("thread_not_found")
    inside = [m for m in channel.messages.values() if m.root == root.ts and m is not root and _within(m, args)]
    offset, limit = _offset(args), args.get("limit", MOST_REPLIES)
    page = [root, *inside[offset : offset + limit]]
    more = offset + limit < len(inside)
    messages = [message_json(workspace, channel, m) for m in page]
    if not args.get("include_all_metadata"):
        messages = [{key: value for key, value in m.items() if key != "metadata"} for m in messages]
    answer: Json = {"messages": messages, "has_more": more}
    if more:
        answer["response_metadata"] = {"next_cursor": f"emulated:{offset + limit}"}
    return answer


def _check_bounds(args: Args) -> None:
    for name in ("oldest", "latest"):
        if not re.fullmatch(r"\d+(\.\d+)?", args.get(name, "0")):
            raise CallRefusedError(f"invalid_ts_{name}")


def _offset(args: Args) -> int:
    match = re.fullmatch(r"emulated:(\d+)", args.get("cursor") or "emulated:0")
    if match is None:
        raise CallRefusedError("invalid_cursor")
    return int(match[1])


def _within(message: Message, args: Args) -> bool:
    """Between `oldest` and `latest`, which are themselves outside unless `inclusive`."""
    ts, oldest, latest = _moment(message.ts), args.get("oldest", "0"), args.get("latest", "9" * 12)
    if args.get("inclusive"):
        return _moment(oldest) <= ts <= _moment(latest)
    return _moment(oldest) < ts < _moment(latest)


def _moment(ts: str) -> tuple[int, int]:
    seconds, _, fraction = ts.partition(".")
    return int(seconds), int(fraction.ljust(6, "0")[:6])


def user_info(workspace: Workspace, args: Args) -> Json:
    """Who somebody is."""
    person = workspace.people.get(args["user"])
    if person is None:
        raise CallRefusedError("user_not_found")
    user = _user(workspace, person)
    if args.get("include_locale"):
        user["locale"] = person.locale
    return {"user": user}


def _user(workspace: Workspace, person: Person) -> Json:
    profile = {
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.display_name,
        "display_name_normalized": person.display_name,
        "team": person.team,
    }
    user: Json = {
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "real_name": person.name,
        "deleted": False,
        "tz": "Etc/UTC",
        "profile": profile,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "is_restricted": person.guest,
        "is_ultra_restricted": False,
        "is_stranger": person.team != workspace.team,
    }
    if person.enterprise:
        user["enterprise_user"] = {"id": person.id, "enterprise_id": person.enterprise, "teams": [person.team]}
    return user


def _reacted(workspace: Workspace, args: Args) -> Message:
    if not _REACTION.fullmatch(args["name"]):
        raise CallRefusedError("invalid_name")
    if not TS.fullmatch(args["timestamp"]):
        raise CallRefusedError("bad_timestamp")
    message = workspace.channel_of(args["channel"]).messages.get(args["timestamp"])
    if message is None:
        raise CallRefusedError("message_not_found")
    return message


def add_reaction(workspace: Workspace, args: Args) -> Json:
    """Put an emoji under a message."""
    users = _reacted(workspace, args).reactions.setdefault(args["name"], set())
    if workspace.bot_user in users:
        raise CallRefusedError("already_reacted")
    users.add(workspace.bot_user)
    return {}


def remove_reaction(workspace: Workspace, args: Args) -> Json:
    """Take our emoji back."""
    message = _reacted(workspace, args)
    users = message.reactions.get(args["name"], set())
    if workspace.bot_user not in users:
        raise CallRefusedError("no_reaction")
    users.remove(workspace.bot_user)
    if not users:
        del message.reactions[args["name"]]
    return {}


_THREAD = {"channel_id": NAME, "thread_ts": NAME}
_EMOJI = {"channel": NAME, "name": NAME, "timestamp": NAME}
METHODS = {
    "auth.test": Method(auth_test),
    "agents.sessions.setStatus": Method(
        set_session_status,
        {**_THREAD, "status": enum(*SESSION_STATUSES)},
        {"title": Arg(string(TITLE_CHARS)), "initiator_user_id": NAME},
        "chat:write",
    ),
    "assistant.threads.setStatus": Method(
        set_thread_status, {**_THREAD, "status": TEXT}, {"loading_messages": LIST}, "chat:write"
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        set_prompts,
        {"channel_id": NAME, "prompts": LIST},
        {"thread_ts": NAME, "title": NAME},
        "assistant:write",
    ),
    "conversations.replies": Method(
        replies,
        {"channel": NAME, "ts": NAME},
        {
            "cursor": TEXT,
            "inclusive": FLAG,
            "include_all_metadata": FLAG,
            "latest": TEXT,
            "oldest": TEXT,
            "limit": number(1, MOST_REPLIES),
        },
    ),
    "users.info": Method(user_info, {"user": NAME}, {"include_locale": FLAG}, "users:read"),
    "reactions.add": Method(add_reaction, _EMOJI, {}, "reactions:write"),
    "reactions.remove": Method(remove_reaction, _EMOJI, {}, "reactions:write"),
}
