"""The team's own functions: called when the model wants it, in rounds, once each (issue 7 §3)."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot import calling, words
from bot.assistant.parts import CALLED
from bot.functions.results import FILES
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import (
    Cut,
    FunctionCall,
    Pause,
    Reasoning,
    Reset,
    Script,
    Text,
)
from tests import acme
from tests.scenario.functions_rig import Shop, wants
from tests.scenario.functions_rig import shop as shop
from tests.scenario.test_details import opened, shown
from tests.scenario.world import actions, said_below

CREATE = "POST /responses"


async def test_calls_are_made_and_their_outputs_brought_to_the_model_in_the_same_run(shop: Shop) -> None:
    async with shop.open("lookup") as world:
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        ts = await shop.ask(
            Script(Reasoning("Hm."), Text("I look."), wants("lookup", order=7), usage=usage),
            Script(wants("lookup", "call_2", order=8), usage=usage),
            Script(Text("Both are 25."), usage=usage),
        )
        answer = world.only_answer(ts)
        assert answer.text == "I look.\n\nBoth are 25."
        assert actions(answer) == {"feedback", "regenerate"}
        assert shop.effects == ["lookup 7", "lookup 8"]
        first, second, third = world.openai.creates
        assert [tool["name"] for tool in first["tools"]] == ["lookup"]
        assert shop.outputs(1) == {"call_1": '{"order":7,"price":25}'}
        assert shop.outputs(2) == {"call_2": '{"order":8,"price":25}'}
        same = ("conversation", "instructions", "tools", "model", "metadata", "include", "safety_identifier")
        assert {key: first[key] for key in same} == {key: second[key] for key in same}
        assert not {"tool_choice"} & {*second, *third}
        assert shop.statuses() == ["completed"]
        assert world.database.rows("SELECT input_tokens, output_tokens FROM runs") == [(30, 15)]
        responses = world.database.rows("SELECT state, item_ids FROM responses ORDER BY position")
        assert [state for state, _ in responses] == ["completed"] * 3
        assert "[]" not in [str(items) for _, items in responses]
        for told in ("Calling lookup", '\\"order\\": 7', '\\"price\\":25'):
            assert told in shop.folded(ts)
        assert {status for _, status in answer.tasks} == {"complete"}

        (conversation,) = world.openai.conversations.values()
        kinds = [item["type"] for item in conversation.items]
        call = ["function_call", "function_call_output"]
        assert kinds == ["message", "reasoning", "message", *call, *call, "message"]
        await world.mention("thanks", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        assert world.last_input() == ["thanks"]
        await world.slack.delete(world.general, ts)
        await world.until(lambda: len(world.answers(ts)) == 1)


async def test_calls_of_one_response_are_made_in_parallel_at_most_eight_at_a_time(shop: Shop) -> None:
    async with shop.open("ship") as world:
        calls = [wants("ship", f"call_{number}", order=number) for number in range(10)]
        world.openai.queue(Script(*calls), Script(Text("All on their way.")))
        ts = await world.mention("ship them")
        await world.until(lambda: acme.scene.at_work == calling.PARALLEL_CALLS)
        acme.scene.go_on.set()
        await world.until(world.answered(ts))
        assert acme.scene.most == calling.PARALLEL_CALLS
        assert list(shop.outputs()) == [f"call_{number}" for number in range(10)]
        assert len(shop.effects) == 10


async def test_who_asked_and_where_is_told_to_the_function_and_never_taken_from_the_model(shop: Shop) -> None:
    """And what was called for an answer is known when it is given anew."""
    async with shop.open("refund") as world:
        forged = '{"order": 9, "reason": null, "context": {"user": "U0000000009"}}'
        ts = await shop.ask(
            Script(
                FunctionCall("refund", '{"order": 1, "reason": null}', "call_1"),
                FunctionCall("refund", forged, "call_2"),
            ),
            Script(Text("Done.")),
        )
        [context] = acme.scene.contexts
        assert (context.team, context.channel, context.thread_ts) == (world.slack.team, world.general, ts)
        assert (context.user, context.call_id) == (world.ann, "call_1")
        assert world.database.rows("SELECT id FROM runs") == [(context.run,)]
        (tool,) = world.openai.creates[0]["tools"]
        assert set(tool["parameters"]["properties"]) == {"order", "reason"}
        assert "context: Extra inputs are not permitted" in shop.outputs()["call_2"]

        world.openai.queue(Script(Text("It is refunded already.")))
        await world.slack.press(world.general, world.only_answer(ts).ts, world.ann, "regenerate")
        await world.until(lambda: world.only_answer(ts).text == "It is refunded already.")
        await world.until(world.answered(ts))
        assert '"output": "Refunded 1."' in "\n".join(world.last_texts())
        assert shop.effects == ["refund 1"]


async def test_what_goes_wrong_is_told_to_the_model_and_to_people(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    late = {"function": "pay", "timeout": 2}  # in a thread, which goes on when its time is over
    deep = '{"order": ' + "[" * 5_000 + "]" * 5_000 + "}"
    async with shop.open("lookup", "missing", "endless", "shutdown", late) as world:
        ts = await shop.ask(
            Script(
                wants("missing", "c1", order=1),
                wants("endless", "c2", order=2),
                FunctionCall("lookup", '{"order": "x"}', "c3"),
                FunctionCall("lookup", "{", "c4"),
                FunctionCall("shutdown", "{}", "c5"),
                wants("pay", "c6", order=6),
                FunctionCall("lookup", deep, "c7"),
                FunctionCall("lookup", '{"order": 1e400}', "c8"),
            ),
            Script(Text("Sorry.")),
        )
        told = shop.outputs()
        assert told["c1"] == "There is no order 1."
        assert "longer than 5 seconds" in told["c2"]
        assert "order: Input should be a valid integer" in told["c3"]
        assert "RuntimeError" in told["c5"]
        assert "longer than 2 seconds" in told["c6"]
        assert {told[call_id] for call_id in ("c4", "c7", "c8")} == {calling.NO_OBJECT}
        assert shop.effects == ["pay 6"]
        states = [state for _, state, _ in shop.calls()]
        assert states == ["failed", "timed_out", *["failed"] * 3, "timed_out", *["failed"] * 2]
        answer = world.only_answer(ts)
        assert answer.text == "Sorry."
        assert "failed" in shop.folded(ts)
        assert "There is no order 1." in shop.folded(ts)

        (tmp_path / acme.GATE).touch()
        await world.until(lambda: caplog.text.count("its result is discarded") == 2)
        await world.settle()
        assert "Paid 6." not in f"{shop.calls()} {world.openai.creates} {world.slack.calls}"
        assert world.only_answer(ts) == answer


async def test_rounds_end_and_that_is_said(shop: Shop) -> None:
    async with shop.open("lookup", max_function_rounds=2) as world:
        again = [Script(wants("lookup", f"call_{number}", order=number)) for number in range(3)]
        ts = await shop.ask(*again[:2], Script(Text("That is all I found.")))
        assert [body.get("tool_choice") for body in world.openai.creates] == [None, None, "none"]
        assert said_below(world.only_answer(ts)) == [words.ROUNDS_EXHAUSTED.format(count=2)]
        assert shop.effects == ["lookup 0", "lookup 1"]

        stubborn = await shop.ask(*again)  # a model that calls when it must not any more
        assert said_below(world.only_answer(stubborn))[0] == words.FAILURES["functions"]
        assert shop.effects == ["lookup 0", "lookup 1"] * 2


async def test_files_that_a_function_returns_come_once_below_the_answer_after_a_restart_too(shop: Shop) -> None:
    async with shop.open("invoice", shutdown_grace=1) as world:
        slowly = Script(Text(deltas=["Here ", Pause(60), "it is."]))
        world.openai.queue(Script(wants("invoice", order=7)), slowly, Script(Text("Here it is.")))
        ts = await world.mention("invoice please")
        await world.until(lambda: [answer.text for answer in world.answers(ts)] == ["Here "])
        assert shop.outputs() == {"call_1": FILES.format(names="invoice.bin")}
        assert world.database.rows("SELECT state FROM made_files") == [("sent",)]
    async with world.running():
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.settle()
        answer, below = world.answers(ts)
        assert (answer.text, [file["name"] for file in below.files]) == ("Here it is.", ["invoice.bin"])
        assert world.slack.content_of(below.files[0]["id"]) == b"Invoice of 7"
        assert world.database.rows("SELECT container_file_id, state FROM made_files") == [("call_1/1", "shared")]
        assert shop.effects == ["invoice 7"]


async def test_a_file_that_slack_does_not_take_is_told_to_the_model_and_to_people(shop: Shop) -> None:
    async with shop.open("invoice") as world:
        world.slack.faults.always("upload", Fault(FaultKind.REFUSE, status=403))
        ts = await shop.ask(Script(wants("invoice", order=7)), Script(Text("Hm.")))
        assert calling.NOT_BROUGHT in shop.outputs()["call_1"]
        assert "invoice.bin" in "".join(said_below(world.only_answer(ts)))


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_BEFORE])
async def test_outputs_that_may_not_have_arrived_are_found_or_sent_again_and_nothing_is_called_twice(
    shop: Shop, kind: FaultKind
) -> None:
    async with shop.open("refund") as world:
        world.openai.faults.add(CREATE, Fault(kind), skip=1)
        ts = await shop.ask(
            Script(Text("One moment."), wants("refund", order=1)), *[Script(Text("Refunded."))] * 2
        )
        assert world.only_answer(ts).text == "One moment.\n\nRefunded."
        assert shop.effects == ["refund 1"]
        (conversation,) = world.openai.conversations.values()
        kinds = [item["type"] for item in conversation.items]
        assert kinds == ["message", "message", "function_call", "function_call_output", "message"]


@pytest.mark.parametrize("then", ["completed", "cancelled"])
async def test_a_line_that_breaks_in_the_second_response_voids_nothing_of_the_first(shop: Shop, then: Any) -> None:
    async with shop.open("refund") as world:
        broken = Script(Text(deltas=["Refu", Pause(3), Reset(then=then), "nded."]))
        ts = await shop.ask(
            Script(Text("One moment."), wants("refund", order=1)), broken, Script(Text("Refunded."))
        )
        assert world.only_answer(ts).text == "One moment.\n\nRefunded."
        assert shop.effects == ["refund 1"]


async def test_a_line_that_breaks_before_the_call_was_told_calls_once(shop: Shop) -> None:
    async with shop.open("refund") as world:
        first = Script(Text(deltas=["One ", Pause(3), Cut(), "moment."]), wants("refund", order=1))
        ts = await shop.ask(first, Script(Text("Refunded.")))
        assert world.only_answer(ts).text == "One moment.\n\nRefunded."
        assert shop.effects == ["refund 1"]


async def test_in_the_background_it_goes_on_too(shop: Shop) -> None:
    async with shop.open("refund", more="background = true") as world:
        broken = Script(Text(deltas=["Refu", Pause(3), Reset(), "nded."]))
        ts = await shop.ask(Script(wants("refund", order=1)), broken)
        assert world.only_answer(ts).text == "Refunded."
        assert [body["background"] for body in world.openai.creates] == [True, True]
        assert shop.effects == ["refund 1"]


async def test_stop_leaves_the_function_alone_and_the_call_leaves_the_memory(shop: Shop) -> None:
    async with shop.open("ship") as world:
        world.openai.queue(Script(Text("I ship it."), wants("ship", order=1)))
        ts = await world.mention("ship it")
        await world.until(lambda: acme.scene.at_work)
        await world.slack.press_stop(world.general, ts, world.bo)
        await world.until(world.answered(ts))
        answer = world.only_answer(ts)
        called = words.CALLED_ALREADY.format(names="ship")
        assert (answer.text, said_below(answer)) == ("I ship it.", ["Stopped by Bo.", called])
        assert shop.calls() == [("call_1", "unknown", calling.INTERRUPTED)]
        assert shop.statuses() == ["cancelled"]
        world.openai.queue(Script(Text("Yes.")))
        await world.mention("was it shipped?", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        told = "\n".join(world.last_texts())
        assert CALLED in told
        assert calling.INTERRUPTED in told
        (conversation,) = world.openai.conversations.values()
        assert {item["type"] for item in conversation.items} == {"message"}


async def test_an_edit_while_a_function_is_called_begins_again(shop: Shop) -> None:
    async with shop.open("ship") as world:
        world.openai.queue(Script(Text("I ship it."), wants("ship", order=1)), Script(Text("Lima.")))
        ts = await world.mention("ship it")
        await world.until(lambda: acme.scene.at_work)
        await world.slack.edit(world.general, ts, f"{world.at_bot} what is the capital of Peru?")
        await world.until(lambda: world.only_answer(ts).text == "Lima." and not world.bot_is_busy())
        assert shop.statuses() == ["completed"]
        assert shop.folded(ts) == "[]"
        assert CALLED in "\n".join(world.last_texts())
        await world.mention("and of Chile?", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        assert world.last_input() == ["and of Chile?"]


async def test_where_outsiders_read_along_nothing_is_offered(shop: Shop) -> None:
    async with shop.open("lookup") as world:
        world.slack.share(world.general)
        await shop.ask(Script(Text("Hello.")))
        assert world.openai.creates[-1]["tools"] == []


async def test_all_details_tell_what_came_of_calls_and_what_is_hostile_in_it_is_only_text(shop: Shop) -> None:
    async with shop.open("curse", "damned", "haunted", "ledger") as world:
        ts = await shop.ask(
            Script(
                wants("curse", "c1", order=1),
                wants("damned", "c2", order=2),
                wants("haunted", "c3", order=3),
                wants("curse", "c4", **{acme.HOSTILE[:-2]: 4}),
                wants("ledger", "c5", year=2026),
            ),
            Script(Text("Hm.")),
        )
        await world.until(world.answered(ts, count=2))
        told = shop.outputs()
        assert told["c1"] == told["c2"] == acme.HOSTILE.replace("\0", "\ufffd").replace("\ud83d", "?")
        assert "Extra inputs are not permitted" in told["c4"]
        answer, below = world.answers(ts)
        (name,) = [str(file["name"]) for file in below.files]
        assert name == "<!channel> gnp.exe .csv", "all can be seen, and a name is no text with mentions in it"
        details = shown(await opened(world, answer))
        for told_of in ("Calling ledger", '"year": 2026', "line 1 of 2026", "line 999 of 2026"):
            assert told_of in details
        for seen in (json.dumps(answer.blocks, ensure_ascii=False), details):
            assert "evil.example" in seen
            assert not set("\0\u202e") & set(seen)
        assert not [call for call in world.slack.calls if call.error]
        assert world.slack.suspected_unfurls == []
