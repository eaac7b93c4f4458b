"""Payloads about what people set and how they ask -> what they say: the command, shortcuts, modals. Pure."""

from dataclasses import dataclass

from bot.options_view import Filled, Form, Kind, filled
from bot.typed import Typed
from handlers.parse import Ignored, Payload, pressed_action, presser
from handlers.parse_files import parse_shortcut


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody used a shortcut that opens a modal; `text` is what the message says."""

    form: Form
    trigger_id: str
    text: str
    external: bool
    in_thread: bool


@dataclass(frozen=True, slots=True)
class Submitted:
    """Somebody submitted one of these modals, or chose in it; what it says of itself is not checked yet."""

    team: str
    user: str
    user_team: str
    external: bool
    view_id: str
    form: Form
    filled: Filled
    chosen: str | None = None  # the assistant that was chosen just now


def parse_typed(body: Payload) -> Typed | Ignored:
    """Read the body of our command."""
    team, channel, user = (str(body.get(name) or "") for name in ("team_id", "channel_id", "user_id"))
    if not channel or not user:
        return Ignored("a command from nowhere")
    word, _, rest = str(body.get("text") or "").strip().partition(" ")
    first, _, more = word.partition("\n")  # what is behind a line's end is no part of the word
    return Typed(team, channel, user, first.lower(), f"{more} {rest}".strip() if more else rest.strip())


def parse_opening(body: Payload, kind: Kind) -> Opening | Ignored:
    """Read the body of a `message_action` payload."""
    chosen = parse_shortcut(body)
    if isinstance(chosen, Ignored):
        return chosen
    form = Form(
        kind=kind,
        team=chosen.team,
        channel=chosen.channel,
        thread_ts=chosen.thread_ts,
        message_ts=chosen.message_ts,
        user=chosen.user,
        at=str(body.get("action_ts") or ""),
    )
    if Form.read(form.written()) is None:
        return Ignored("a shortcut of no time")
    text = str((body.get("message") or {}).get("text") or "")
    return Opening(form, chosen.trigger_id, text, chosen.external, chosen.in_thread)


def parse_form(body: Payload) -> Submitted | Ignored:
    """Read the body of a `view_submission` or `block_actions` payload from one of these modals."""
    view, (team, user, external) = body.get("view") or {}, presser(body)
    form = Form.read(str(view.get("private_metadata") or ""))
    if form is None or not view.get("id") or not user:
        return Ignored("no modal of options")
    option = pressed_action(body).get("selected_option") or {}
    user_team = str((body.get("user") or {}).get("team_id") or "")
    return Submitted(team, user, user_team, external, str(view["id"]), form, filled(view), option.get("value"))
