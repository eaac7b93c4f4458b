"""Approve and Deny: what people are asked, who may, what the others are told, how it goes on (issue 7 §3)."""

import json

from bot import calling, words
from bot.playground.openai.script import CodeInterpreter, FunctionCall, Pause, Script, Text, container_expired
from storage.call_records import Decision
from storage.records import Place
from tests.scenario.functions_rig import ASKS, Shop, press, told, waiting, wants
from tests.scenario.functions_rig import shop as shop
from tests.scenario.world import actions, said_below

APPROVED = {"approve_call", "deny_call"}
DAY = 86_400  # seconds


async def test_people_are_asked_first_and_a_yes_by_the_asker_goes_on(shop: Shop) -> None:
    async with shop.open(ASKS, "lookup", "invoice") as world:
        free = wants("lookup", "call_1", order=7), wants("invoice", "call_3", order=7)
        ts = await waiting(shop, *free, wants("refund", "call_2", order=7))
        asking, below = world.answers(ts)
        assert asking.text == "I would."
        assert actions(asking) == APPROVED
        assert '\\"order\\": 7' in json.dumps(asking.blocks)
        assert shop.session(ts) == "suspended"
        assert sorted(shop.effects) == ["invoice 7", "lookup 7"], "what needs nobody was made at once"
        assert [file["name"] for file in below.files] == ["invoice.bin"]
        [(lasts, owner)] = world.database.rows("SELECT action_until - created_at, lease_owner FROM runs")
        assert DAY <= lasts < DAY + 600
        assert owner is None

        await press(world, asking.ts, "approve_call", "call_2", user=world.bo)
        assert told(world, world.bo) == [words.CALL_OF_ASKER]
        assert shop.statuses() == ["requires_action"]
        world.openai.queue(Script(Pause(30), Text("Refunded.")))
        await press(world, asking.ts, "approve_call", "call_2")
        await world.until(lambda: not actions(world.answers(ts)[0]))
        assert shop.statuses() != ["completed"]
        assert world.answers(ts)[0].text == "I would."
        assert said_below(world.answers(ts)[0]) == ["Ann approved: refund."]
        await world.until(lambda: shop.statuses() == ["completed"] and shop.session(ts) == "active")
        answer, _ = world.answers(ts)
        assert (answer.ts, answer.text) == (asking.ts, "I would.\n\nRefunded.")
        assert actions(answer) == {"feedback", "regenerate"}
        assert said_below(answer) == ["Ann approved: refund."]
        outputs = shop.outputs()
        assert (outputs["call_1"], outputs["call_2"]) == ('{"order":7,"price":25}', "Refunded 7.")
        assert shop.effects[2:] == ["refund 7"]


