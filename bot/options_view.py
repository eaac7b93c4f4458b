"""The modals in which a question is asked with options, and a thread is set up. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

from bot import setting_words as words
from bot.assistants import Assistant, Assistants
from bot.options_more import BLOCK, button, inputs
from bot.overrides import tool_label, tool_names
from bot.reply.findings import one_line
from storage.preference_records import Preferences

View = dict[str, Any]
Kind = Literal["about", "options", "more", "thread"]

MODAL = "options"
"""The callback_id of them all."""

CHOOSE_ASSISTANT = "options_assistant"
"""The action_id of the menu of assistants: what else can be chosen depends on it."""

TITLES: Mapping[str, str] = {
    "about": words.ASK_ABOUT_TITLE,
    "options": words.ASK_OPTIONS_TITLE,
    "more": words.ASK_OPTIONS_TITLE,
    "thread": words.THREAD_TITLE,
}
INSTRUCTIONS_CHARS = 2_000
"""Characters of the instructions of a channel, a thread or a question: a section takes 3,000 (reference §3.2)."""

SECTION_CHARS = 3_000
QUESTION_CHARS = 2_000
EXCERPT_CHARS = 200
MOST_OPTIONS = 100  # of a menu (reference: docs.slack.dev/reference/block-kit/block-elements/select-menu-element)
MOST_BOXES = 10  # of a group of checkboxes (docs.slack.dev/reference/block-kit/block-elements/checkboxes-element)
OPTION_CHARS = 75
VALUE_CHARS = 150  # of an option (docs.slack.dev/reference/block-kit/composition-objects/option-object)
NOBODY = "-"
"""What the menu of assistants says where the thread has none of its own: no key is that."""

_TS = re.compile(r"\d{1,12}\.\d{6}")


@dataclass(frozen=True, slots=True)
class Form:
    """What a modal is about, and whom it was opened for: its private metadata, checked by whoever reads it.

    `at` is Slack's ts of when the shortcut was used: by that the question is known, however often it is sent.
    """

    kind: Kind
    team: str
    channel: str
    thread_ts: str
    message_ts: str
    user: str
    at: str
    excerpt: str = ""  # of the message, where it does not begin its thread

    def written(self) -> str:
        """The modal's metadata."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, metadata: str) -> Self | None:
        """What the metadata says; None where it is not of ours."""
        try:
            form = json.loads(metadata)
        except ValueError:
            return None
        if not isinstance(form, Mapping) or form.keys() != set(cls.__slots__):
            return None
        stamps = ("thread_ts", "message_ts", "at")
        texts = all(isinstance(value, str) for value in form.values())
        sound = texts and form["kind"] in TITLES and all(_TS.fullmatch(form[name]) for name in stamps)
        return cls(**form) if sound else None

    def excerpted(self, text: str) -> "Form":
        """The same with the beginning of the message, as it is quoted."""
        return replace(self, excerpt=one_line(text, EXCERPT_CHARS))


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody chose and wrote in a modal; None: there was nothing to choose."""

    question: str = ""
    assistant: str | None = None
    model: str | None = None
    tools: tuple[str, ...] | None = None
    extra: str = ""
    muted: bool = False
    more: Mapping[str, str] = field(default_factory=dict)  # by the names of the overrides, as it was entered


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be chosen: `assistant` answers unless another one is."""

    assistants: Assistants
    assistant: Assistant
    models: tuple[str, ...]  # that others than the assistant's own may be asked for

    @property
    def all_models(self) -> tuple[str, ...]:
        """The assistant's own, then the others."""
        return tuple(dict.fromkeys((self.assistant.model, *self.models)))[:MOST_OPTIONS]


def section(text: str) -> dict[str, Any]:
    """A text as it is: nothing in it is a mention, a link or markup."""
    return {"type": "section", "text": {"type": "plain_text", "text": text[:SECTION_CHARS], "emoji": False}}


def loading(form: Form) -> View:
    """The modal while it is found out what it may show."""
    return saying(form, words.LOADING)


def saying(form: Form, sentence: str) -> View:
    """A modal with nothing but a sentence of ours."""
    return {**_frame(form), "close": _plain(words.CLOSE), "blocks": [section(sentence)]}


def asking(form: Form, offer: Offer) -> View:
    """The modal that asks for a question, with options where these are wanted."""
    blocks = [_question(form)]
    if form.kind != "about":
        blocks += [*_assistants(offer), *_models(offer), *_tools(offer.assistant)]
        blocks.append(_text("extra", words.EXTRA, words.EXTRA_HINT))
        blocks += inputs(offer.assistant) if form.kind == "more" else [button()]
    return {**_frame(form), "submit": _plain(words.ASK), "close": _plain(words.CANCEL), "blocks": blocks}


def thread_settings(form: Form, assistants: Assistants, now: Preferences) -> View:
    """The modal in which a thread is set up."""
    blocks = [
        *_thread_assistant(assistants, now.assistant),
        _text("extra", words.EXTRA_THREAD, words.EXTRA_HINT, now.additional_instructions or ""),
        _boxes("mute", words.MUTE, [("mute", words.MUTE_THREAD)], ["mute"] if now.muted else []),
    ]
    return {**_frame(form), "submit": _plain(words.SAVE), "close": _plain(words.CANCEL), "blocks": blocks}


