"""Modals: docs.slack.dev/surfaces/modals, docs.slack.dev/reference/views/modal-views, .../methods/views.*."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from bot.playground.slack.blocks import view_problems
from bot.playground.slack.records import Modal
from bot.playground.slack.views import VIEW_BYTES
from tests.emulators.slack_rig import Json, Rig, error_of, rig
from tests.emulators.test_slack_blocks import button, container, markdown, mrkdwn, plain, section

OPTIONS = [{"text": plain(value), "value": value} for value in ("wrong", "rude")]


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Details"), "blocks": list(blocks), **more}


def field(block_id: str, kind: str = "plain_text_input", optional: bool = False, **more: Any) -> Json:
    element = {"type": kind, "action_id": "a", **more}
    return {"type": "input", "block_id": block_id, "label": plain(), "optional": optional, "element": element}


def form(*blocks: Json, **more: Any) -> Json:
    """A modal that can be submitted."""
    return modal(*blocks, submit=plain("Send"), callback_id="form", private_metadata="m", **more)


async def opened(r: Rig, view: Json) -> Modal:
    """That view, open in front of Ann."""
    answer = await r.client.views_open(trigger_id=r.slack.new_trigger(r.ann), view=view)
    return r.slack.views[answer["view"]["id"]]


async def interaction(
    ws: aiohttp.ClientWebSocketResponse, doing: Any, answer: Json | None = None
) -> tuple[Json, bool]:
    """The payload that this leads to, acknowledged with that answer; and how the person's act ended."""
    act = asyncio.ensure_future(doing)
    envelope = await ws.receive_json()
    carried = {} if answer is None else {"payload": answer}
    await ws.send_json({"envelope_id": envelope["envelope_id"], **carried})
    return envelope["payload"], await act


# -- what a modal may be


EDGES: dict[str, tuple[int, Callable[[int], Json]]] = {
    "title": (24, lambda n: modal(title=plain("y" * n))),
    "submit": (24, lambda n: modal(submit=plain("y" * n))),
    "close": (24, lambda n: modal(close=plain("y" * n))),
    "blocks": (100, lambda n: modal(*[section()] * n)),
    "private_metadata": (3000, lambda n: modal(private_metadata="y" * n)),
    "callback_id": (255, lambda n: modal(callback_id="y" * n)),
    "external_id": (255, lambda n: modal(external_id="y" * n)),
    "section": (3000, lambda n: modal(section("y" * n))),
    "label": (2000, lambda n: form({**field("b"), "label": plain("y" * n)})),
    "max_length": (3000, lambda n: form(field("b", multiline=True, max_length=n))),
    "alert": (200, lambda n: modal({"type": "alert", "text": plain("y" * n)})),  # slack-platform.md §3.2
}


@pytest.mark.parametrize(("limit", "view"), EDGES.values(), ids=EDGES.keys())
def test_a_modal_is_refused_from_one_above_its_limits_on(limit: int, view: Callable[[int], Json]) -> None:
    assert [bool(view_problems(view(limit + step))) for step in (-1, 0, 1)] == [False, False, True]


TASK = {"type": "task_card", "task_id": "t", "title": "x", "status": "complete"}
BAD: dict[str, tuple[Any, str]] = {
    # messages only: slack-platform.md §3.2, docs.slack.dev/blocks.json
    "a markdown block": (modal(markdown("x")), "unsupported type: markdown"),
    "a container": (modal(container()), "unsupported type: container"),
    "a task card": (modal(TASK), "unsupported type: task_card"),
    "a plan": (modal({"type": "plan", "title": "x", "tasks": []}), "unsupported type: plan"),
    "feedback buttons": (modal({"type": "context_actions", "elements": []}), "unsupported type: context_actions"),
    # slackapi/node-slack-sdk#875, in Slack's words
    "an input without submit": (modal(field("b")), "must define `submit` to use `input` block"),
    "a title in mrkdwn": (modal(title=mrkdwn()), "/view/title/type"),
    "one block_id twice": (form(field("b"), field("b")), "block_id already exists: b"),
    "a home tab": ({"type": "home", "blocks": []}, "/view/type"),
    "an unknown key": (modal(submit_disabled=True), "submit_disabled"),  # nicklambourne/slackblocks#36
    "no title": ({"type": "modal", "blocks": []}, "title"),
    "a string": ("modal", "must be an object"),
}


@pytest.mark.parametrize(("view", "says"), BAD.values(), ids=BAD.keys())
def test_a_view_that_is_no_valid_modal_is_refused_saying_where(view: Any, says: str) -> None:
    assert any(says in problem for problem in view_problems(view)), view_problems(view)


