"""Approve and Deny in Slack: who may, what the others are told, and what is said in a thread that waits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot import words
from bot.playground.openai.script import Script, Text
from tests.scenario.test_functions import ASKS, Shop, wants
from tests.scenario.test_functions import shop as shop
from tests.scenario.world import World, actions

__all__ = ["shop"]


async def waiting(shop: Shop, world: World, *calls: Any) -> str:
    """A thread that waits for somebody to decide about those calls."""
    world.openai.queue(Script(Text("I would."), *calls))
    ts = await world.mention("refund 7")
    await shop.waits(ts)
    return ts


async def press(world: World, ts: str, action: str, call_id: str | None = None, user: str | None = None) -> None:
    """Somebody (Ann) presses a button of the newest message in a thread."""
    assert await world.slack.press(world.general, ts, user or world.ann, action, call_id)
    await world.settle()


def told(world: World, user: str) -> list[str]:
    """What one person was told alone."""
    return [one.text for one in world.slack.ephemerals if one.user == user]


async def test_a_yes_by_the_asker_goes_on_and_everybody_elses_clicks_are_harmless(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, world, wants("refund", order=7))
        asking = world.only_answer(ts).ts
        await press(world, asking, "approve_call", "call_1", user=world.bo)
        assert told(world, world.bo) == [words.CALL_OF_ASKER]
        assert shop.effects == []
        world.openai.queue(Script(Text("Refunded.")))
        await press(world, asking, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.until(world.answered(ts))
        assert shop.effects == ["refund 7"]
        assert world.only_answer(ts).text == "I would.\n\nRefunded."


async def test_a_second_click_is_told_who_was_first(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, world, wants("refund", "call_1", order=7), wants("refund", "call_2", order=8))
        asking = world.only_answer(ts).ts
        await press(world, asking, "deny_call", "call_1")
        assert told(world, world.ann) == [words.CALLS_LEFT.format(count=1)]
        await press(world, asking, "approve_call", "call_1")
        assert told(world, world.ann)[1:] == [words.CALL_DENIED_BY.format(name="Ann")]
        world.openai.queue(Script(Text("One of two.")))
        await press(world, asking, "approve_call", "call_2")
        await world.until(lambda: shop.statuses() == ["completed"])
        assert shop.effects == ["refund 8"]


async def test_approvers_alone_decide_where_there_are_any(shop: Shop, make_world: Callable[..., Any]) -> None:
    boss = "U0BOSS"
    async with shop.open({**ASKS, "approvers": [boss]}) as world:
        ts = await waiting(shop, world, wants("refund", order=7))
        await press(world, world.only_answer(ts).ts, "approve_call", "call_1")
        (sentence,) = told(world, world.ann)
        assert sentence.startswith("Only these people can decide this: ")
        assert shop.statuses() == ["requires_action"]
        await shop.decide("call_1", approve=False, user=boss)
        await world.until(lambda: shop.statuses() == ["completed"])


async def test_a_message_in_a_waiting_thread_is_answered_at_once_with_the_pending_call(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, world, wants("refund", order=7))
        await world.mention("and what about 8?", thread_ts=ts)
        await world.until(lambda: len(world.answers(ts)) == 2)
        reminder = world.answers(ts)[1]
        assert actions(reminder) == {"approve_call", "deny_call", "cancel_call"}
        assert words.CALLS_FIRST in json.dumps(reminder.blocks)
        assert '\\"order\\": 7' in json.dumps(reminder.blocks)
        assert shop.statuses() == ["requires_action"]

        world.openai.queue(Script(Text("Refunded.")), Script(Text("8 is fine.")))
        await press(world, reminder.ts, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed", "completed"])
        await world.until(world.answered(ts, count=2))
        assert [answer.text for answer in world.answers(ts)] == ["I would.\n\nRefunded.", "8 is fine."]


async def test_cancel_and_answer_this(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, world, wants("refund", order=7))
        await world.mention("no, just tell me a joke", thread_ts=ts)
        await world.until(lambda: len(world.answers(ts)) == 2)
        reminder = world.answers(ts)[1].ts
        world.openai.queue(Script(Text("A joke.")))
        await press(world, reminder, "cancel_call", user=world.bo)
        await world.until(lambda: shop.statuses() == ["cancelled", "completed"])
        await world.until(world.answered(ts, count=2))
        first, second = world.answers(ts)
        assert (first.text, second.text) == ("I would.", "A joke.")
        assert shop.effects == []
        assert "no, just tell me a joke" in world.last_texts()[-1]


async def test_a_click_that_comes_too_late_is_told_so(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, world, wants("refund", order=7))
        await world.mention("and what about 8?", thread_ts=ts)
        await world.until(lambda: len(world.answers(ts)) == 2)
        asking, reminder = (answer.ts for answer in world.answers(ts))
        world.openai.queue(Script(Text("Refunded.")), Script(Text("8 is fine.")))
        await press(world, asking, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed", "completed"])
        for action, call_id in (("deny_call", "call_1"), ("cancel_call", None)):
            await press(world, reminder, action, call_id, user=world.bo)
        assert told(world, world.bo) == [words.CALL_OVER] * 2
        assert shop.effects == ["refund 7"]


async def test_first_in_thread_asks_once(shop: Shop) -> None:
    async with shop.open({**ASKS, "approval": "first-in-thread"}) as world:
        ts = await waiting(shop, world, wants("refund", order=7))
        world.openai.queue(Script(Text("Refunded.")))
        await press(world, world.only_answer(ts).ts, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.until(world.answered(ts))
        world.openai.queue(Script(wants("refund", "call_9", order=9)), Script(Text("That, too.")))
        await world.mention("refund 9", thread_ts=ts)
        await world.until(lambda: shop.statuses() == ["completed", "completed"])
        assert shop.effects == ["refund 7", "refund 9"]


async def test_hostile_arguments_are_shown_as_they_are(shop: Shop, tmp_path: Path) -> None:
    hostile = "<!channel> \u202eevil\u200b http://evil.example/x.png ```"
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, world, wants("refund", order=7, reason=hostile))
        shown = json.dumps(world.only_answer(ts).blocks, ensure_ascii=False)
        assert "\u202e" not in shown
        assert "\\\\u202eevil\\\\u200b" in shown
        assert not any(block["type"] == "image" for block in world.only_answer(ts).blocks)
        world.openai.queue(Script(Text("Done.")))
        await press(world, world.only_answer(ts).ts, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed"])
        assert shop.effects == [f"refund 7 {hostile}"]