def filled(view: Mapping[str, Any]) -> Filled:
    """What is chosen and written in a view, as Slack tells it: what is not of ours is left aside."""
    found = list(_entered(view))
    model = next((value for block, value in found if block.startswith("model_")), None)
    assistant = next((value for block, value in found if block == "assistant"), None)
    ticked = [value for block, value in found if block.startswith("tools_")]
    texts = {block: value for block, value in found if block in ("question", "extra") and isinstance(value, str)}
    return Filled(
        question=texts.get("question", "").strip(),
        assistant=assistant if isinstance(assistant, str) else None,
        model=model if isinstance(model, str) else None,
        tools=tuple(name for names in ticked if isinstance(names, tuple) for name in names) if ticked else None,
        extra=texts.get("extra", "").strip(),
        muted=any(block == "mute" and value for block, value in found),
        more={
            block.removeprefix(BLOCK): value
            for block, value in found
            if block.startswith(BLOCK) and isinstance(value, str)
        },
    )


def _entered(view: Mapping[str, Any]) -> Iterator[tuple[str, str | tuple[str, ...] | None]]:
    """By block, what its element holds (`view.state.values`)."""
    for block, elements in ((view.get("state") or {}).get("values") or {}).items():
        for state in elements.values():
            if "selected_options" in state:
                yield str(block), tuple(str(one["value"]) for one in state["selected_options"])
            elif "selected_option" in state:
                yield str(block), (state["selected_option"] or {}).get("value")
            else:
                yield str(block), state.get("value")


def _frame(form: Form) -> View:
    return {
        "type": "modal",
        "callback_id": MODAL,
        "title": _plain(TITLES[form.kind]),
        "private_metadata": form.written(),
    }


def _question(form: Form) -> View:
    about = form.kind == "about"
    hint = f"{words.QUESTION_OPTIONAL} {words.QUESTION_HINT}" if about else words.QUESTION_HINT
    asked = _text("question", words.QUESTION, hint)
    asked["optional"] = about
    return asked


def _assistants(offer: Offer) -> list[View]:
    everybody = offer.assistants.by_key
    if len(everybody) == 1:
        return []
    menu = _menu(words.ASSISTANT, _named(everybody), offer.assistant.key)
    element = {**menu.pop("element"), "action_id": CHOOSE_ASSISTANT}
    return [{**menu, "block_id": "assistant", "element": element, "dispatch_action": True}]


def _thread_assistant(assistants: Assistants, now: str | None) -> list[View]:
    if len(assistants.by_key) == 1:
        return []
    chosen = now if now is not None and now in assistants.by_key else NOBODY
    return [
        {
            "block_id": "assistant",
            **_menu(words.ASSISTANT, {NOBODY: words.AS_IN_CHANNEL, **_named(assistants.by_key)}, chosen),
        }
    ]


def _models(offer: Offer) -> list[View]:
    """A block of another name for each assistant: what was chosen for another one is chosen no more."""
    if len(offer.all_models) == 1:
        return []
    models = {model: model for model in offer.all_models}
    return [{"block_id": f"model_{offer.assistant.key}", **_menu(words.MODEL, models, offer.assistant.model)}]


def _tools(assistant: Assistant) -> Iterator[View]:
    names = switchable(assistant)
    for place in range(0, len(names), MOST_BOXES):
        some = names[place : place + MOST_BOXES]
        label = words.TOOLS_MORE if place else words.TOOLS
        boxes = [(name, tool_label(name)) for name in some]
        yield {**_boxes(f"tools_{assistant.key}_{place}", label, boxes, some), "hint": _plain(words.TOOLS_HINT)}


def switchable(assistant: Assistant) -> tuple[str, ...]:
    """Those of its tools that a modal can name."""
    return tuple(name for name in tool_names(assistant) if len(name) <= VALUE_CHARS)


def _named(everybody: Mapping[str, Assistant]) -> dict[str, str]:
    return {key: assistant.name for key, assistant in everybody.items()}


def _menu(label: str, offered: Mapping[str, str], chosen: str) -> View:
    options = [_option(value, text) for value, text in offered.items()][:MOST_OPTIONS]
    initial = next((option for option in options if option["value"] == chosen), options[0])
    element = {"type": "static_select", "action_id": "chosen", "options": options, "initial_option": initial}
    return {"type": "input", "label": _plain(label), "element": element}


def _boxes(block_id: str, label: str, offered: Sequence[tuple[str, str]], ticked: Sequence[str]) -> View:
    options = [_option(value, text) for value, text in offered]
    initial = [option for option in options if option["value"] in ticked]
    element: View = {"type": "checkboxes", "action_id": "ticked", "options": options}
    if initial:
        element["initial_options"] = initial
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label),
        "element": element,
        "optional": True,
    }


def _text(name: str, label: str, hint: str, now: str = "") -> View:
    most = QUESTION_CHARS if name == "question" else INSTRUCTIONS_CHARS
    element: View = {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": most}
    if now:
        element["initial_value"] = now[:most]
    block = {"type": "input", "block_id": name, "label": _plain(label), "hint": _plain(hint), "element": element}
    return {**block, "optional": True}


def _option(value: str, text: str) -> View:
    return {"text": _plain(one_line(text, OPTION_CHARS) or value), "value": value}


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text}