def test_every_kind_of_input_is_taken() -> None:
    view = form(
        field("text", multiline=True, max_length=500, focus_on_load=True, placeholder=plain()),
        field("radio", "radio_buttons", options=OPTIONS, initial_option=OPTIONS[0]),
        field("boxes", "checkboxes", options=OPTIONS, initial_options=OPTIONS),
        field("select", "static_select", options=OPTIONS, placeholder=plain()),
        notify_on_close=True,
        clear_on_close=True,
    )
    assert view_problems(view) == []


async def test_a_view_of_more_than_250_kilobytes_is_refused() -> None:
    async with rig() as r:  # docs.slack.dev/reference/methods/views.open: view_too_large

        def sized(size: int) -> Json:
            view = modal(*[section("y" * 2900) for _ in range(84)], private_metadata="")
            view["private_metadata"] = "y" * (size - len(json.dumps(view, separators=(",", ":"))))
            return view

        async def error(size: int) -> str:
            opening = r.client.views_open(trigger_id=r.slack.new_trigger(r.ann), view=sized(size))
            return await error_of(opening)

        assert [await error(VIEW_BYTES + step) for step in (-1, 0, 1)] == ["", "", "view_too_large"]


# -- opening, updating, pushing


async def test_a_press_opens_one_modal_within_three_seconds() -> None:
    async with rig() as r:
        first, late = r.slack.new_trigger(r.ann), r.slack.new_trigger(r.ann)
        opening, view = r.client.views_open, modal(section())
        assert await error_of(opening(trigger_id=first, view=view)) == ""
        assert await error_of(opening(trigger_id=first, view=view)) == "exchanged_trigger_id"
        assert await error_of(opening(trigger_id="made.up", view=view)) == "invalid_trigger_id"
        bad = opening(trigger_id=late, view={"type": "modal"})
        assert await error_of(bad) == "invalid_arguments"
        await r.clock.advance(3)
        assert await error_of(opening(trigger_id=late, view=view)) == "expired_trigger_id"
        assert [(shown.user, shown.title) for shown in r.slack.modals] == [(r.ann, "Details")]


async def test_an_answer_describes_the_view_with_ids_for_all_its_blocks() -> None:
    async with rig() as r:
        view = modal(section(), private_metadata="m", external_id="e")
        answer = await r.client.views_open(trigger_id=r.slack.new_trigger(r.ann), view=view)
        shown = answer["view"]
        assert (shown["private_metadata"], shown["external_id"], shown["submit"]) == ("m", "e", None)
        assert (shown["root_view_id"], shown["previous_view_id"]) == (shown["id"], None)
        assert (shown["state"], shown["blocks"][0]["block_id"] > "") == ({"values": {}}, True)


async def test_an_update_replaces_the_view_by_either_id_and_changes_its_hash() -> None:
    async with rig() as r:
        shown = await opened(r, modal(section("Loading…"), external_id="e"))
        before, update = shown.hash, r.client.views_update
        await update(external_id="e", hash=before, view=modal(section("one"), external_id="e"))
        assert (shown.blocks[0]["text"]["text"], shown.hash == before) == ("one", False)
        stale = update(view_id=shown.id, hash=before, view=modal(section("two")))
        assert await error_of(stale) == "hash_conflict"
        await update(view_id=shown.id, view=modal(section("three")))
        assert shown.blocks[0]["text"]["text"] == "three"
        assert await error_of(update(external_id="e", view=modal())) == "not_found"  # it was not said again
        bad = update(view_id=shown.id, view=modal(markdown("x")))
        assert await error_of(bad) == "invalid_arguments"


async def test_a_view_that_was_closed_or_never_was_is_not_found() -> None:
    async with rig() as r:
        shown = await opened(r, modal())
        assert await r.slack.close_modal(shown.id, r.ann)
        for name in (shown.id, "V404"):
            assert await error_of(r.client.views_update(view_id=name, view=modal())) == "not_found"
        assert (await r.call("views.update", view=modal()))["error"] == "invalid_arguments"


async def test_an_external_id_is_used_once() -> None:
    async with rig() as r:  # "must be unique for all views on a per-team basis"
        shown = await opened(r, modal(external_id="e"))
        again = r.client.views_open(trigger_id=r.slack.new_trigger(r.ann), view=modal(external_id="e"))
        assert await error_of(again) == "duplicate_external_id"
        same = r.client.views_update(view_id=shown.id, view=modal(external_id="e"))
        assert await error_of(same) == ""


