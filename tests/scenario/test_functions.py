"""The team's own functions: called when the model wants it, in rounds, once each (issue 7 §3)."""

import json
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
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
    Turn,
)
from storage.call_records import Decision
from storage.records import Place
from tests import acme
from tests.scenario.test_details import opened, shown
from tests.scenario.world import World, actions, said_below

CREATE = "POST /responses"


class Shop:
    """A world whose assistant has functions of `tests.acme`, and what these did."""

    def __init__(self, make_world: Callable[..., Any], folder: Path) -> None:
        self._make_world = make_world
        self._folder = folder
        self.world: World

    @asynccontextmanager
    async def open(self, *functions: str | Mapping[str, Any], more: str = "", **settings: Any) -> Any:
        """The world, running, with those functions: names, or tables of the assistants' file."""
        chosen = [{"function": one} if isinstance(one, str) else dict(one) for one in functions]
        listed = ", ".join(
            "{"
            + ", ".join(
                f"{key} = {json.dumps(f'tests.acme:{value}' if key == 'function' else value)}"
                for key, value in one.items()
            )
            + "}"
            for one in chosen
        )
        file = self._folder / "assistants.toml"
        file.write_text(f"[assistants.default]\nfunctions = [{listed}]\n{more}\n")
        self.world = await self._make_world(assistants_file=file, **settings)
        async with self.world.running():
            yield self.world

    @property
    def effects(self) -> list[str]:
        """What was done, in order."""
        file = self._folder / acme.EFFECTS
        return file.read_text().splitlines() if file.exists() else []

    async def ask(self, *scripts: Script | Callable[[Turn], Script]) -> str:
        """Let Ann ask, and wait for the answer that these scripts give; the thread."""
        self.world.openai.queue(*scripts)
        ts = await self.world.mention("help me")
        await self.world.until(self.world.answered(ts))
        return ts

    def outputs(self, at: int = -1) -> dict[str, str]:
        """What a request brought of calls, and that it brought nothing else."""
        items = self.world.openai.creates[at]["input"]
        assert {item["type"] for item in items} == {"function_call_output"}
        return {item["call_id"]: item["output"] for item in items}

    def calls(self) -> list[tuple[Any, ...]]:
        return self.world.database.rows("SELECT call_id, state, output FROM function_calls ORDER BY position")

    async def decide(self, call_id: str, *, approve: bool, user: str = "") -> Decision:
        """Somebody (Ann) decides, as a button of ours would let them."""
        assert self.world.bot is not None
        [(run,)] = self.world.database.rows("SELECT run_id FROM function_calls WHERE call_id = ?", call_id)
        decision = await self.world.bot.store.calls.decide(run, call_id, user or self.world.ann, approve=approve)
        self.world.bot.worker.wake()
        return decision

    def statuses(self) -> list[str]:
        return [
            str(status) for (status,) in self.world.database.rows("SELECT status FROM runs ORDER BY created_at")
        ]

    async def waits(self, ts: str) -> None:
        """Return when the run waits for people."""
        await self.world.until(
            lambda: self.statuses()[-1:] == ["requires_action"] and not self.world.bot_is_busy()
        )
        assert not self.world.only_answer(ts).streaming

    def folded(self, ts: str) -> str:
        """All that stands in the folded steps."""
        blocks = [block for block in self.world.answers(ts)[-1].blocks if block["type"] == "container"]
        return json.dumps(blocks, ensure_ascii=False)

    def session(self, ts: str) -> str:
        return str(self.world.slack.sessions[(self.world.general, ts)].status)


