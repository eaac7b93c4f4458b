"""Payloads that are not plain messages."""

from dataclasses import replace
from typing import Any

import pytest

from bot.reply.details import Leaf
from bot.reply.reason import FIELD, About
from handlers.parse import (
    Deleted,
    Edited,
    Ignored,
    Opened,
    Pressed,
    Reasoned,
    Stopped,
    Turned,
    installed_team,
    parse_button,
    parse_home,
    parse_message,
    parse_page,
    parse_reason,
    parse_stop,
)

OUTER: dict[str, Any] = {"team_id": "T1", "authorizations": [{"team_id": "T1"}], "is_ext_shared_channel": False}
POST = {"type": "message", "user": "U1", "team": "T1", "ts": "1700000000.000100", "text": "now"}


def event(**fields: Any) -> dict[str, Any]:
    return {**OUTER, "event": fields}


def changed(message: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    previous = {} if before is None else {"previous_message": before}
    return event(
        type="message", subtype="message_changed", channel="C1", ts="1700000009.0", message=message, **previous
    )


def press(**fields: Any) -> dict[str, Any]:
    container = {"channel_id": "C1", "message_ts": "1.2", "thread_ts": "1.1"}
    payload = {"container": container, "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}}
    return {**payload, "actions": [{"value": "up"}], **fields}


def test_an_edit_carries_the_message_as_it_reads_now() -> None:
    parsed = parse_message(changed(POST, {**POST, "text": "before"}))
    assert isinstance(parsed, Edited)
    assert (parsed.post.text, parsed.post.ts, parsed.post.edited) == ("now", POST["ts"], True)


def test_an_edit_of_the_files_alone_is_an_edit() -> None:
    parsed = parse_message(changed({**POST, "files": [{"id": "F1"}]}, POST))
    assert isinstance(parsed, Edited)
    assert parsed.post.files == ({"id": "F1"},)


def test_an_edit_that_does_not_say_what_was_before_counts() -> None:
    assert isinstance(parse_message(changed(POST, None)), Edited)


def test_an_unfurled_link_is_no_edit() -> None:
    unfurled = {**POST, "attachments": [{"title": "page"}], "edited": {"user": "U1", "ts": "1.3"}}
    assert parse_message(changed(unfurled, POST)) == Ignored("an edit without other text or files")


def test_a_root_whose_replies_stay_is_deleted_by_a_tombstone() -> None:
    tombstone = {**POST, "user": "USLACKBOT", "subtype": "tombstone", "text": "This message was deleted."}
    assert parse_message(changed(tombstone, POST)) == Deleted("T1", "C1", "1700000000.000100")


@pytest.mark.parametrize("said", [{"deleted_ts": "1.2"}, {"previous_message": {"ts": "1.2"}}])
def test_a_deletion_names_its_message_in_two_ways(said: dict[str, Any]) -> None:
    body = event(type="message", subtype="message_deleted", channel="C1", ts="1.9", **said)
    assert parse_message(body) == Deleted("T1", "C1", "1.2")


def test_what_names_no_message_is_ignored() -> None:
    assert isinstance(parse_message({}), Ignored)
    assert isinstance(parse_message(event(type="message", subtype="message_deleted", channel="C1")), Ignored)
    assert isinstance(parse_message(event(type="message", subtype="message_changed", channel="C1")), Ignored)
    assert isinstance(parse_message(event(type="message", user="U1", ts="1.2")), Ignored)


def test_the_team_is_the_installations_not_the_authors() -> None:
    assert installed_team({"team_id": "T9", "authorizations": [{"team_id": "T1"}]}) == "T1"
    assert installed_team({"team_id": "T1"}) == "T1"


def test_a_stop_needs_a_thread() -> None:
    stop = {"type": "agent_session_stopped", "channel": "C1"}
    assert parse_stop(event(**stop, thread_ts="1.1", user="U1")) == Stopped("T1", "C1", "1.1", "U1")
    assert parse_stop(event(**stop, thread_ts="1.1")) == Stopped("T1", "C1", "1.1", "")
    assert isinstance(parse_stop(event(**stop)), Ignored)


def test_only_the_messages_tab_is_one_in_which_people_write() -> None:
    assert parse_home(event(type="app_home_opened", tab="messages", channel="D1")) == Opened("T1", "D1")
    assert parse_home(event(type="app_home_opened", tab="home", channel="D1")) == Ignored("the tab home")
    assert isinstance(parse_home({}), Ignored)


def test_a_press_is_known_by_the_message_it_stands_under() -> None:
    assert parse_button(press()) == Pressed("T1", "C1", "1.2", "1.1", "U1", False, "up", user_team="T1")
    assert isinstance(parse_button(press(container={"type": "view"})), Ignored)
    assert isinstance(parse_button(press(user={})), Ignored)


def test_a_press_that_may_open_a_modal_says_by_what() -> None:
    pressed = parse_button(press(trigger_id="1.2.3"))
    assert isinstance(pressed, Pressed)
    assert pressed.trigger_id == "1.2.3"


def test_a_page_is_turned_in_the_modal_that_says_whose_details_it_shows() -> None:
    leaf = Leaf("T1", "C1", "1.2", "U1", page=3)
    view = {"id": "V1", "private_metadata": leaf.written()}
    inside = {"container": {"type": "view", "view_id": "V1"}}
    turned = [
        parse_page(press(**inside, view=view, actions=[{"action_id": action}]))
        for action in ("details_next", "details_previous")
    ]
    assert turned == [Turned("T1", "U1", False, "V1", replace(leaf, page=page)) for page in (4, 2)]
    assert isinstance(parse_page(press(**inside, view={**view, "private_metadata": "{}"})), Ignored)
    assert isinstance(parse_page(press(**inside, view={"private_metadata": leaf.written()})), Ignored)
    assert isinstance(parse_page(press(**inside, view=view, user={})), Ignored)
    assert isinstance(parse_page({}), Ignored)


@pytest.mark.parametrize(
    ("user_team", "enterprise", "external"),
    [("T1", None, False), ("T9", None, True), (None, None, True), ("E1", "E1", False), ("T9", "E1", True)],
)
def test_whose_person_pressed(user_team: str | None, enterprise: str | None, external: bool) -> None:
    pressed = parse_button(
        press(user={"id": "U1", "team_id": user_team}, enterprise=enterprise and {"id": enterprise})
    )
    assert isinstance(pressed, Pressed)
    assert pressed.external is external


def submission(reason: str | None, metadata: str) -> dict[str, Any]:
    state = {"values": {FIELD: {FIELD: {"type": "plain_text_input", "value": reason}}}}
    view = {"id": "V1", "private_metadata": metadata, "state": state}
    return {"type": "view_submission", "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}, "view": view}


def test_a_reason_is_about_the_answer_that_its_modal_was_opened_for() -> None:
    about = About("C1", "1.2")
    metadata = about.modal()["private_metadata"]
    assert parse_reason(submission(" too long ", metadata)) == Reasoned("T1", "U1", False, about, "too long")


@pytest.mark.parametrize(
    ("reason", "metadata"),
    [
        (None, About("C1", "1.2").modal()["private_metadata"]),
        (" ", About("C1", "1.2").modal()["private_metadata"]),
        ("why", ""),
        ("why", "[]"),
        ("why", '{"channel": "C1"}'),
        ("why", '{"other": 1}'),
    ],
)
def test_a_modal_without_a_reason_or_of_somebody_else_is_ignored(reason: str | None, metadata: str) -> None:
    assert isinstance(parse_reason(submission(reason, metadata)), Ignored)