async def test_an_update_keeps_what_was_entered_where_both_ids_stay() -> None:
    async with rig() as r:  # docs.slack.dev/reference/methods/views.update, "preserving input entry"
        ws = await r.socket()
        shown = await opened(r, form(field("b", dispatch_action_config={}), field("c", optional=True)))
        shown.values["b"]["a"]["value"] = "typed"
        await r.client.views_update(view_id=shown.id, view=form(field("b"), field("d", initial_value="new")))
        payload, _ = await interaction(ws, r.slack.submit(shown.id, r.ann))
        values = payload["view"]["state"]["values"]
        assert (values["b"]["a"]["value"], values["d"]["a"]["value"]) == ("typed", "new")
        assert "c" not in values


async def test_two_views_may_be_pushed_onto_a_modal_by_what_is_pressed_in_it() -> None:
    async with rig() as r:  # docs.slack.dev/reference/methods/views.push
        ws = await r.socket()
        shown = await opened(r, modal({"type": "actions", "elements": [button()]}))
        payload, _ = await interaction(ws, r.slack.press_in_modal(shown.id, r.ann, "a"))

        async def push(trigger_id: str) -> str:
            return await error_of(r.client.views_push(trigger_id=trigger_id, view=modal()))

        assert await push(r.slack.new_trigger(r.ann)) == "invalid_trigger_id"
        assert await push(payload["trigger_id"]) == ""
        assert await push(payload["trigger_id"]) == "exchanged_trigger_id"
        assert await push(r.slack.new_trigger(r.ann, shown.id)) == ""
        assert await push(r.slack.new_trigger(r.ann, shown.id)) == "push_limit_reached"
        with pytest.raises(LookupError):
            await r.slack.press_in_modal(shown.id, r.ann, "a")  # it lies below


# -- pressing in a modal


async def test_a_press_in_a_modal_tells_the_view_and_no_message() -> None:
    async with rig() as r:
        ws = await r.socket()
        more = {"type": "actions", "block_id": "p", "elements": [button(action_id="next", value="2")]}
        shown = await opened(r, modal(more, private_metadata="m"))
        payload, acked = await interaction(ws, r.slack.press_in_modal(shown.id, r.ann, "next"))
        assert (payload["type"], acked) == ("block_actions", True)
        assert payload["container"] == {"type": "view", "view_id": shown.id}
        assert payload.keys().isdisjoint({"message", "channel", "response_url"})
        assert (payload["view"]["private_metadata"], payload["view"]["hash"]) == ("m", shown.hash)
        [action] = payload["actions"]
        assert (action["action_id"], action["block_id"], action["value"]) == ("next", "p", "2")


async def test_only_who_sees_a_modal_can_press_in_it_and_only_what_tells_the_app() -> None:
    async with rig() as r:
        shown = await opened(r, form(field("b")))
        bob = r.slack.add_person("Bob")
        for user, action in ((bob, "a"), (r.ann, "a"), (r.ann, "other")):  # an input waits for the submission
            with pytest.raises(LookupError):
                await r.slack.press_in_modal(shown.id, user, action)
        assert (r.slack.modal_of(r.ann), r.slack.modal_of(bob)) == (shown, None)


async def test_a_pick_is_told_at_once_where_the_block_dispatches_it() -> None:
    async with rig() as r:
        ws = await r.socket()
        picker = {**field("b", "static_select", options=OPTIONS), "dispatch_action": True}
        shown = await opened(r, form(picker))
        payload, _ = await interaction(ws, r.slack.press_in_modal(shown.id, r.ann, "a", "rude"))
        assert payload["actions"][0]["selected_option"] == OPTIONS[1]
        assert payload["view"]["state"]["values"]["b"]["a"]["selected_option"] == OPTIONS[1]


# -- submitting and closing


async def test_a_submission_carries_everything_entered_and_an_empty_ack_closes() -> None:
    async with rig() as r:
        ws = await r.socket()
        radio = field("why", "radio_buttons", options=OPTIONS)
        boxes = field("all", "checkboxes", options=OPTIONS, optional=True)
        shown = await opened(r, form(radio, boxes, field("text", optional=True, multiline=True)))
        values = {"why": {"a": "wrong"}, "text": {"a": "two\nlines"}}
        payload, fine = await interaction(ws, r.slack.submit(shown.id, r.ann, values))
        assert (payload["type"], payload["user"]["id"], fine) == ("view_submission", r.ann, True)
        assert (payload["view"]["callback_id"], payload["view"]["private_metadata"]) == ("form", "m")
        assert payload["view"]["state"]["values"] == {
            "why": {"a": {"type": "radio_buttons", "selected_option": OPTIONS[0]}},
            "all": {"a": {"type": "checkboxes", "selected_options": []}},
            "text": {"a": {"type": "plain_text_input", "value": "two\nlines"}},
        }
        assert r.slack.modals == []


