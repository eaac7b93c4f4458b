"""What one can press or fill in; each says in `data-` attributes what a press would send; pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.playground.drawing.html import NOTHING, Html, Known, element, join, text
from bot.playground.drawing.safety import may_link, on_this_site

Json = Mapping[str, Any]


def words(of: Any) -> str:
    """The text of a text object, or of a string where Slack takes one."""
    return str(of.get("text", "")) if isinstance(of, Mapping) else str(of or "")


def control(one: Json, known: Known) -> Html:
    """Any element of an actions, section or input block."""
    draw = _CONTROLS.get(str(one.get("type")))
    return draw(one, known) if draw else NOTHING


def _button(one: Json, _known: Known) -> Html:
    look = f"button {one['style']}" if one.get("style") in ("primary", "danger") else "button"
    label, url = text(words(one.get("text"))), str(one.get("url", ""))
    if may_link(url):
        return element("a", label, look=look, href=url)
    return element("button", label, look=look, **_press(one), aria_label=one.get("accessibility_label"))


def _press(one: Json) -> dict[str, str | bool | None]:
    return {
        "type": "button",
        "data_action_id": one.get("action_id"),
        "data_value": one.get("value"),
        "data_confirm": _asking(one.get("confirm")),
    }


def _asking(confirm: Any) -> str | None:
    """What is asked before the press, as JSON."""
    if not isinstance(confirm, Mapping):
        return None
    said = {key: words(confirm.get(key)) for key in ("title", "text", "confirm", "deny")}
    return json.dumps({**said, "style": str(confirm.get("style", ""))})


def _overflow(one: Json, _known: Known) -> Html:
    return element("button", text("⋯"), look="button", **_press(one), aria_label="More actions")


def _select(one: Json, _known: Known) -> Html:
    chosen = (one.get("initial_option") or {}).get("value")
    hint = words(one.get("placeholder")) or "Choose an option"
    options = [element("option", text(hint), value="", selected=chosen is None)]
    options += [
        element(
            "option",
            text(words(option.get("text"))),
            value=str(option["value"]),
            selected=option["value"] == chosen,
        )
        for option in one.get("options", [])
    ]
    return element(
        "select", *options, look="select", name=one.get("action_id"), data_action_id=one.get("action_id")
    )


def _text_input(one: Json, _known: Known) -> Html:
    given = str(one.get("initial_value", ""))
    longest = one.get("max_length")
    common: dict[str, str | bool | None] = {
        "name": one.get("action_id"),
        "placeholder": words(one.get("placeholder")) or None,
        "maxlength": str(longest) if longest else None,
    }
    if one.get("multiline"):
        return element("textarea", text(given), look="input", **common)
    return element("input", look="input", type="text", value=given, **common)


def _choices(one: Json, _known: Known) -> Html:
    kind = "radio" if one["type"] == "radio_buttons" else "checkbox"
    initial = [*one.get("initial_options", []), *([one["initial_option"]] if "initial_option" in one else [])]
    chosen = {option["value"] for option in initial}
    return element("div", join(_choice(option, kind, one, chosen) for option in one.get("options", [])))


def _choice(option: Json, kind: str, one: Json, chosen: Iterable[str]) -> Html:
    value = str(option["value"])
    name = str(one.get("action_id", ""))
    box = element("input", type=kind, name=name, value=value, checked=value in chosen)
    said = element("small", text(words(option["description"]))) if "description" in option else NOTHING
    return element("label", box, text(words(option.get("text"))), said, look="choice")


def picture(one: Json, known: Known, look: str = "picture") -> Html:
    """An image, from this very site or not at all: then its description, linking to where it would be."""
    url = str(one.get("image_url") or (one.get("slack_file") or {}).get("url") or "")
    path = known.pictures.get(str((one.get("slack_file") or {}).get("id") or url), "")
    said = str(one.get("alt_text", ""))
    if on_this_site(path):
        return element("img", look=look, src=path, alt=said, loading="lazy")
    shown = element("span", text(f"🖼 {said}"), look="no-picture")
    return element("a", shown, href=url) if may_link(url) else shown


def _feedback(one: Json, _known: Known) -> Html:
    buttons = (("positive_button", "thumb-up"), ("negative_button", "thumb-down"))
    return join(_thumb(one[name], look, one) for name, look in buttons if name in one)


def _thumb(button: Json, look: str, one: Json) -> Html:
    said = str(button.get("accessibility_label") or words(button.get("text")))
    icon = element("span", look=f"icon {look}", aria_hidden="true")
    press = {**_press(one), "data_value": button.get("value")}
    return element("button", icon, look="icon-button", **press, aria_label=said, title=words(button.get("text")))


def _icon_button(one: Json, _known: Known) -> Html:
    said = str(one.get("accessibility_label") or words(one.get("text")))
    icon = element("span", look="icon trash", aria_hidden="true")
    return element(
        "button", icon, look="icon-button", **_press(one), aria_label=said, title=words(one.get("text"))
    )


_CONTROLS: dict[str, Callable[[Json, Known], Html]] = {
    "button": _button,
    "overflow": _overflow,
    "static_select": _select,
    "plain_text_input": _text_input,
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "feedback_buttons": _feedback,
    "icon_button": _icon_button,
    "image": picture,
}