async def test_a_no_is_told_to_the_model_and_a_second_click_who_was_first(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", "call_1", order=7), wants("refund", "call_2", order=8))
        asking = world.only_answer(ts).ts
        await press(world, asking, "deny_call", "call_1")
        assert told(world, world.ann) == [words.CALLS_LEFT.format(count=1)]
        await press(world, asking, "approve_call", "call_1")
        assert told(world, world.ann)[1:] == [words.CALL_DENIED_BY.format(name="Ann")]
        world.openai.queue(Script(Text("One of two.")))
        await press(world, asking, "approve_call", "call_2")
        await world.until(lambda: shop.statuses() == ["completed"])
        assert shop.outputs() == {"call_1": calling.DECLINED, "call_2": "Refunded 8."}
        assert shop.effects == ["refund 8"]


async def test_approvers_alone_decide_where_there_are_any(shop: Shop) -> None:
    bo = "U0000001003"
    async with shop.open({**ASKS, "approvers": [bo]}) as world:
        assert world.bo == bo
        ts = await waiting(shop, wants("refund", order=7))
        asking = world.only_answer(ts).ts
        await press(world, asking, "approve_call", "call_1")
        assert told(world, world.ann) == [words.CALL_OF_APPROVERS.format(names="Bo")]
        assert shop.statuses() == ["requires_action"]
        world.openai.queue(Script(Text("Refunded.")))
        await press(world, asking, "approve_call", "call_1", user=bo)
        await world.until(lambda: shop.statuses() == ["completed"])
        assert shop.effects == ["refund 7"]


async def test_a_message_in_a_waiting_thread_is_answered_at_once_with_the_pending_call(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", order=7))
        for number, said in enumerate(("and what about 8?", "and 9?"), start=2):
            await world.mention(said, thread_ts=ts)
            await world.until(lambda count=number: len(world.answers(ts)) == count)
        _, reminder, another = world.answers(ts)
        for one in (reminder, another):
            assert actions(one) == {*APPROVED, "cancel_call"}
            assert words.CALLS_FIRST in json.dumps(one.blocks)
            assert '\\"order\\": 7' in json.dumps(one.blocks)
        assert shop.statuses() == ["requires_action"]

        world.openai.queue(Script(Text("Refunded.")), Script(Text("8 is fine.")))
        await press(world, reminder.ts, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed", "completed"])
        await world.until(world.answered(ts, count=3))
        texts = [answer.text for answer in world.answers(ts) if answer.ts != another.ts]
        assert texts == ["I would.\n\nRefunded.", "8 is fine."]
        for action, call_id in (("deny_call", "call_1"), ("cancel_call", None)):  # it comes too late
            await press(world, another.ts, action, call_id, user=world.bo)
        assert told(world, world.bo) == [words.CALL_OVER] * 2
        assert shop.effects == ["refund 7"]


async def test_cancel_and_answer_this(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", order=7))
        await world.mention("no, just tell me a joke", thread_ts=ts)
        await world.until(lambda: len(world.answers(ts)) == 2)
        reminder = world.answers(ts)[1].ts
        world.openai.queue(Script(Text("A joke.")))
        await press(world, reminder, "cancel_call", user=world.bo)
        await world.until(lambda: shop.statuses() == ["cancelled", "completed"])
        await world.until(world.answered(ts, count=2))
        first, second = world.answers(ts)
        assert (first.text, second.text) == ("I would.", "A joke.")
        assert said_below(first) == ["Stopped by Bo."]
        assert shop.effects == []
        assert "no, just tell me a joke" in world.last_texts()[-1]


async def test_first_in_thread_asks_once_in_an_answer_and_after_it(shop: Shop) -> None:
    async with shop.open({**ASKS, "approval": "first-in-thread"}) as world:
        ts = await waiting(shop, wants("refund", order=7))
        world.openai.queue(Script(wants("refund", "call_8", order=8)), Script(Text("Refunded.")))
        await press(world, world.only_answer(ts).ts, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.until(world.answered(ts))
        world.openai.queue(Script(wants("refund", "call_9", order=9)), Script(Text("That, too.")))
        await world.mention("refund 9", thread_ts=ts)
        await world.until(lambda: shop.statuses() == ["completed", "completed"])
        assert shop.effects == ["refund 7", "refund 8", "refund 9"]
        await waiting(shop, wants("refund", "call_1", order=1))  # in another thread
        assert len(shop.effects) == 3


async def test_what_was_said_before_the_thread_waited_is_answered_with_the_pending_call_too(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        world.openai.queue(Script(Text(deltas=["I ", Pause(5), "would."]), wants("refund", order=7)))
        ts = await world.mention("refund 7")
        await world.until(lambda: [answer.text for answer in world.answers(ts)] == ["I "])
        await world.mention("or rather a joke", thread_ts=ts)
        await shop.waits(ts)
        await world.until(lambda: len(world.answers(ts)) == 2)
        reminder = world.answers(ts)[1]
        assert actions(reminder) == {*APPROVED, "cancel_call"}
        world.openai.queue(Script(Text("A joke.")))
        await press(world, reminder.ts, "cancel_call")
        await world.until(lambda: shop.statuses() == ["cancelled", "completed"])
        await world.until(world.answered(ts, count=2))
        assert [answer.text for answer in world.answers(ts)] == ["I would.", "A joke."]


# -- how it goes on


async def test_a_question_that_is_changed_or_deleted_takes_what_was_asked_back(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        deleted, ts = await waiting(shop, wants("refund", order=6)), await waiting(shop, wants("refund", order=7))
        asking = world.only_answer(ts).ts
        world.openai.queue(Script(Text("Lima.")))
        await world.slack.edit(world.general, ts, f"{world.at_bot} what is the capital of Peru?")
        await world.slack.delete(world.general, deleted)
        await world.until(lambda: shop.statuses() == ["cancelled", "completed"])
        await world.until(world.answered(ts))
        answer = world.only_answer(ts)
        assert (answer.ts, answer.text, actions(answer)) == (asking, "Lima.", {"feedback", "regenerate"})
        assert world.answers(deleted) == []
        assert shop.calls() == []
        assert shop.effects == []
        await world.mention("and of Chile?", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        assert world.last_input() == ["and of Chile?"]


async def test_what_was_approved_before_the_others_expired_is_not_made(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", "call_1", order=1), wants("refund", "call_2", order=2))
        await press(world, world.only_answer(ts).ts, "approve_call", "call_1")
        await world.database.change("UPDATE runs SET action_until = 1")
        await world.until(lambda: shop.statuses() == ["cancelled"])
        await world.until(world.answered(ts))
        assert said_below(world.only_answer(ts)) == [words.NOBODY_DECIDED]
        assert [state for _, state, _ in shop.calls()] == ["denied", "denied"]
        assert shop.effects == []


async def test_two_days_and_a_restart_later_it_goes_on_in_a_fresh_container(shop: Shop) -> None:
    """And asks once more, and is stopped and started once more, before it is done."""
    made = CodeInterpreter("make()", files={"/mnt/data/before.csv": b"1,2"})
    again = CodeInterpreter("make()", files={"/mnt/data/after.csv": b"3,4"})
    tools = 'tools = ["code_interpreter"]'
    async with shop.open(ASKS, more=tools, approval_timeout=3 * DAY) as world:
        ts = await waiting(shop, wants("refund", order=7), parts=(made, Text("I would.")))
    await world.clock.advance(2 * DAY)
    (old,) = world.openai.containers.values()
    assert old.expired
    async with world.running():
        assert shop.statuses() == ["requires_action"]
        asking = world.answers(ts)[0]
        next_one = Script(again, Text("One is done."), wants("refund", "call_2", order=8))
        world.openai.queue(container_expired(), next_one)
        await press(world, asking.ts, "approve_call", "call_1")
        await world.until(lambda: shop.effects == ["refund 7"])
        await shop.waits(ts)
    async with world.running():
        world.openai.queue(Script(Text("Both are.")))
        await press(world, asking.ts, "approve_call", "call_2")
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.until(world.answered(ts, count=3))
        answer, *below = world.answers(ts)
        assert (answer.ts, answer.text) == (asking.ts, "I would.\n\nOne is done.\n\nBoth are.")
        assert said_below(answer) == ["Ann approved: refund (2)."]
        assert [file["name"] for message in below for file in message.files] == ["before.csv", "after.csv"]
        assert [one.expired for one in world.openai.containers.values()] == [True, False]
        assert shop.effects == ["refund 7", "refund 8"]
        assert shop.outputs() == {"call_2": "Refunded 8."}


async def test_it_goes_on_where_openai_has_the_response_no_more(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", order=7))
        (response,) = world.openai.responses
        world.openai._responses.delete(response)
        world.openai.queue(Script(Text("Refunded.")))
        assert await shop.decide("call_1", approve=True) is Decision.DECIDED
        await world.until(lambda: shop.statuses() == ["completed"])
        assert (world.only_answer(ts).text, shop.effects) == ("Refunded.", ["refund 7"])
        assert "Calling refund" in shop.folded(ts)


async def test_nobody_decides_in_time(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", order=7))
        await world.database.change("UPDATE runs SET action_until = 1")
        await world.until(lambda: shop.statuses() == ["cancelled"])
        await world.until(world.answered(ts))
        answer = world.only_answer(ts)
        assert (answer.text, said_below(answer)) == ("I would.", [words.NOBODY_DECIDED])
        assert shop.calls() == [("call_1", "denied", calling.EXPIRED)]
        assert shop.session(ts) == "active"
        world.openai.queue(Script(Text("Nothing happened.")))
        await world.mention("and?", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        assert shop.effects == []


async def test_stop_ends_the_waiting(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", order=7))
        assert world.bot is not None
        await world.bot.store.runs.request_stop(Place(world.slack.team, world.general, ts), world.bo)
        await world.until(lambda: shop.statuses() == ["cancelled"])
        await world.until(world.answered(ts))
        assert said_below(world.only_answer(ts)) == ["Stopped by Bo."]
        assert world.only_answer(ts).text == "I would."
        assert shop.effects == []


# -- what people are asked about


async def test_nobody_is_asked_about_what_cannot_be_called_or_shown(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await shop.ask(
            Script(
                FunctionCall("refund", '{"order": "x", "reason": null}', "c1"),
                FunctionCall("refund", "[1]", "c2"),
                wants("refund", "c3", order=1, reason="x" * 9_000),
                FunctionCall("refund", '{"order": 1e400, "reason": null}', "c4"),
            ),
            Script(Text("I see.")),
        )
        answers = shop.outputs()
        assert "order" in answers.pop("c1")
        assert answers == {"c2": calling.NO_OBJECT, "c3": calling.TOO_LONG, "c4": calling.NO_OBJECT}
        assert shop.effects == []
        assert world.only_answer(ts).text == "I see."


async def test_hostile_arguments_are_shown_as_they_are(shop: Shop) -> None:
    hostile = "<!channel> \u202eevil\u200b http://evil.example/x.png ```"
    async with shop.open(ASKS) as world:
        ts = await waiting(shop, wants("refund", order=7, reason=hostile))
        shown = json.dumps(world.only_answer(ts).blocks, ensure_ascii=False)
        assert "\u202e" not in shown
        assert "\\\\u202eevil\\\\u200b" in shown
        assert not any(block["type"] == "image" for block in world.only_answer(ts).blocks)
        world.openai.queue(Script(Text("Done.")))
        await press(world, world.only_answer(ts).ts, "approve_call", "call_1")
        await world.until(lambda: shop.statuses() == ["completed"])
        assert shop.effects == [f"refund 7 {hostile}"]
