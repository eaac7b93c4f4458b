"""What can be entered in a modal: its stateful elements and what their state looks like; pure.

Shapes: docs.slack.dev/reference/interaction-payloads/view-interactions-payload (`view.state.values`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.playground.slack.records import Json

TEXT_CHARS = 3000  # the highest max_length of a plain_text_input, docs.slack.dev/reference/block-kit
STATEFUL = ("plain_text_input", "static_select", "radio_buttons", "checkboxes")

Entered = Mapping[str, Mapping[str, object]]  # by block_id and action_id, as a test or a page gives it


def elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element of those blocks with the block it is in, containers looked into."""
    for block in blocks:
        found = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        yield from ((block, element) for element in found if isinstance(element, dict))
        yield from elements(block.get("child_blocks", ()))


def fields(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """The elements that hold something entered."""
    return ((block, element) for block, element in elements(blocks) if element["type"] in STATEFUL)


def with_ids(blocks: Sequence[Json], new_id: Callable[[str], str]) -> list[Json]:
    """Copies of blocks of a view in which blocks and elements without an id got a new one, as from Slack."""
    named = []
    for block in blocks:
        copy = {"block_id": new_id("b"), **block}
        if block["type"] == "actions":
            copy["elements"] = [{"action_id": new_id("a"), **each} for each in block["elements"]]
        for key in ("accessory", "element"):
            if key in block:
                copy[key] = {"action_id": new_id("a"), **block[key]}
        named.append(copy)
    return named


def first_values(blocks: Sequence[Json], kept: Json) -> Json:
    """The state of a view that is shown now; what has the same ids as in `kept` stays as it was entered."""
    values: Json = {}
    for block, element in fields(blocks):
        action_id, block_id = element["action_id"], block["block_id"]
        before = kept.get(block_id, {}).get(action_id)
        same = before is not None and before["type"] == element["type"]
        values.setdefault(block_id, {})[action_id] = before if same else _initial(element)
    return values


def _initial(element: Json) -> Json:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": element.get("initial_value") or None}
    if kind == "checkboxes":
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    return {"type": kind, "selected_option": element.get("initial_option")}


def entered(element: Json, value: object) -> Json:
    """The state of that element after somebody entered that: a text, an option's value, or several.

    Raises LookupError for an option that is not offered, ValueError for a text that the client does not take.
    """
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": _text(element, value)}
    if kind == "checkboxes":
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError(f"{element['action_id']} takes a list of values")
        return {"type": kind, "selected_options": [option(element, each) for each in value]}
    return {"type": kind, "selected_option": None if value is None else option(element, value)}


def option(element: Json, value: object) -> Json:
    """The option with that value; LookupError if there is none."""
    for offered in element["options"]:
        if offered["value"] == value:
            chosen: Json = offered
            return chosen
    raise LookupError(f"{element.get('action_id')} does not offer {value!r}")


def _text(element: Json, value: object) -> str | None:
    text = str(value or "")
    least, most = element.get("min_length", 0), element.get("max_length", TEXT_CHARS)
    if text and not least <= len(text) <= most:
        raise ValueError(f"{element['action_id']} takes from {least} to {most} characters")
    if "\n" in text and not element.get("multiline"):
        raise ValueError(f"{element['action_id']} takes one line")
    return text or None


def fill(blocks: Sequence[Json], values: Json, new: Entered) -> Json:
    """The state after somebody entered `new`; LookupError for what is not there, ValueError as `entered`."""
    places = {(block["block_id"], element["action_id"]): element for block, element in fields(blocks)}
    filled: Json = {block_id: dict(each) for block_id, each in values.items()}
    for block_id, actions in new.items():
        for action_id, value in actions.items():
            if (block_id, action_id) not in places:
                raise LookupError(f"there is nothing to enter at {block_id!r}, {action_id!r}")
            filled[block_id][action_id] = entered(places[block_id, action_id], value)
    return filled


def missing(blocks: Sequence[Json], values: Json) -> list[str]:
    """The input blocks that must be filled in and are not: with these the client submits nothing."""
    return [
        block["block_id"]
        for block, element in fields(blocks)
        if block["type"] == "input"
        and not block.get("optional")
        and not any(
            value for key, value in values[block["block_id"]][element["action_id"]].items() if key != "type"
        )
    ]