@pytest.fixture
def shop(make_world: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    acme.scene.__init__()  # type: ignore[misc]
    return Shop(make_world, tmp_path)


def wants(name: str, call_id: str = "call_1", **arguments: Any) -> FunctionCall:
    return FunctionCall(name, arguments, call_id=call_id)


async def test_a_call_is_made_and_its_output_brought_to_the_model_in_the_same_run(shop: Shop) -> None:
    async with shop.open("lookup") as world:
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        ts = await shop.ask(
            Script(Text("I look."), wants("lookup", order=7), usage=usage), Script(Text("It is 25."), usage=usage)
        )
        answer = world.only_answer(ts)
        assert answer.text == "I look.\n\nIt is 25."
        assert actions(answer) == {"feedback", "regenerate"}
        assert shop.effects == ["lookup 7"]
        first, second = world.openai.creates
        assert [tool["name"] for tool in first["tools"]] == ["lookup"]
        assert shop.outputs() == {"call_1": '{"order":7,"price":25}'}
        same = ("conversation", "instructions", "tools", "model", "metadata", "include", "safety_identifier")
        assert {key: first[key] for key in same} == {key: second[key] for key in same}
        assert "tool_choice" not in second
        assert shop.statuses() == ["completed"]
        assert world.database.rows("SELECT input_tokens, output_tokens FROM runs") == [(20, 10)]
        responses = world.database.rows("SELECT state, item_ids FROM responses ORDER BY position")
        assert [state for state, _ in responses] == ["completed", "completed"]
        assert "[]" not in [str(items) for _, items in responses]
        for told in ("Calling lookup", '\\"order\\": 7', '\\"price\\":25'):
            assert told in shop.folded(ts)
        assert [status for _, status in answer.tasks] == ["complete"]


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
    async with shop.open("refund") as world:
        ts = await shop.ask(
            Script(FunctionCall("refund", '{"order": 1, "reason": null}', "call_1")), Script(Text("Done."))
        )
        [context] = acme.scene.contexts
        assert (context.team, context.channel, context.thread_ts) == (world.slack.team, world.general, ts)
        assert (context.user, context.call_id) == (world.ann, "call_1")
        assert world.database.rows("SELECT id FROM runs") == [(context.run,)]
        (tool,) = world.openai.creates[0]["tools"]
        assert set(tool["parameters"]["properties"]) == {"order", "reason"}


async def test_what_goes_wrong_is_told_to_the_model_and_to_people(shop: Shop) -> None:
    async with shop.open("lookup", "missing", "endless", "shutdown") as world:
        ts = await shop.ask(
            Script(
                wants("missing", "c1", order=1),
                wants("endless", "c2", order=2),
                FunctionCall("lookup", '{"order": "x"}', "c3"),
                FunctionCall("lookup", "{", "c4"),
                FunctionCall("shutdown", "{}", "c5"),
            ),
            Script(Text("Sorry.")),
        )
        told = shop.outputs()
        assert told["c1"] == "There is no order 1."
        assert "longer than 5 seconds" in told["c2"]
        assert "order: Input should be a valid integer" in told["c3"]
        assert "not fit" in told["c4"]
        assert "RuntimeError" in told["c5"]
        assert shop.effects == []
        assert [state for _, state, _ in shop.calls()] == ["failed", "timed_out", "failed", "failed", "failed"]
        assert world.only_answer(ts).text == "Sorry."
        assert "failed" in shop.folded(ts)
        assert "There is no order 1." in shop.folded(ts)


async def test_rounds_end_and_that_is_said(shop: Shop) -> None:
    async with shop.open("lookup", max_function_rounds=2) as world:
        again = [Script(wants("lookup", f"call_{number}", order=number)) for number in range(2)]
        ts = await shop.ask(*again, Script(Text("That is all I found.")))
        assert [body.get("tool_choice") for body in world.openai.creates] == [None, None, "none"]
        assert said_below(world.only_answer(ts)) == [words.ROUNDS_EXHAUSTED.format(count=2)]
        assert shop.effects == ["lookup 0", "lookup 1"]


async def test_a_model_that_calls_when_it_must_not_any_more_is_told_of(shop: Shop) -> None:
    async with shop.open("lookup", max_function_rounds=1) as world:
        stubborn = [Script(wants("lookup", f"call_{number}", order=number)) for number in range(2)]
        ts = await shop.ask(*stubborn)
        assert said_below(world.only_answer(ts))[0] == words.FAILURES["functions"]
        assert shop.effects == ["lookup 0"]


async def test_the_memory_holds_every_round_and_the_next_question_goes_on_from_it(shop: Shop) -> None:
    async with shop.open("lookup") as world:
        ts = await shop.ask(
            Script(Reasoning("Hm."), wants("lookup", order=7)),
            Script(wants("lookup", "call_2", order=8)),
            Script(Text("Both are 25.")),
        )
        (conversation,) = world.openai.conversations.values()
        kinds = [item["type"] for item in conversation.items]
        call = ["function_call", "function_call_output"]
        assert kinds == ["message", "reasoning", *call, *call, "message"]
        await world.mention("thanks", thread_ts=ts)
        await world.until(world.answered(ts, count=2))
        assert world.last_input() == ["thanks"]
        await world.slack.delete(world.general, ts)
        await world.until(lambda: len(world.answers(ts)) == 1)


async def test_files_that_a_function_returns_come_once_below_the_answer(shop: Shop) -> None:
    async with shop.open("invoice") as world:
        shop.world.openai.queue(Script(wants("invoice", order=7)), Script(Text("Here it is.")))
        ts = await world.mention("invoice please")
        await world.until(world.answered(ts, count=2))
        await world.settle()
        answer, below = world.answers(ts)
        assert (answer.text, [file["name"] for file in below.files]) == ("Here it is.", ["invoice.bin"])
        assert shop.outputs() == {"call_1": FILES.format(names="invoice.bin")}
        assert world.database.rows("SELECT container_file_id, state FROM made_files") == [("call_1/1", "shared")]


async def test_a_file_from_before_a_restart_comes_once(shop: Shop) -> None:
    async with shop.open("invoice", shutdown_grace=1) as world:
        slowly = Script(Text(deltas=["Here ", Pause(60), "it is."]))
        world.openai.queue(Script(wants("invoice", order=7)), slowly, Script(Text("Here it is.")))
        ts = await world.mention("invoice please")
        await world.until(lambda: [answer.text for answer in world.answers(ts)] == ["Here "])
        assert world.database.rows("SELECT state FROM made_files") == [("sent",)]
    async with world.running():
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.settle()
        answer, below = world.answers(ts)
        assert (answer.text, [file["name"] for file in below.files]) == ("Here it is.", ["invoice.bin"])
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


async def test_what_was_called_for_an_answer_is_known_when_it_is_given_anew(shop: Shop) -> None:
    async with shop.open("refund") as world:
        ts = await shop.ask(Script(wants("refund", order=1)), Script(Text("Refunded.")))
        world.openai.queue(Script(Text("It is refunded already.")))
        await world.slack.press(world.general, world.only_answer(ts).ts, world.ann, "regenerate")
        await world.until(lambda: world.only_answer(ts).text == "It is refunded already.")
        await world.until(world.answered(ts))
        assert '"output": "Refunded 1."' in "\n".join(world.last_texts())
        assert shop.effects == ["refund 1"]


async def test_where_outsiders_read_along_nothing_is_offered(shop: Shop) -> None:
    async with shop.open("lookup") as world:
        world.slack.share(world.general)
        await shop.ask(Script(Text("Hello.")))
        assert world.openai.creates[-1]["tools"] == []


async def test_all_details_tell_what_a_function_was_given_and_what_came_of_it(shop: Shop) -> None:
    async with shop.open("ledger") as world:
        ts = await shop.ask(Script(wants("ledger", year=2026)), Script(Text("A good year.")))
        modal = await opened(world, world.only_answer(ts))
        for told in ("Calling ledger", '"year": 2026', "line 1 of 2026", "line 999 of 2026"):
            assert told in shown(modal)


# -- with people's consent


ASKS = {"function": "refund", "approval": "always"}


async def test_people_are_asked_first_and_a_yes_goes_on(shop: Shop) -> None:
    async with shop.open(ASKS, "lookup") as world:
        world.openai.queue(
            Script(Text("I would."), wants("lookup", "call_1", order=7), wants("refund", "call_2", order=7))
        )
        ts = await world.mention("refund 7")
        await shop.waits(ts)
        asking = world.only_answer(ts)
        assert asking.text == "I would."
        assert actions(asking) == {"approve_call", "deny_call"}
        assert '\\"order\\": 7' in json.dumps(asking.blocks)
        assert shop.session(ts) == "suspended"
        assert shop.effects == ["lookup 7"], "what needs nobody was made at once"
        world.openai.queue(Script(Text("Refunded.")))
        assert await shop.decide("call_2", approve=True) is Decision.DECIDED
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.until(world.answered(ts))
        answer = world.only_answer(ts)
        assert (answer.ts, answer.text) == (asking.ts, "I would.\n\nRefunded.")
        assert actions(answer) == {"feedback", "regenerate"}
        assert shop.outputs() == {"call_1": '{"order":7,"price":25}', "call_2": "Refunded 7."}
        assert shop.effects == ["lookup 7", "refund 7"]
        assert shop.session(ts) == "active"


async def test_what_functions_made_comes_before_the_waiting(shop: Shop) -> None:
    async with shop.open(ASKS, "invoice") as world:
        asks = Script(wants("invoice", "call_1", order=7), wants("refund", "call_2", order=7))
        world.openai.queue(asks, Script(Text("Both done.")))
        ts = await world.mention("refund 7 and write it down")
        await world.until(lambda: shop.statuses() == ["requires_action"] and not world.bot_is_busy())
        asking, below = world.answers(ts)
        assert (actions(asking), [file["name"] for file in below.files]) == (
            {"approve_call", "deny_call"},
            ["invoice.bin"],
        )
        await shop.decide("call_2", approve=True)
        await world.until(lambda: shop.statuses() == ["completed"])
        assert [message.text for message in world.answers(ts)[:1]] == ["Both done."]
        assert len(world.answers(ts)) == 2


async def test_a_no_is_told_to_the_model(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        world.openai.queue(Script(wants("refund", order=7)), Script(Text("As you wish.")))
        ts = await world.mention("refund 7")
        await shop.waits(ts)
        await shop.decide("call_1", approve=False)
        await world.until(lambda: shop.statuses() == ["completed"])
        assert shop.outputs() == {"call_1": calling.DECLINED}
        assert shop.effects == []
        assert world.only_answer(ts).text == "As you wish."


async def test_it_goes_on_from_what_is_stored_in_another_process(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        world.openai.queue(Script(Text("I would."), wants("refund", order=7)))
        ts = await world.mention("refund 7")
        await shop.waits(ts)
    await world.clock.advance(3600)
    async with world.running():
        world.openai.queue(Script(Text("Refunded.")))
        await shop.decide("call_1", approve=True)
        await world.until(lambda: shop.statuses() == ["completed"])
        await world.until(world.answered(ts))
        assert world.only_answer(ts).text == "I would.\n\nRefunded."
        assert shop.effects == ["refund 7"]


async def test_it_goes_on_where_openai_has_the_response_no_more(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        world.openai.queue(Script(Text("I would."), wants("refund", order=7)), Script(Text("Refunded.")))
        ts = await world.mention("refund 7")
        await shop.waits(ts)
        (response,) = world.openai.responses
        world.openai._responses.delete(response)
        await shop.decide("call_1", approve=True)
        await world.until(lambda: shop.statuses() == ["completed"])
        assert (world.only_answer(ts).text, shop.effects) == ("Refunded.", ["refund 7"])
        assert "Calling refund" in shop.folded(ts)


async def test_nobody_decides_in_time(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        world.openai.queue(Script(Text("I would."), wants("refund", order=7)))
        ts = await world.mention("refund 7")
        await shop.waits(ts)
        world.database.change("UPDATE runs SET action_until = 1")
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
        world.openai.queue(Script(Text("I would."), wants("refund", order=7)))
        ts = await world.mention("refund 7")
        await shop.waits(ts)
        assert world.bot is not None
        await world.bot.store.runs.request_stop(Place(world.slack.team, world.general, ts), world.bo)
        await world.until(lambda: shop.statuses() == ["cancelled"])
        await world.until(world.answered(ts))
        assert said_below(world.only_answer(ts)) == ["Stopped by Bo."]
        assert world.only_answer(ts).text == "I would."
        assert shop.effects == []


async def test_once_in_a_thread_is_enough_where_that_is_the_rule(shop: Shop) -> None:
    async with shop.open({"function": "refund", "approval": "first-in-thread"}) as world:
        world.openai.queue(Script(wants("refund", "call_1", order=1)))
        ts = await world.mention("refund 1")
        await shop.waits(ts)
        world.openai.queue(Script(wants("refund", "call_2", order=2)), Script(Text("Both.")))
        await shop.decide("call_1", approve=True)
        await world.until(lambda: shop.statuses() == ["completed"])
        assert shop.effects == ["refund 1", "refund 2"]


async def test_nobody_is_asked_about_what_cannot_be_called_or_shown(shop: Shop) -> None:
    async with shop.open(ASKS) as world:
        ts = await shop.ask(
            Script(
                FunctionCall("refund", '{"order": "x", "reason": null}', "c1"),
                FunctionCall("refund", "[1]", "c2"),
                wants("refund", "c3", order=1, reason="x" * 9_000),
            ),
            Script(Text("I see.")),
        )
        told = shop.outputs()
        assert "order" in told["c1"]
        assert (told["c2"], told["c3"]) == (calling.NO_OBJECT, calling.TOO_LONG)
        assert shop.effects == []
        assert world.only_answer(ts).text == "I see."
