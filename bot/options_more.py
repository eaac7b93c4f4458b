"""The further options of a question: figures, the use of tools, what becomes of a long thread. Pure.

They are what the assistant's entry says otherwise, or OpenAI. What is not here is for the entry alone: see
docs/assistants.md, "For one question".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot import setting_words as words
from bot.assistants import Assistant
from bot.overrides import tool_names

View = dict[str, Any]

MORE = "options_more"
"""The action_id of the button that shows them."""

BLOCK = "more_"
"""What the names of their blocks begin with; that of the override follows."""

USUAL = "-"
"""What a menu says where nothing is otherwise."""

CHOICES: Mapping[str, Mapping[str, str]] = {
    "tool_choice": {"required": words.TOOLS_REQUIRED, "none": words.TOOLS_NOT_AT_ALL},
    "truncation": {"auto": words.TRUNCATION_AUTO, "disabled": words.TRUNCATION_DISABLED},
}
LABELS = {
    "tool_choice": words.TOOL_CHOICE,
    "max_output_tokens": words.MAX_TOKENS,
    "temperature": words.TEMPERATURE,
    "top_p": words.TOP_P,
    "truncation": words.TRUNCATION,
}
HINTS = {
    "max_output_tokens": words.MAX_TOKENS_HINT,
    "temperature": words.SAMPLING_HINT,
    "top_p": words.SAMPLING_HINT,
}
FIGURE_CHARS = 10
LEAST_TOKENS, MOST_TOKENS = 16, 1_000_000  # OpenAI takes no fewer (reference/openai-platform.md §1)


@dataclass(frozen=True, slots=True)
class Figure:
    """Which numbers an option takes."""

    least: float
    most: float
    whole: bool = False

    def read(self, text: str) -> float | int | None:
        """The number that somebody wrote, with a point or a comma; None where it is none, or not one of these."""
        try:
            value = int(text) if self.whole else float(text.replace(",", "."))
        except ValueError:
            return None
        return value if self.least <= value <= self.most else None

    @property
    def wrong(self) -> str:
        """What to say of anything else."""
        if self.whole:
            return words.WHOLE_BETWEEN.format(least=int(self.least), most=f"{int(self.most):,}")
        return words.NUMBER_BETWEEN.format(least=f"{self.least:g}", most=f"{self.most:g}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen, by the names of the overrides; and what is wrong with the rest, by its block."""

    overrides: Mapping[str, Any]
    faults: Mapping[str, str]


def button() -> View:
    """What shows them."""
    pressed = {"type": "button", "action_id": MORE, "text": _plain(words.MORE_OPTIONS)}
    return {"type": "actions", "block_id": "more", "elements": [pressed]}


def inputs(assistant: Assistant) -> Iterator[View]:
    """The blocks in which they are chosen, as far as that assistant has any use for them."""
    for name, label in LABELS.items():
        if name != "tool_choice" or tool_names(assistant):
            element = _menu(CHOICES[name]) if name in CHOICES else _line()
            block = {"type": "input", "block_id": f"{BLOCK}{name}", "label": _plain(label), "element": element}
            hint = {"hint": _plain(HINTS[name])} if name in HINTS else {}
            yield {**block, **hint, "optional": True}


def read(entered: Mapping[str, str], assistant: Assistant) -> Chosen:
    """What somebody entered, by the names of the overrides; what is left empty is left as it is."""
    chosen: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, text in entered.items():
        figure = _figures(assistant).get(name)
        if not text.strip() or text == USUAL:
            continue
        if figure is None:
            chosen |= {name: text} if text in CHOICES.get(name, {}) else {}
        elif (value := figure.read(text.strip())) is not None:
            chosen[name] = value
        else:
            faults[f"{BLOCK}{name}"] = figure.wrong
    return Chosen(chosen, faults)


def _figures(assistant: Assistant) -> Mapping[str, Figure]:
    """Nobody gets a longer answer than whoever runs the bot pays for."""
    most = assistant.max_output_tokens or MOST_TOKENS
    return {
        "max_output_tokens": Figure(LEAST_TOKENS, most, whole=True),
        "temperature": Figure(0, 2),
        "top_p": Figure(0, 1),
    }


def _menu(choices: Mapping[str, str]) -> View:
    offered = {USUAL: words.AS_USUAL, **choices}
    options = [{"text": _plain(text), "value": value} for value, text in offered.items()]
    return {"type": "static_select", "action_id": "chosen", "options": options, "initial_option": options[0]}


def _line() -> View:
    return {"type": "plain_text_input", "action_id": "text", "max_length": FIGURE_CHARS}


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text}
