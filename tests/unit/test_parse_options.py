"""Payloads of the command, the shortcuts and the modals of options; and what these modals show."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.assistants import Assistant, Assistants, ChosenFunction
from bot.options_view import MOST_BOXES, Filled, Form, Offer, asking, filled, thread_settings
from bot.playground.slack.blocks import view_problems
from bot.typed import Typed
from handlers.parse import Ignored
from handlers.parse_options import Opening, Submitted, parse_form, parse_opening, parse_typed
from storage.preference_records import Preferences

TS, ROOT = "1700000100.000200", "1700000000.000100"
FORM = Form("options", "T1", "C1", ROOT, TS, "U1", TS, "what they said")
MANY = Assistant(
    model="gpt-6.2-sol",
    name="Many",
    tools=("file_search", "web_search"),
    functions=tuple(ChosenFunction(function=f"acme.tools:function_{n}") for n in range(12)),
)
OFFER = Offer(
    Assistants({"default": MANY, "legal": Assistant(model="m", key="legal", name="Counsel")}, {}), MANY, ()
)


def shortcut(**more: Any) -> dict[str, Any]:
    return {
        "type": "message_action",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "channel": {"id": "C1"},
        "message": {"ts": TS, "thread_ts": ROOT, "text": "hi <@U2>", "user": "U2"},
        "trigger_id": "t",
        "action_ts": "1700000200.000300",
        **more,
    }


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("", "", ""),
        ("  HELP ", "help", ""),
        ("instructions  Be  brief. ", "instructions", "Be  brief."),
        ("instructions\nBe brief.\nAlways.", "instructions", "Be brief.\nAlways."),
        ("assistant Counsel", "assistant", "Counsel"),
        ("mute please", "mute", "please"),
    ],
)
def test_a_command_is_a_word_and_the_rest(text: str, word: str, rest: str) -> None:
    body = {"team_id": "T1", "channel_id": "C1", "user_id": "U1", "text": text}
    assert parse_typed(body) == Typed("T1", "C1", "U1", word, rest)
    assert isinstance(parse_typed({**body, "user_id": ""}), Ignored)


def test_a_shortcut_opens_a_form_about_its_message() -> None:
    opening = parse_opening(shortcut(), "about")
    form = Form("about", "T1", "C1", ROOT, TS, "U1", "1700000200.000300")
    assert opening == Opening(form, "t", "hi <@U2>", external=False, in_thread=True)
    assert isinstance(parse_opening(shortcut(action_ts=None), "about"), Ignored)
    assert isinstance(parse_opening(shortcut(message={}), "about"), Ignored)


def test_a_form_is_read_as_it_was_written_and_nothing_else_is() -> None:
    assert Form.read(FORM.written()) == FORM
    whole = json.loads(FORM.written())
    for wrong in ({"kind": "other"}, {"at": "soon"}, {"user": 1}, {"more": ""}, {"thread_ts": "1.1"}):
        assert Form.read(json.dumps({**whole, **wrong})) is None
    for text in ("", "{", "[]", "null", json.dumps({"kind": "about"})):
        assert Form.read(text) is None


def test_what_is_filled_in_is_read_from_the_views_state() -> None:
    def one(value: str) -> dict[str, Any]:
        return {"value": value, "text": {"type": "plain_text", "text": "x"}}

    values = {
        "question": {"text": {"type": "plain_text_input", "value": " why? "}},
        "extra": {"text": {"type": "plain_text_input", "value": None}},
        "assistant": {"options_assistant": {"type": "static_select", "selected_option": one("legal")}},
        "model_legal": {"chosen": {"type": "static_select", "selected_option": one("m")}},
        "tools_legal_0": {"ticked": {"type": "checkboxes", "selected_options": [one("a"), one("b")]}},
        "tools_legal_10": {"ticked": {"type": "checkboxes", "selected_options": [one("k")]}},
        "mute": {"ticked": {"type": "checkboxes", "selected_options": []}},
        "more_temperature": {"text": {"type": "plain_text_input", "value": "0,5"}},
        "more_truncation": {"chosen": {"type": "static_select", "selected_option": one("disabled")}},
        "more_top_p": {"text": {"type": "plain_text_input", "value": None}},
        "other": {"x": {"type": "datepicker", "selected_date": "2026-01-01"}},
    }
    view = {"id": "V1", "private_metadata": FORM.written(), "state": {"values": values}}
    more = {"temperature": "0,5", "truncation": "disabled"}
    assert filled(view) == Filled("why?", "legal", "m", ("a", "b", "k"), more=more)
    body = {"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"}, "view": view}
    assert parse_form(body) == Submitted("T1", "U1", "T1", False, "V1", FORM, filled(view))
    assert filled({}) == Filled()
    assert isinstance(parse_form({**body, "view": {**view, "private_metadata": "{}"}}), Ignored)


def test_the_modals_are_what_slack_takes() -> None:
    views = [
        asking(replace(FORM, kind="about"), OFFER),
        asking(FORM, OFFER),
        asking(replace(FORM, kind="more"), OFFER),
        thread_settings(FORM, OFFER.assistants, Preferences("gone", "x" * 4_000, muted=True)),
        thread_settings(FORM, Assistants.only(MANY), Preferences()),
        asking(FORM, Offer(Assistants.only(MANY), MANY, tuple(f"model-{n}" for n in range(120)))),
    ]
    assert [view_problems(view) for view in views] == [[]] * len(views)
    boxes = [block["element"] for block in views[1]["blocks"] if block["block_id"].startswith("tools_")]
    assert [len(box["options"]) for box in boxes] == [MOST_BOXES, 4]


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300), st.text(max_size=100))
def test_whatever_people_write_the_modals_are_what_slack_takes(text: str, name: str) -> None:
    form = FORM.excerpted(text)
    named = MANY.model_copy(update={"name": name or "x"})
    offer = Offer(Assistants({"default": named, "other": MANY}, {}), named, ("gpt-6-luna",))
    assert Form.read(form.written()) == form
    assert view_problems(asking(form, offer)) == []
    assert view_problems(thread_settings(form, offer.assistants, Preferences(None, text or None))) == []
