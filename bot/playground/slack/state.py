"""What is so in the emulated workspace, and the rules that its methods and people share."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter

from bot.clock import Clock
from bot.playground.faults import Faults
from bot.playground.slack.files import DENIED, Download, File, Upload, ids_in
from bot.playground.slack.mentions import links_in, mentions_in
from bot.playground.slack.rates import Rates
from bot.playground.slack.records import (
    TS,
    Call,
    CallRefusedError,
    Channel,
    Ephemeral,
    Json,
    LiveMention,
    Message,
    Modal,
    Notification,
    Person,
    Prompts,
    Session,
    Unfurl,
)

SESSION_SECONDS = 3600.0  # `processing` times out after one hour (slack-platform.md §1.5)
STATUS_SECONDS = 120.0  # assistant.threads.setStatus is removed after two minutes (slack-platform.md §1.5)
TRIGGER_SECONDS = 3.0  # a trigger_id may be used once, within three seconds (docs.slack.dev/interactivity)
RESPONSE_URL_SECONDS, RESPONSE_URL_USES = 1800.0, 5  # docs.slack.dev/interactivity/handling-user-interaction
EVENT_SCOPES: dict[str, str | None] = {  # slack-platform.md §1.6
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "app_home_opened": None,
    "app_context_changed": "assistant:write",
    "agent_session_stopped": "assistant:write",
    "agent_session_title_changed": "assistant:write",
    "app_uninstalled": None,
    "tokens_revoked": None,
    "file_shared": "files:read",  # docs.slack.dev/reference/events/file_*
    "file_change": "files:read",
    "file_deleted": "files:read",
    "channel_shared": "channels:read",  # groups:read where it is private: .../events/channel_shared
    "channel_unshared": "channels:read",
}
READ_SCOPE = {  # slack-platform.md §1.6
    "channel": "channels:read",
    "private": "groups:read",
    "mpim": "mpim:read",
    "im": "im:read",
}
METHOD_SCOPES = (
    "assistant:write",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "reactions:write",
    "users:read",
    *READ_SCOPE.values(),
)
ALL_SCOPES = frozenset(METHOD_SCOPES) | {scope for scope in EVENT_SCOPES.values() if scope}
SHARE_SECONDS, PROCESS_SECONDS = 1.0, 2.0  # after completing an upload; that it takes a moment is documented
SLACKBOT = "USLACKBOT"
WORKSPACE_URL = "https://emulated.slack.com/"

Thread = tuple[str, str]  # channel id, ts of the root
_ROUNDING = 1e-6  # seconds: sums of floats that mean the same moment differ by less


@dataclass(slots=True)
class Trigger:
    """A permission to open one modal for the person who just acted; `view` is the one it was done in."""

    user: str
    until: float
    view: str | None = None
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """A permission to answer a press, a shortcut or a command; `ts` is what it may replace, if anything yet."""

    channel: str
    ts: str
    user: str
    until: float
    left: int


class Workspace:
    """One team with one app installed: what was said, what the app did, what it was refused."""

    def __init__(
        self,
        clock: Clock,
        *,
        scopes: Iterable[str] | None = None,
        subscribed: Iterable[str] | None = None,
        agent: bool = True,
        shortcuts: Iterable[str] | None = None,
        commands: Iterable[str] | None = None,
    ) -> None:
        self.clock = clock
        self.agent = agent
        self.shortcuts = None if shortcuts is None else set(shortcuts)
        self.slash_commands = None if commands is None else set(commands)
        self.scopes = set(ALL_SCOPES if scopes is None else scopes)
        self.subscribed = set(EVENT_SCOPES if subscribed is None else subscribed)
        self.team, self.app_id, self.bot_id = "T0000000001", "A0000000001", "B0000000001"
        secret = secrets.token_hex(16)  # nobody who merely finds the port may speak for the app
        self.bot_token, self.app_token = f"xoxb-{self.team}-{secret}", f"xapp-1-{self.app_id}-{secret}"
        self.faults = Faults()
        self.rates = Rates(clock)
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.sessions: dict[Thread, Session] = {}
        self.triggers: dict[str, Trigger] = {}
        self.allowed_mentions: set[str] = set()
        self.calls: list[Call] = []
        self.live_mentions: list[LiveMention] = []
        self.unfurls: list[Unfurl] = []
        self.suspected_unfurls: list[Unfurl] = []
        self.notifications: list[Notification] = []
        self.ephemerals: list[Ephemeral] = []
        self.views: dict[str, Modal] = {}  # closed ones too
        self.broken_acks: list[str] = []  # what was wrong with answers to submissions
        self.response_urls: dict[str, ResponseUrl] = {}
        self.hooks_url = ""
        self.suggested: dict[str, Prompts] = {}
        self.scopes_used: set[str] = set()
        self.methods_used: set[str] = set()
        self.events_sent: Counter[str] = Counter()
        self.emit: Callable[[Json, Channel | None], None] = lambda _event, _channel: None
        self.files: dict[str, File] = {}
        self.uploads: list[Upload] = []
        self.downloads: list[Download] = []
        self.share_seconds = SHARE_SECONDS
        self.process_seconds = PROCESS_SECONDS
        self.drop_shares = 0  # so many completed uploads are answered ok and never shared: paradigmxyz/centaur#311
        self.login_redirects = False  # a refused download redirects to the login page, or is it
        self.origin = self.foreign_origin = ""  # where files come from, and a host that is none of Slack's
        self.sockets_at = ""  # host and port that programs are told to open websockets at
        self.awake: Callable[[float], None] = lambda _seconds: None  # asks for a `settle` after so many seconds
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._statuses: dict[Thread, tuple[str, float]] = {}
        self._open: list[tuple[Channel, Message]] = []
        self._last_ts = 0
        self._counts: Counter[str] = Counter()
        self.people[SLACKBOT] = Person(SLACKBOT, "slackbot", "Slackbot", self.team)
        self.people["USLACK"] = Person("USLACK", "slack", "Slack", self.team)
        self.bot_user = self.new_person("threadmate", bot_id=self.bot_id)

    def touch(self) -> None:
        """Something happened; whoever waits for that overrides this."""

    # -- names and numbers

    def new_id(self, prefix: str) -> str:
        """An id that nothing else here has, in Slack's form."""
        self._counts[prefix] += 1
        return f"{prefix}{self._counts[prefix] + 1000:010d}"

    def next_ts(self) -> str:
        """A message ts: now, and later than every ts before."""
        self._last_ts = max(self._last_ts + 1, round(self.clock.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    @property
    def numbering(self) -> tuple[int, dict[str, int]]:
        """How far ts and ids have come, to be kept and gone on from."""
        return self._last_ts, dict(self._counts)

    def go_on_from(self, last_ts: int, counts: dict[str, int]) -> None:
        """Give no ts and no id that was given before that."""
        self._last_ts = last_ts
        self._counts = Counter(counts)

    def new_person(
        self,
        name: str,
        *,
        team: str | None = None,
        enterprise: str | None = None,
        display_name: str | None = None,
        bot_id: str | None = None,
    ) -> str:
        """Let somebody exist; a bot if it has a bot id."""
        user = self.new_id("U")
        shown = name if display_name is None else display_name
        self.people[user] = Person(user, name, shown, team or self.team, enterprise, bot_id is not None, bot_id)
        return user

    def new_trigger(self, user: str, view: str | None = None) -> str:
        """A trigger_id for what that person just did, in that view if it was in one."""
        trigger = f"{self.new_id('')}.{self.team}"
        self.triggers[trigger] = Trigger(user, self.clock.monotonic() + TRIGGER_SECONDS, view)
        return trigger

    def new_response_url(self, channel: str, ts: str, user: str) -> str:
        """A response_url for a press on that message by that person."""
        key = f"{self.team}-{self.new_id('')}-{secrets.token_hex(12)}"
        until = self.clock.monotonic() + RESPONSE_URL_SECONDS
        self.response_urls[key] = ResponseUrl(channel, ts, user, until, RESPONSE_URL_USES)
        return f"{self.hooks_url}{key}"

    @property
    def modals(self) -> list[Modal]:
        """The views that are open, in the order in which they were opened."""
        return [modal for modal in self.views.values() if modal.open]

    # -- what a method may touch

    def need_scope(self, scope: str) -> None:
        """Refuse the call unless the bot token has that scope."""
        if scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            raise CallRefusedError("missing_scope", needed=scope, provided=provided)
        self.scopes_used.add(scope)

    def readable(self, channel_id: str) -> Channel:
        """The channel, if the bot may know of it."""
        channel = self.channels.get(channel_id)
        if channel is None or (channel.kind != "channel" and self.bot_user not in channel.members):
            raise CallRefusedError("channel_not_found")
        return channel

    def channel_of(self, channel_id: str) -> Channel:
        """The channel, if the bot may act in it."""
        channel = self.readable(channel_id)
        if self.bot_user not in channel.members:
            raise CallRefusedError("not_in_channel")
        return channel

    def writable(self, channel_id: str) -> Channel:
        """The channel, if the bot may write in it."""
        channel = self.channel_of(channel_id)
        if channel.archived:
            raise CallRefusedError("is_archived")
        return channel

    def root_of(self, channel: Channel, ts: object, error: str) -> Message:
        """The message that is the root of a thread, or that error."""
        root = channel.messages.get(str(ts))
        if root is None or not TS.fullmatch(str(ts)) or root.root != root.ts:
            raise CallRefusedError(error)
        return root

    def is_ours(self, message: Message) -> bool:
        """Whether the app wrote it."""
        return message.app_id == self.app_id

    # -- files

    def carrying(self, file: File) -> list[tuple[Channel, Message]]:
        """The messages that carry that file."""
        return [
            (channel, message)
            for channel in self.channels.values()
            for message in channel.messages.values()
            if file.id in ids_in(message.files)
        ]

    def sees(self, file: File) -> bool:
        """Whether the bot may open it: its own, or shared in a conversation in which it is."""
        if file.access == DENIED:
            return False
        inside = (self.bot_user in channel.members for channel, _ in self.carrying(file))
        return file.user == self.bot_user or any(inside)

    # -- what is said

    def add(self, channel: Channel, message: Message) -> None:
        """Put a message into the channel; an answer of the bot clears the thread's status text."""
        channel.messages[message.ts] = message
        if self.is_ours(message):
            self._statuses.pop((channel.id, message.root), None)

    def new_bot_message(self, thread_ts: object, text: str) -> Message:
        """A message of the app, not yet in any channel."""
        ts = self.next_ts()
        thread = str(thread_ts) if thread_ts else None
        return Message(ts, self.bot_user, text, thread, bot_id=self.bot_id, app_id=self.app_id)

    def refuse_mentions(self, method: str, channel: str, texts: Iterable[str], blocks: object = None) -> None:
        """Record and refuse every token that Slack would resolve and that nobody allowed."""
        live = [token for token in mentions_in(texts, blocks) if token not in self.allowed_mentions]
        if live:
            self.live_mentions += [LiveMention(method, channel, token) for token in live]
            raise CallRefusedError("live_mention_in_emulator", *live)

    def note_unfurls(self, method: str, channel: str, texts: Iterable[str], blocks: object) -> None:
        """Record the links of a post that lets Slack fetch them."""
        if urls := links_in(texts, blocks):
            self.unfurls.append(Unfurl(method, channel, urls))

    def suspect_unfurls(self, method: str, channel: str, texts: Iterable[str], blocks: object) -> None:
        """Record the links of an edit that may let Slack fetch them: UNCERTAIN in slack-platform.md §8."""
        if urls := links_in(texts, blocks):
            self.suspected_unfurls.append(Unfurl(method, channel, urls))

    # -- sessions, statuses and streams, which end by themselves

    def later(self, seconds: float, happen: Callable[[], None]) -> None:
        """Let that happen after so many seconds of the clock."""
        self._due.append((self.clock.monotonic() + seconds, happen))
        self._due.sort(key=itemgetter(0))
        self.awake(seconds)

    @property
    def waits(self) -> list[float]:
        """In how many seconds each of the things happens that are still to come."""
        now = self.clock.monotonic()
        return [due - now for due, _ in self._due]

    def set_session(self, thread: Thread, status: str, title: str | None = None) -> Session:
        """Give the thread's session that status, creating it if need be; a title counts only then."""
        session = self.sessions.setdefault(thread, Session(title=title))
        session.status = status
        session.until = self.clock.monotonic() + SESSION_SECONDS
        return session

    def set_status_text(self, thread: Thread, text: str) -> None:
        """Show that text below the thread for two minutes; an empty one clears it."""
        self._statuses[thread] = (text, self.clock.monotonic() + STATUS_SECONDS)

    def status_of(self, thread: Thread) -> str | None:
        """The status text that people see below the thread now."""
        self.settle()
        return self._statuses.get(thread, ("", 0.0))[0] or None

    def open_stream(self, channel: Channel, message: Message) -> None:
        """A stream began: the message appears, the session works."""
        self.add(channel, message)
        self._open.append((channel, message))
        if self.agent:
            self.set_session((channel.id, message.root), "processing")

    def end_stream(self, channel: Channel, message: Message, session_status: str = "active") -> None:
        """A stream is over: only now people are notified (slack-platform.md §2.3)."""
        if message.stream is not None:
            message.stream.open = False
        self._open.remove((channel, message))
        self.notifications.append(Notification(channel.id, message.ts, "stream_ended"))
        if self.agent:
            self.set_session((channel.id, message.root), session_status)

    def streaming(self, thread: Thread) -> list[Message]:
        """The messages of that thread that are being streamed."""
        return [m for channel, m in self._open if (channel.id, m.root) == thread]

    def settle(self) -> None:
        """Let everything end whose time is over, and happen whose time has come."""
        now = self.clock.monotonic()
        while self._due and self._due[0][0] <= now + _ROUNDING:
            self._due.pop(0)[1]()
        for channel, message in list(self._open):
            if message.stream is not None and message.stream.dies_at <= now:
                message.error_pill = True
                self.end_stream(channel, message)
        for session in self.sessions.values():
            if session.status == "processing" and session.until <= now:
                session.status = "active"
        for thread in [thread for thread, (_, until) in self._statuses.items() if until <= now]:
            del self._statuses[thread]
