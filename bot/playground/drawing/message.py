"""A message as it stands in a thread: who said it, when, and what."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.playground.drawing.blocks import blocks
from bot.playground.drawing.html import NOBODY, NOTHING, Html, Known, element, join, text
from bot.playground.drawing.mrkdwn import mrkdwn
from bot.playground.drawing.safety import cleaned, on_this_site
from bot.playground.drawing.tokens import emoji
from bot.playground.slack.seen import SeenMessage

Json = Mapping[str, Any]
Drawable = SeenMessage | Json

TOGETHER = 300.0  # seconds: what one author says within them stands under one name, as Slack's client has it
COLOURS = 8  # of people's avatars, chosen by their id
ERROR = "Something went wrong while this answer was written."
TOMBSTONE = "This message was deleted."
ONLY_YOU = "Only visible to you"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is drawn of a message, whichever way it was given."""

    user: str
    ts: str
    body: Html
    is_bot: bool
    files: Sequence[Json]
    reactions: Mapping[str, int]
    edited: bool = False
    streaming: bool = False
    error_pill: bool = False
    ephemeral: bool = False
    deleted: bool = False

    @property
    def moment(self) -> float:
        return float(self.ts)


def draw_message(
    message: Drawable,
    names: Mapping[str, str] = NOBODY,
    *,
    pictures: Mapping[str, str] = NOBODY,
    follows: bool = False,
) -> str:
    """A message: as people see it (`SeenMessage`), or as the Web API and events carry it.

    `names` and `pictures` are those of `Known`. With `follows` the author's name is not said again. A raw
    message may also have `is_ephemeral` and `error_pill`. A `SeenMessage` without blocks is drawn as plain text,
    as its entities are decoded already; give the raw one where its marks matter.
    """
    known = Known(names, pictures)
    return cleaned(_article(_shown(message, known), known, follows=follows))


def draw_thread(
    messages: Iterable[Drawable], names: Mapping[str, str] = NOBODY, *, pictures: Mapping[str, str] = NOBODY
) -> str:
    """Messages one below the other, with the author's name once for what was said in one go."""
    known = Known(names, pictures)
    drawn: list[Html] = []
    before: _Shown | None = None
    for message in messages:
        shown = _shown(message, known)
        drawn.append(_article(shown, known, follows=before is not None and _together(before, shown)))
        before = shown
    return cleaned(join(drawn))


def draw_status(name: str, sentence: str = "", *, can_stop: bool = False) -> str:
    """The line below a thread that the assistant works in: `sentence` as it would follow its name."""
    said = element("span", text(f"{name} {sentence or 'is working…'}"), look="status-text")
    stop = element("button", text("Stop"), look="button small", type="button", data_action_id="stop")
    return cleaned(element("div", said, stop if can_stop else NOTHING, look="status", role="status"))


def _together(before: _Shown, after: _Shown) -> bool:
    near = after.moment - before.moment < TOGETHER
    return before.user == after.user and near and not before.deleted and before.ephemeral == after.ephemeral


def _shown(message: Drawable, known: Known) -> _Shown:
    return _of_seen(message, known) if isinstance(message, SeenMessage) else _of_raw(message, known)


def _of_seen(message: SeenMessage, known: Known) -> _Shown:
    return _Shown(
        message.user,
        message.ts,
        blocks(message.blocks, known) if message.blocks else element("div", text(message.text), look="lines"),
        is_bot=message.is_bot,
        files=message.files,
        reactions={name: len(users) for name, users in message.reactions.items()},
        edited=message.edited,
        streaming=message.streaming,
        error_pill=message.error_pill,
        deleted=message.deleted,
    )


def _of_raw(message: Json, known: Known) -> _Shown:
    given = message.get("blocks") or []
    return _Shown(
        str(message.get("user") or message.get("bot_id") or ""),
        str(message.get("ts", "0")),
        blocks(given, known) if given else mrkdwn(str(message.get("text", "")), known),
        is_bot=bool(message.get("bot_id")),
        files=message.get("files") or [],
        reactions={str(one["name"]): int(one["count"]) for one in message.get("reactions") or []},
        edited=bool(message.get("edited")),
        streaming=message.get("streaming_state") == "in_progress",
        error_pill=bool(message.get("error_pill")),
        ephemeral=bool(message.get("is_ephemeral")),
        deleted=message.get("subtype") == "tombstone",
    )


def _article(shown: _Shown, known: Known, *, follows: bool) -> Html:
    states = {"streaming": shown.streaming, "ephemeral": shown.ephemeral, "follows": follows}
    look = " ".join(["message", *(name for name, holds in states.items() if holds)])
    if shown.deleted:
        inside = element("div", element("em", text(TOMBSTONE)), look="tombstone")
        return element("article", inside, look=look, data_ts=shown.ts)
    name = known.name(shown.user)
    parts = [
        element("small", text(ONLY_YOU), look="only-you") if shown.ephemeral else NOTHING,
        NOTHING if follows else _head(shown, name),
        element("div", shown.body, look="body"),
        element("small", text("(edited)"), look="edited") if shown.edited else NOTHING,
        *(_file(file, known) for file in shown.files),
        element("div", text(ERROR), look="error-pill", role="alert") if shown.error_pill else NOTHING,
        _reactions(shown.reactions),
    ]
    side = element("div", look="no-avatar") if follows else _avatar(shown, name)
    return element("article", side, element("div", *parts, look="column"), look=look, data_ts=shown.ts)


def _head(shown: _Shown, name: str) -> Html:
    badge = element("span", text("APP"), look="badge") if shown.is_bot else NOTHING
    moment = datetime.fromtimestamp(shown.moment, UTC)
    hour = f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"
    when = element("time", text(hour), look="time", datetime=moment.isoformat())
    return element("header", element("b", text(name), look="name", dir="auto"), badge, when, look="head")


def _avatar(shown: _Shown, name: str) -> Html:
    """A letter on a colour, always the same for the same person."""
    look = "avatar app" if shown.is_bot else f"avatar colour-{sum(map(ord, shown.user)) % COLOURS}"
    return element("div", text(name[:1].upper()), look=look, aria_hidden="true")


def _file(file: Json, known: Known) -> Html:
    name = html.unescape(str(file.get("title") or file.get("name") or "file"))
    path = known.pictures.get(str(file.get("id")), "")
    if on_this_site(path):
        inside = element("img", look="picture", src=path, alt=name, loading="lazy")
        return element("figure", element("figcaption", text(name)), inside, look="file-picture")
    kind = str(file.get("pretty_type") or file.get("filetype") or "").upper()
    said = [element("b", text(name), look="file-name", dir="auto"), element("small", text(kind))]
    icon = element("span", look="icon file", aria_hidden="true")
    press: dict[str, str | None] = {"type": "button", "data_file_id": file.get("id")}
    return element("button", icon, element("span", *said), look="file-card", **press)


def _reactions(reactions: Mapping[str, int]) -> Html:
    pills = [
        element("span", emoji(name), element("b", text(count)), look="reaction", title=f":{name}:")
        for name, count in reactions.items()
    ]
    return element("div", *pills, look="reactions") if pills else NOTHING
