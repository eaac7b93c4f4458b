"""A reply as people see it grow and end (issue 2 §5; design §6)."""

import asyncio
import re
from asyncio import Event
from itertools import pairwise
from typing import Any

from bot.playground.openai.script import (
    CodeInterpreter,
    FileSearch,
    Gate,
    Incomplete,
    Pause,
    Raw,
    Reasoning,
    Refusal,
    Script,
    Text,
)
from bot.playground.slack.records import slack_error
from storage.records import Usage
from tests.scenario.world import World, actions, block_types, said_below

TOOLS = {"assistant_tools": "file_search,code_interpreter", "vector_store_ids": "vs_1"}


def calls(world: World, method: str) -> list[dict[str, Any]]:
    """The parameters of every call of that method which took effect."""
    return [call.params for call in world.slack.executed(method)]


async def test_the_session_works_at_once_and_not_after_the_end(world: World) -> None:
    gate = Event()
    world.openai.queue(Script(Gate(gate), Text("Done.")))
    ts = await world.mention("hi")
    await world.until(lambda: world.openai.creates)
    assert world.slack.working() == [(world.general, ts)]
    assert world.answers(ts) == []
    gate.set()
    await world.until(world.answered(ts))
    assert world.slack.working() == []


async def test_text_streams_at_most_once_a_second(world: World) -> None:
    words = [piece for number in range(30) for piece in (f"w{number} ", Pause(0.2))]
    world.openai.queue(Script(Text(deltas=words)))
    ts = await world.mention("count")
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text.split() == [f"w{number}" for number in range(30)]
    visible = {"chat.startStream", "chat.appendStream"}
    moments = [call.at for call in world.slack.calls if call.method in visible]
    assert 4 <= len(moments) <= 8
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(moments))


