"""Payloads about people's files -> what they say: shortcuts, the command, the modal, sharing of channels. Pure."""

from dataclasses import dataclass

from bot.attachments.listing import Listing, place_ids
from bot.files.slack_file import files_of, parse_file
from handlers.parse import Ignored, Payload, installed_team, pressed_action, presser
from storage.file_records import NewLibraryChange

COMMAND_FILES = "files"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Somebody used a shortcut on a message."""

    team: str
    channel: str
    thread_ts: str
    message_ts: str
    in_thread: bool  # the message is an answer in it
    author: str
    user: str
    external: bool
    files: tuple[str, ...]  # Slack's ids
    trigger_id: str

    def change(self, *, adds: bool) -> NewLibraryChange:
        """What it means for the library."""
        return NewLibraryChange(
            self.team, self.channel, self.thread_ts, self.message_ts, self.author, self.user, adds, self.files
        )

    @property
    def listing(self) -> Listing:
        """The files of its thread."""
        return Listing(self.team, self.channel, self.user, self.thread_ts)


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody typed our command and `files`."""

    listing: Listing
    trigger_id: str


@dataclass(frozen=True, slots=True)
class PressedInFiles:
    """Somebody pressed a button in the modal of files; what the modal says of itself is not checked yet."""

    team: str
    user: str
    external: bool
    view_id: str
    listing: Listing  # the page to be shown now
    places: frozenset[int]  # those to be removed


@dataclass(frozen=True, slots=True)
class Sharing:
    """A channel is shared with another organisation now, or is not any more."""

    team: str
    channel: str
    shared: bool


def parse_shortcut(body: Payload) -> Chosen | Ignored:
    """Read the body of a `message_action` payload (docs.slack.dev/interactivity/implementing-shortcuts)."""
    team, user, external = presser(body)
    message, channel = body.get("message") or {}, (body.get("channel") or {}).get("id")
    ts = body.get("message_ts") or message.get("ts")
    if not channel or not ts or not user:
        return Ignored("a shortcut on no message")
    thread_ts = message.get("thread_ts") or ts
    ids = (parse_file(file).id for file in files_of(message))
    return Chosen(
        team=team,
        channel=str(channel),
        thread_ts=str(thread_ts),
        message_ts=str(ts),
        in_thread=thread_ts != ts,
        author=str(message.get("user") or message.get("bot_id") or ""),
        user=user,
        external=external,
        files=tuple(dict.fromkeys(id_ for id_ in ids if id_)),
        trigger_id=str(body.get("trigger_id") or ""),
    )


def asks_for_files(body: Payload) -> bool:
    """Whether what was typed behind our command is `files`."""
    return str(body.get("text") or "").strip().lower() == COMMAND_FILES


def parse_command(body: Payload) -> Typed | Ignored:
    """Read the body of our command, which exists for people of the installing workspace only (§7.4)."""
    team, channel, user = (str(body.get(name) or "") for name in ("team_id", "channel_id", "user_id"))
    if not channel or not user or not asks_for_files(body):
        return Ignored("nothing that the command can do")
    return Typed(Listing(team, channel, user), str(body.get("trigger_id") or ""))


def parse_files_press(body: Payload) -> PressedInFiles | Ignored:
    """Read the body of a `block_actions` payload from the modal of files."""
    view, (team, user, external) = body.get("view") or {}, presser(body)
    listing = Listing.read(str(view.get("private_metadata") or ""))
    if listing is None or not view.get("id") or not user:
        return Ignored("no modal of files")
    action = pressed_action(body)
    places = place_ids(str(action.get("value") or ""))
    turned = listing.turned(str(action.get("action_id")))
    return PressedInFiles(team, user, external, str(view["id"]), turned, places)


def parse_sharing(body: Payload) -> Sharing | Ignored:
    """Read the body of a `channel_shared` or `channel_unshared` event; others may go on sharing the channel."""
    event = body.get("event") or {}
    channel = event.get("channel")
    if not channel:
        return Ignored("a sharing of no channel")
    shared = event.get("type") == "channel_shared" or event.get("is_ext_shared") is not False
    return Sharing(installed_team(body), str(channel), shared)
