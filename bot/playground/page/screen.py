"""What one person sees on the page at one moment, as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.playground.cast import COMPANIES
from bot.playground.drawing.message import COLOURS, TOGETHER
from bot.playground.inspector.inspector import Inspector
from bot.playground.page import samples
from bot.playground.page.drawings import Drawings
from bot.playground.page.reads import Reads
from bot.playground.page.wording import typed
from bot.playground.slack.records import Channel, Ephemeral, Json, Message
from bot.playground.world import World

KINDS = {"channel": 0, "private": 0, "mpim": 1, "im": 2}  # their order in the sidebar
FACES = 3  # of those who replied, beside the number of replies
LINES = 400  # of the log that a new page is told


@dataclass(slots=True)
class Look:
    """At what somebody looks."""

    channel: str
    thread: str | None = None
    active: bool = True  # the tab is in front, so that what it shows is read
    inspecting: bool = False  # the inspector is open


@dataclass(slots=True)
class Screen:
    """One tab of one person."""

    world: World
    drawings: Drawings
    reads: Reads
    me: str
    look: Look
    inspector: Inspector
    dismissed: set[tuple[str, str]] = field(default_factory=set)  # person and ts of ephemerals that were put away

    def parts(self) -> dict[str, Json]:
        """Everything, by the part of the page that shows it; what is looked at is read by that."""
        self.world.slack.settle()
        place = self._place()
        thread = self._thread(place)
        if self.look.active:
            self.reads.look(self.me, place)
            if thread is not None:
                self.reads.look(self.me, place, thread)
        return {
            "sidebar": self.sidebar(),
            "place": self.place(place),
            "messages": self.messages(place),
            "thread": self.thread(place, thread) if thread else {"id": None, "items": {}, "order": []},
            "modal": self.modal(),
            "bot": {"state": self.world.bot.state, "code": self.world.bot.code},
            "world": self.inspector.world(),
            **(self.inspector.parts() if self.look.inspecting else {}),
        }

    def channels(self) -> list[Channel]:
        """Where that person is, in the sidebar's order."""
        mine = [one for one in self.world.slack.channels.values() if self.me in one.members]
        return sorted(mine, key=lambda channel: KINDS[channel.kind])

    def _place(self) -> Channel:
        mine = self.channels()
        return next((channel for channel in mine if channel.id == self.look.channel), mine[0])

    def _thread(self, place: Channel) -> str | None:
        root = place.messages.get(self.look.thread or "")
        return root.ts if root is not None and root.root == root.ts else None

    # -- the sidebar

    def sidebar(self) -> Json:
        """The channels and DMs with their marks."""
        return {"channels": [self._entry(channel) for channel in self.channels()]}

    def _entry(self, channel: Channel) -> Json:
        working = any(where == channel.id for where, _ in self.world.slack.working())
        threads = len(self.reads.unread_threads(self.me, channel))
        is_dm = channel.kind == "im"
        return {
            "id": channel.id,
            "name": self.drawings.names[self.world.slack.bot_user] if is_dm else channel.name,
            "kind": channel.kind,
            "shared": channel.shared,
            "unread": self.reads.unread(self.me, channel) > 0 or threads > 0,
            "count": threads + (self.reads.unread(self.me, channel) if is_dm else 0),
            "working": working,
        }

    # -- a channel and a thread

    def place(self, channel: Channel) -> Json:
        """The channel that is looked at."""
        prompts = self.world.slack.prompts(channel.id)
        return {
            **self._entry(channel),
            "members": [self._person(user) for user in sorted(channel.members)],
            "guest": self.world.slack.people[self.me].team != self.world.slack.team,
            "company": ", ".join(sorted(self._companies(channel))),
            "prompts": [] if prompts is None else prompts.prompts,
        }

    def _companies(self, channel: Channel) -> set[str]:
        teams = {self.world.slack.people[user].team for user in channel.members}
        return {COMPANIES.get(team, team) for team in teams - {self.world.slack.team}}

    def _person(self, user: str) -> Json:
        person = self.world.slack.people[user]
        return {
            "id": user,
            "name": self.drawings.names[user],
            "full": person.name if not person.is_bot else self.drawings.names[user],
            "bot": person.is_bot,
            "colour": sum(map(ord, user)) % COLOURS,
        }

    def messages(self, place: Channel) -> Json:
        """What stands in the channel itself."""
        roots = [message for message in place.messages.values() if message.root == message.ts]
        return self._listed(place, place.id, roots, None)

    def thread(self, place: Channel, root: str) -> Json:
        """What stands in the thread, and whether the bot works there."""
        slack = self.world.slack
        inside = [message for message in place.messages.values() if message.root == root]
        status: Json | None = None
        if (place.id, root) in slack.working():
            status = {"text": slack.status_text(place.id, root) or "is working…"}
        elif (text := slack.status_text(place.id, root)) is not None:
            status = {"text": text, "quiet": True}
        return {**self._listed(place, root, inside, root), "status": status}

    def _listed(self, place: Channel, name: str, messages: list[Message], thread: str | None) -> Json:
        items: dict[str, Json] = {}
        before: Message | None = None
        for message in messages:
            follows = before is not None and thread != before.ts and _together(before, message, place)
            items[message.ts] = self._item(place, message, thread, follows=follows)
            before = message
        for told in self._told(place, thread):
            items[f"only-{told.ts}"] = {"html": self.drawings.ephemeral(told), "ts": told.ts, "only": True}
        order = sorted(items, key=lambda key: (str(items[key]["ts"]), key))
        return {"id": name, "items": items, "order": order}

    def _told(self, place: Channel, thread: str | None) -> Iterable[Ephemeral]:
        for told in self.world.slack.ephemerals:
            here = (told.channel, told.user, told.thread_ts) == (place.id, self.me, thread)
            if here and (self.me, told.ts) not in self.dismissed:
                yield told

    def _item(self, place: Channel, message: Message, thread: str | None, *, follows: bool) -> Json:
        names = self.drawings.names
        item: Json = {"html": self.drawings.message(place, message, follows=follows), "ts": message.ts}
        if message.subtype == "tombstone":
            item["gone"] = True
        elif message.user == self.me:
            item |= {"mine": True, "text": typed(message.text, names)}
        if thread is None:
            item |= self._replies(place, message)
        return item

    def _replies(self, place: Channel, root: Message) -> Json:
        replies = [one for one in place.messages.values() if one.root == root.ts and one is not root]
        working = (place.id, root.ts) in self.world.slack.working()
        if not replies and not working:
            return {}
        faces = [self._person(user) for user in list(dict.fromkeys(one.user for one in replies))[:FACES]]
        latest = replies[-1].ts if replies else None
        unread = self.reads.unread(self.me, place, root.ts) > 0
        told = {"count": len(replies), "faces": faces, "latest": latest, "working": working, "unread": unread}
        return {"replies": told}

    # -- the modal

    def modal(self) -> Json:
        """The modal that lies in front, if there is one."""
        modal = self.world.slack.modal_of(self.me)
        if modal is None:
            return {"id": None}
        return {"id": modal.id, "html": self.drawings.modal(modal), "errors": modal.errors}


