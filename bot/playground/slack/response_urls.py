"""response_url: answering a press, a shortcut or a command, below the message or instead of it.

docs.slack.dev/interactivity/handling-user-interaction: "up to 5 times within 30 minutes"; what comes after
(404, `expired_url` or `used_url`) is third-party report.
"""

from bot.playground.slack import methods_chat
from bot.playground.slack.arguments import FLAG, LIST, METADATA, NAME, TEXT, Method, enum
from bot.playground.slack.records import Args, CallRefusedError, Ephemeral, Json
from bot.playground.slack.state import ResponseUrl, Workspace

GONE = ("expired_url", "used_url")  # answered with 404
_CONTENT = ("text", "blocks")
_POST = (*_CONTENT, "thread_ts", "unfurl_links", "unfurl_media", "metadata")


def respond(workspace: Workspace, args: Args) -> Json:
    """Do what a POST to the response_url with that `key` asks for."""
    url = workspace.response_urls.get(args["key"])
    if url is None or url.until <= workspace.clock.monotonic():
        raise CallRefusedError("expired_url")
    if url.left == 0:
        raise CallRefusedError("used_url")
    say(workspace, url, args)
    url.left -= 1
    return {}


def say(workspace: Workspace, url: ResponseUrl, args: Args) -> None:
    """Do it; the app need not be in the channel. The first answer to a shortcut or command becomes its own."""
    channel = workspace.channels[url.channel]
    if channel.archived:
        raise CallRefusedError("is_archived")
    told = next((e for e in workspace.ephemerals if (e.channel, e.ts) == (url.channel, url.ts)), None)
    original = {"channel": url.channel, "ts": url.ts}
    if args.get("delete_original"):
        if told is not None:
            workspace.ephemerals.remove(told)
        else:
            methods_chat.delete(workspace, original)
    elif args.get("replace_original"):
        if told is not None:
            _rewrite(workspace, told, args)
        else:
            methods_chat.update(workspace, original | _of(args, _CONTENT))
    elif args.get("response_type") == "in_channel":
        answer = methods_chat.say(workspace, channel, {"channel": url.channel, **_of(args, _POST)})
        url.ts = url.ts or answer["ts"]
    else:
        where = {"channel": url.channel, "user": url.user}
        answer = methods_chat.tell(workspace, channel, where | _of(args, (*_CONTENT, "thread_ts")))
        url.ts = url.ts or answer["message_ts"]


def _rewrite(workspace: Workspace, told: Ephemeral, args: Args) -> None:
    content = {"channel": told.channel, **_of(args, _CONTENT)}
    told.text, told.blocks = methods_chat.content_of(workspace, "response_url", content)


def _of(args: Args, names: tuple[str, ...]) -> Json:
    return {name: args[name] for name in names if name in args}


METHOD = Method(
    respond,
    {"key": NAME},
    {
        "text": TEXT,
        "blocks": LIST,
        "replace_original": FLAG,
        "delete_original": FLAG,
        "response_type": enum("ephemeral", "in_channel"),
        "thread_ts": NAME,
        "unfurl_links": FLAG,
        "unfurl_media": FLAG,
        "metadata": METADATA,
    },
)
