"""The shapes inside blocks: text objects, buttons and inputs, rich text; pure."""

from collections.abc import Mapping

from bot.playground.slack.schema import (
    Check,
    Fields,
    anything,
    array,
    boolean,
    integer,
    number,
    one_of,
    record,
    string,
    tagged,
)

ID = string(255)
URL = string(3000, pattern=r"https?://\S+")


def plain(most: int) -> Check:
    """A plain_text object of that many characters."""
    return tagged({"plain_text": _plain(most)})


def text(most: int) -> Check:
    """A plain_text or mrkdwn object of that many characters."""
    mrkdwn = record({"type": anything, "text": string(most)}, {"verbatim": boolean})
    return tagged({"plain_text": _plain(most), "mrkdwn": mrkdwn})


def _plain(most: int) -> Check:
    return record({"type": anything, "text": string(most)}, {"emoji": boolean})


def typed(required: Fields, optional: Fields | None = None) -> Check:
    """A record that also has a `type`, which was looked at already."""
    return record({"type": anything, **required}, optional)


OPTION = record({"text": text(75), "value": string(150)}, {"description": text(75)})
PLAIN_OPTION = record({"text": plain(75), "value": string(150)}, {"description": plain(75)})
CONFIRM = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
FEEDBACK_BUTTON = record({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})


def _one_picture(element: Mapping[str, object]) -> str | None:
    given = sum(key in element for key in ("image_url", "slack_file"))
    return None if given == 1 else "exactly one of image_url, slack_file is required"


SLACK_FILE = record({}, {"id": string(pattern=r"F[A-Z0-9]{8,}"), "url": URL})
PICTURE: Fields = {"image_url": URL, "slack_file": SLACK_FILE}
IMAGE = record({"type": anything, "alt_text": string(2000)}, PICTURE, _one_picture)
BUTTON = typed(  # slack-platform.md §3.2: text <= 75, value <= 2,000
    {"text": plain(75)},
    {
        "action_id": ID,
        "url": URL,
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
OVERFLOW = typed(
    {"options": array(record({"text": plain(75), "value": string(150)}, {"url": URL}), 5)},
    {"action_id": ID, "confirm": CONFIRM},
)


def _initial_offered(element: Mapping[str, object]) -> str | None:
    """An initial option "exactly matches" one of the options (docs.slack.dev/reference/block-kit)."""
    given = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
    offered = element.get("options")
    if isinstance(given, list) and isinstance(offered, list) and any(option not in offered for option in given):
        return "initial_option must be one of options"
    return None


_CHOICE: Fields = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
SELECT = record(
    {"type": anything, "options": array(PLAIN_OPTION, 100)},
    {**_CHOICE, "placeholder": plain(150), "initial_option": PLAIN_OPTION},
    _initial_offered,
)
RADIO = record(
    {"type": anything, "options": array(OPTION, 10)}, {**_CHOICE, "initial_option": OPTION}, _initial_offered
)
CHECKBOXES = record(
    {"type": anything, "options": array(OPTION, 10)},
    {**_CHOICE, "initial_options": array(OPTION, 10)},
    _initial_offered,
)
TEXT_INPUT = typed(
    {},
    {
        "action_id": ID,
        "initial_value": string(3000, least=0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        "placeholder": plain(150),
        "focus_on_load": boolean,
        "dispatch_action_config": anything,
    },
)
FEEDBACK = typed(
    {"positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON},
    {"action_id": ID},
)
ICON_BUTTON = typed(  # only the icon "trash" is documented, slack-platform.md §3.2
    {"icon": one_of("trash"), "text": plain(75)},
    {
        "action_id": ID,
        "value": string(2000),
        "accessibility_label": string(75),
        "visible_to_user_ids": array(string(), 10),
        "confirm": CONFIRM,
    },
)
URL_SOURCE = typed({"url": URL, "text": string()})
SOURCES = array(tagged({"url": URL_SOURCE}), 100, least=0)

_CHOICES: Fields = {"static_select": SELECT, "checkboxes": CHECKBOXES, "radio_buttons": RADIO}
_PRESSED: Fields = {"button": BUTTON, "overflow": OVERFLOW, **_CHOICES}
ACTION_ELEMENTS = tagged(_PRESSED)
ACCESSORIES = tagged({**_PRESSED, "image": IMAGE})
CONTEXT_ELEMENTS = tagged(
    {
        "image": IMAGE,
        "plain_text": _plain(2000),
        "mrkdwn": record({"type": anything, "text": string(2000)}, {"verbatim": boolean}),
    }
)
INPUT_ELEMENTS = tagged({"plain_text_input": TEXT_INPUT, **_CHOICES})

_STYLE = record(
    {},
    dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight"), boolean),
)
_LINK_URL = string(3000, pattern=r"(https?://|mailto:)\S+")
_RICH_TEXT = typed({"text": string()}, {"style": _STYLE})
_LINK = typed({"url": _LINK_URL}, {"text": string(), "unsafe": boolean, "style": _STYLE})
_INLINE = tagged(
    {
        "text": _RICH_TEXT,
        "link": _LINK,
        "user": typed({"user_id": string()}, {"style": _STYLE}),
        "channel": typed({"channel_id": string()}, {"style": _STYLE}),
        "usergroup": typed({"usergroup_id": string()}, {"style": _STYLE}),
        "broadcast": typed({"range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
        "emoji": typed({"name": string()}, {"unicode": string(), "style": _STYLE}),
        "date": typed({"timestamp": number, "format": string()}, {"url": URL, "fallback": string()}),
        "color": typed({"value": string()}),
    }
)
_MANY = 1000  # no number of rich text elements is documented
_SECTION = typed({"elements": array(_INLINE, _MANY, least=0)})
_LIST = typed(
    {"style": one_of("bullet", "ordered"), "elements": array(tagged({"rich_text_section": _SECTION}), _MANY)},
    {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
)
_QUOTE = typed({"elements": array(_INLINE, _MANY)}, {"border": integer(0, 1)})
_PREFORMATTED = typed(
    {"elements": array(tagged({"text": _RICH_TEXT, "link": _LINK}), _MANY)},
    {"border": integer(0, 1), "language": string()},
)
RICH_TEXT_ELEMENTS = array(
    tagged(
        {
            "rich_text_section": _SECTION,
            "rich_text_list": _LIST,
            "rich_text_quote": _QUOTE,
            "rich_text_preformatted": _PREFORMATTED,
        }
    ),
    _MANY,
)