def _together(before: Message, after: Message, place: Channel) -> bool:
    """Whether the author's name is said once for both."""
    near = float(after.ts) - float(before.ts) < TOGETHER
    has_replies = any(one.root == before.ts for one in place.messages.values() if one is not before)
    return (
        near
        and before.user == after.user
        and "tombstone" not in (before.subtype, after.subtype)
        and not has_replies
    )


def greeting(world: World, drawings: Drawings) -> Json:
    """What a page is told once, when it opens."""
    people = [
        {
            "id": user,
            "name": drawings.names[user],
            "full": world.slack.people[user].name,
            "company": COMPANIES.get(world.slack.people[user].team, ""),
            "locale": world.slack.people[user].locale,
        }
        for user in world.people
    ]
    features = world.manifest.content["features"]
    shortcuts = [
        {"id": one["callback_id"], "name": one["name"]}
        for one in features.get("shortcuts", ())
        if one["type"] == "message"
    ]
    commands = [
        {"name": one["command"], "hint": one.get("usage_hint", ""), "says": one.get("description", "")}
        for one in features.get("slash_commands", ())
    ]
    about = world.manifest.content["display_information"]
    prompts = features.get("agent_view", {}).get("suggested_prompts", [])
    return {
        "people": people,
        "bot": {
            "id": world.slack.bot_user,
            "name": about["name"],
            "about": about.get("long_description") or about["description"],
        },
        "shortcuts": shortcuts,
        "commands": commands,
        "prompts": prompts,
        "samples": samples.NAMES,
        "home": bool(features["app_home"].get("home_tab_enabled")),
        "answers_from": world.answers_from,
    }