async def test_a_submission_that_is_not_acknowledged_leaves_the_modal_open() -> None:
    async with rig() as r:
        ws, shown = await r.socket(), await opened(r, form())
        act = asyncio.create_task(r.slack.submit(shown.id, r.ann))
        await ws.receive_json()
        await r.clock.advance(3)
        assert (await act, shown.open) == (False, True)


async def test_an_ack_may_show_errors_or_another_view_instead() -> None:
    async with rig() as r:
        ws, shown = await r.socket(), await opened(r, form(field("b")))

        async def submit(answer: Json) -> bool:
            seen = r.slack.modal_of(r.ann)
            assert seen
            return (await interaction(ws, r.slack.submit(seen.id, r.ann, {"b": {"a": "x"}}), answer))[1]

        assert await submit({"response_action": "errors", "errors": {"b": "Say more."}})
        assert (shown.open, shown.errors) == (True, {"b": "Say more."})
        assert await submit({"response_action": "update", "view": form(field("b"), section("2nd"))})
        assert (len(shown.blocks), shown.errors) == (2, {})
        assert await submit({"response_action": "push", "view": form(field("b"), title=plain("Over"))})
        assert [view.title for view in r.slack.modals] == ["Details", "Over"]
        assert await submit({})
        assert r.slack.modals == [shown]
        assert await submit({"response_action": "push", "view": form(field("b"))})
        assert await submit({"response_action": "clear"})
        assert r.slack.modals == []


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"s": "not an input"}},  # slackapi/bolt-js#1267: input blocks
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": {"b": ""}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "update"},
        {"response_action": "close"},
        {"text": "thanks"},
    ],
)
async def test_an_ack_that_slack_does_not_understand_leaves_the_modal_open_and_is_noted(answer: Json) -> None:
    async with rig() as r:
        ws, shown = await r.socket(), await opened(r, form(field("b"), section(block_id="s")))
        _, fine = await interaction(ws, r.slack.submit(shown.id, r.ann, {"b": {"a": "x"}}), answer)
        assert (fine, shown.open, len(r.slack.broken_acks)) == (False, True, 1)


REFUSED_ENTRIES: dict[str, tuple[Json, Json, type[Exception]]] = {
    "nothing where something is required": (field("b"), {}, ValueError),
    "too much": (field("b", max_length=3), {"b": {"a": "four"}}, ValueError),
    "too little": (field("b", min_length=3), {"b": {"a": "2"}}, ValueError),
    "two lines in one": (field("b"), {"b": {"a": "1\n2"}}, ValueError),
    "one box": (field("b", "checkboxes", options=OPTIONS), {"b": {"a": "rude"}}, ValueError),
    "what is not offered": (field("b", "radio_buttons", options=OPTIONS), {"b": {"a": "x"}}, LookupError),
    "elsewhere": (field("b"), {"c": {"a": "x"}}, LookupError),
}


@pytest.mark.parametrize(("block", "values", "error"), REFUSED_ENTRIES.values(), ids=REFUSED_ENTRIES.keys())
async def test_what_the_client_does_not_take_is_never_sent(
    block: Json, values: Json, error: type[Exception]
) -> None:
    async with rig() as r:
        shown = await opened(r, form(block))
        with pytest.raises(error):
            await r.slack.submit(shown.id, r.ann, values)
        assert shown.open


async def test_a_modal_without_submit_cannot_be_submitted() -> None:
    async with rig() as r:
        shown = await opened(r, modal(section()))
        with pytest.raises(LookupError):
            await r.slack.submit(shown.id, r.ann)


async def test_closing_is_told_only_where_the_view_asked_for_it() -> None:
    async with rig() as r:
        ws = await r.socket()
        quiet = await opened(r, modal())
        assert await r.slack.close_modal(quiet.id, r.ann)
        loud = await opened(r, form(field("b", initial_value="x"), notify_on_close=True))
        payload, _ = await interaction(ws, r.slack.close_modal(loud.id, r.ann))
        assert (payload["type"], payload["is_cleared"]) == ("view_closed", False)
        assert (payload["view"]["id"], payload["view"]["state"]) == (loud.id, {"values": {}})
        assert "trigger_id" not in payload
        assert r.slack.modals == []


@pytest.mark.parametrize(("clears", "by_x", "left"), [(False, False, 1), (True, False, 0), (False, True, 0)])
async def test_closing_goes_back_to_the_view_below_or_clears_them_all(clears: bool, by_x: bool, left: int) -> None:
    async with rig() as r:
        below = await opened(r, modal())
        trigger = r.slack.new_trigger(r.ann, below.id)
        await r.client.views_push(trigger_id=trigger, view=modal(clear_on_close=clears))
        top = r.slack.modal_of(r.ann)
        assert top
        assert top is not below
        await r.slack.close_modal(top.id, r.ann, all_views=by_x)
        assert len(r.slack.modals) == left