async def test_each_step_is_a_task_that_completes(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        world.openai.queue(
            Script(
                FileSearch(["vacation"], [("file-1", "handbook.pdf", 0.9, "30 days")]),
                Pause(2.0),
                CodeInterpreter("print(30 * 8)", "240"),
                Pause(2.0),
                Text("240 hours.", deltas=["240 ", Pause(2.0), "hours."]),
            )
        )
        ts = await world.mention("how many hours of vacation?")
        await world.until(lambda: world.answers(ts))
        assert world.only_answer(ts).streaming
        await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert answer.text == "240 hours."
    assert answer.tasks == [("Searching the files", "complete"), ("Running code", "complete")]
    assert calls(world, "chat.startStream")[0]["task_display_mode"] == "plan"


async def test_a_task_is_under_way_until_its_step_ends(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        begun = {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"id": "fs_9", "type": "file_search_call", "status": "in_progress", "queries": []},
        }
        gate = Event()
        world.openai.queue(Script(Raw(begun), Gate(gate), Text("Nothing found.")))
        ts = await world.mention("search")
        await world.until(lambda: world.answers(ts))
        assert world.only_answer(ts).tasks == [("Searching the files", "in_progress")]
        gate.set()
        await world.until(world.answered(ts))
        assert world.only_answer(ts).tasks == [("Searching the files", "complete")]


async def test_the_end_has_feedback_and_one_folded_list_of_the_steps(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        world.openai.queue(
            Script(Reasoning(), CodeInterpreter("1"), Pause(3.0), FileSearch(["x"]), Text("Fine.", deltas=2))
        )
        ts = await world.mention("go")
        await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    (container,) = [block for block in answer.blocks if block["type"] == "container"]
    assert container["is_collapsible"]
    assert container["default_collapsed"]
    assert re.fullmatch(r"3 steps · [3-9]\.\d s", container["title"]["text"])
    heads = [child["elements"][0]["elements"] for child in container["child_blocks"]]
    lines = ["".join(part["text"] for part in head) for head in heads]
    assert lines == ["Thinking", "Running code", "Searching the files"]
    assert actions(answer) == {"feedback", "regenerate"}
    assert block_types(answer)[-3:] == ["container", "actions", "context_actions"]


async def test_feedback_is_stored_and_a_second_press_replaces_it(world: World) -> None:
    ts = await world.mention("hi")
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert world.bot is not None
    store = world.bot.store
    found = await store.runs.of_reply(world.slack.team, world.general, answer.ts)
    assert found is not None
    run = found[0].id
    given: dict[str, str] = {}
    for user, value in ((world.ann, "up"), (world.bo, "up"), (world.ann, "down")):
        assert await world.meanwhile(world.slack.press(world.general, answer.ts, user, "feedback", value))
        given[user] = value
        async with asyncio.timeout(5):
            while {one.user: one.value for one in await store.feedback.of(run)} != given:
                await world.settle()
    assert given == {world.ann: "down", world.bo: "up"}


async def test_a_stream_names_its_recipient_and_the_recipients_own_team(make_world: Any) -> None:
    world: World = await make_world(allow_external=True)
    guest = world.slack.add_person("Gil", team="T0000000777")
    async with world.running():
        ts = await world.mention("hi", user=guest)
        await world.until(world.answered(ts))
        mine = await world.mention("hi")
        await world.until(world.answered(mine))
    recipients = [
        (call["recipient_user_id"], call["recipient_team_id"]) for call in calls(world, "chat.startStream")
    ]
    assert recipients == [(guest, "T0000000777"), (world.ann, world.slack.team)]


async def test_what_the_model_writes_pings_nobody_and_unfurls_nothing(world: World) -> None:
    hostile = "<!channel> <@U0000001002> &lt;!here&gt; <!subteam^S1|x> https://evil.example/?q=1 `<@U0000001002>`"
    world.openai.queue(
        Script(Text(hostile, deltas=1)),
        Script(
            Text(deltas=["Hi <", Pause(1.5), "!chan", Pause(1.5), "nel> an", Pause(1.5), "d &l", "t;!here&gt;"])
        ),
    )
    for question in ("one", "two"):
        ts = await world.mention(question)
        await world.until(world.answered(ts))
        assert world.answers(ts)
    assert world.slack.live_mentions == []
    assert world.slack.unfurls == []


async def test_a_posted_answer_unfurls_nothing_either(world: World) -> None:
    world.slack.faults.always("chat.startStream", slack_error("unknown_method"))
    world.openai.queue(Script(Text("See https://evil.example/?q=1 <!here>.")))
    ts = await world.mention("one")
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "See https://evil.example/?q=1 <!here>."
    assert calls(world, "chat.postMessage")[0]["unfurl_links"] is False


async def test_commentary_is_a_status_and_no_answer(world: World) -> None:
    gate = Event()
    world.openai.queue(
        Script(
            Text("Let me look <!here> first.", phase="commentary"), Gate(gate), Text("Yes.", phase="final_answer")
        )
    )
    ts = await world.mention("is it?")
    await world.until(lambda: world.slack.status_text(world.general, ts))
    assert world.slack.status_text(world.general, ts) == "Let me look ‹!here› first."
    assert world.answers(ts) == []
    gate.set()
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "Yes."
    assert world.slack.status_text(world.general, ts) is None


async def test_commentary_after_a_step_goes_when_the_answer_comes(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        gate = Event()
        world.openai.queue(
            Script(Reasoning(), Pause(2), Text("I search.", phase="commentary"), Gate(gate), Text("Yes."))
        )
        ts = await world.mention("is it?")
        await world.until(lambda: world.slack.status_text(world.general, ts) == "I search.")
        gate.set()
        await world.until(world.answered(ts))
        assert world.only_answer(ts).text == "Yes."
        assert world.slack.status_text(world.general, ts) is None


async def test_a_refusal_is_shown_as_one(world: World) -> None:
    world.openai.queue(Script(Refusal("I can't help with that.")))
    ts = await world.mention("bad thing")
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert answer.text.startswith("I can't help with that.")
    assert said_below(answer) == ["The model declined to answer this."]


async def test_an_incomplete_answer_says_why(world: World) -> None:
    for reason, sentence in (("max_output_tokens", "length limit"), ("content_filter", "content filter")):
        world.openai.queue(Script(Text("Half an", deltas=["Half ", Pause(2), "an"]), Incomplete(reason)))
        ts = await world.mention(reason)
        await world.until(world.answered(ts))
        answer = world.only_answer(ts)
        assert answer.text == "Half an"
        assert len(said_below(answer)) == 1
        assert sentence in said_below(answer)[0]
        assert "feedback" in actions(answer)


async def test_an_empty_answer_is_said_to_be_empty(world: World) -> None:
    for nothing in (Reasoning(), Text("【4:0†source】\n")):
        world.openai.queue(Script(nothing))
        ts = await world.mention("hm")
        await world.until(world.answered(ts))
        assert said_below(world.only_answer(ts)) == ["The model gave no answer. Please ask again."]


async def test_an_answer_takes_at_most_eight_write_transactions(make_world: Any) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running() as bot:
        before = await world.transactions_at_rest()
        world.openai.queue(
            Script(Reasoning(), FileSearch(["x"]), Pause(2), Text("a b", deltas=["a ", Pause(2), "b"]))
        )
        ts = await world.mention("go")
        await world.until(world.answered(ts))
        assert bot.store.database.transactions - before <= 8


async def test_usage_and_times_are_stored_on_the_run(world: World) -> None:
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 0},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 30},
    }
    world.openai.queue(Script(Pause(5), Text("Hi."), usage=usage))
    ts = await world.mention("hi")
    await world.until(world.answered(ts))
    assert world.bot is not None
    found = await world.bot.store.runs.of_reply(world.slack.team, world.general, world.only_answer(ts).ts)
    assert found is not None
    run = found[0]
    assert run.usage == Usage(input_tokens=100, cached_tokens=60, output_tokens=40, reasoning_tokens=30)
    assert run.first_text_at is not None
    assert run.finished_at is not None
    assert run.created_at > 0
