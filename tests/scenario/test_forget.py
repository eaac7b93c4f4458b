"""`threadmate forget`: nothing of a thread, a channel, a person is left, at OpenAI or with us; others stay."""

import asyncio
import json
from contextlib import AsyncExitStack

from bot.assistant.engine import Engine
from bot.forget import Forgetter, forget
from bot.forget_said import Said
from bot.forget_what import OneThread, Person, Target, WholeChannel
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Gate, Script, Text
from storage.store import Store
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World

ZEBRA = "Zebras rest on Tuesdays."
OTTER = "Otters rest on Fridays."


async def told(world: World, target: Target, *, dry_run: bool = False) -> tuple[bool, list[str]]:
    """What the command says, and whether everything is gone."""
    lines: list[str] = []
    work = forget(world.settings(), target, lines.append, dry_run=dry_run, clock=world.clock)
    return await world.meanwhile(work), lines


def database(world: World) -> str:
    """Everything in the database, as text."""
    return world.database.dump()


def at_openai(world: World) -> str:
    """Everything that OpenAI has, as text; also items of deleted conversations, which no list shows any more."""
    openai = world.openai
    responses = [openai.run(one) for one in openai.responses if one not in openai._responses.deleted]
    stores = [
        (one.id, one.metadata, *one.files) for one in openai.vector_stores.values() if one.id != OPERATOR_STORE
    ]
    texts = [file.data().decode("utf-8", "replace") for file in openai.files.values()]
    return json.dumps(
        [
            [(one.id, one.deleted, one.items) for one in openai.conversations.values()],
            [(one.response, one.turn.context) for one in responses],
            [(one.id, one.filename) for one in openai.files.values()],
            texts,
            stores,
        ]
    )


def everything(world: World) -> str:
    return database(world) + at_openai(world)


async def ask_about(
    world: World, name: str, text: str, *, user: str | None = None, channel: str | None = None
) -> str:
    """A thread with a document, and an answer that quotes it."""
    world.openai.queue(Script(FileSearch(["who rests?"]), Text(text)))
    ts = await world.drop(name, text, f"who rests, says {name}?", user=user, channel=channel)
    await world.until(world.answered(ts, channel))
    return ts


async def test_a_thread_goes_and_nothing_else(make_world: MakeWorld) -> None:
    world: World = await make_world()
    async with world.running():
        ts = await ask_about(world, "zebra.md", ZEBRA)
        await ask_about(world, "otter.md", OTTER, user=world.bo)
        running = await told(world, OneThread(world.general, ts), dry_run=True)
    before, calls = everything(world), len(world.openai.requests)
    planned = await told(world, OneThread(world.general, ts), dry_run=True)
    assert planned == running, "a dry run may be made beside the bot"
    assert everything(world) == before
    assert {one.method for one in world.openai.requests[calls:]} == {"GET"}
    done, lines = await told(world, OneThread(world.general, ts))
    assert done
    assert sorted(line.removeprefix("removed: ") for line in lines) == sorted(
        line.removeprefix("would remove: ") for line in planned[1]
    )
    left = everything(world)
    for trace in ("zebra", "Zebra", ts):
        assert trace not in left
    assert "Otter" in left
    assert [file.filename for file in world.openai.files.values()] == ["otter.md"]
    assert world.openai.orphans() == []
    assert await told(world, OneThread(world.general, ts)) == (
        True,
        [f"Nothing is kept of the thread {ts} in {world.general}."],
    )


async def test_a_channel_goes_with_its_vector_store_and_other_channels_stay(make_world: MakeWorld) -> None:
    world: World = await make_world()
    async with world.running():
        here = world.slack.add_channel("zoo", members=(world.ann, world.bo))
        first = await ask_about(world, "zebra.md", ZEBRA, channel=here)
        await ask_about(world, "lion.md", "Lions never rest.", channel=here, user=world.bo)
        await ask_about(world, "otter.md", OTTER)
        await ask_about(world, "zebra.md", ZEBRA)
    (shared,) = (file.id for file in world.openai.files.values() if file.filename == "zebra.md")
    stores = {one.metadata["channel"]: one.id for one in world.openai.vector_stores.values() if one.metadata}
    done, lines = await told(world, WholeChannel(here))
    assert done
    assert f"removed: vector store {stores[here]}" in lines
    assert [line for line in lines if line.startswith("kept: ")] == [
        f"kept: File {shared} (zebra.md): it is posted elsewhere, too"
    ]
    left = everything(world)
    for trace in (here, first, "Lion", "lion.md"):
        assert trace not in left
    assert sorted(file.filename for file in world.openai.files.values()) == ["otter.md", "zebra.md"]
    assert stores[world.general] in world.openai.vector_stores
    assert (await told(world, WholeChannel(here)))[1] == [f"Nothing is kept of the channel {here}."]


async def test_a_refused_deletion_is_told_and_the_same_command_finishes_it(make_world: MakeWorld) -> None:
    world: World = await make_world()
    async with world.running():
        ts = await ask_about(world, "zebra.md", ZEBRA)
    body = {"error": {"message": "no", "type": "server_error", "code": None, "param": None}}
    refused = (
        "DELETE /conversations/{id}",
        "DELETE /responses/{id}",
        "DELETE /vector_stores/{id}/files/{file_id}",
        "DELETE /files/{id}",
    )
    for call in refused:
        world.openai.faults.always(call, Fault(FaultKind.REFUSE, status=500, body=body))
    for call in refused:
        done, lines = await told(world, OneThread(world.general, ts))
        assert not done
        assert any(line.startswith("✗") for line in lines)
        assert lines[-1].startswith("Not everything could be removed now.")
        assert "zebra.md" in database(world), "by our rows the rest is found again"
        world.openai.faults.clear(call)
    done, lines = await told(world, OneThread(world.general, ts))
    assert done
    left = everything(world)
    for trace in ("zebra", "Zebra", ts):
        assert trace not in left
    assert world.openai.orphans() == []


async def test_a_person_goes_from_threads_of_their_own_and_from_those_of_others(make_world: MakeWorld) -> None:
    world: World = await make_world()
    async with world.running():
        own = await ask_about(world, "zebra.md", ZEBRA)
        shared = await ask_about(world, "otter.md", OTTER, user=world.bo)
        await world.mention("do lions rest?", thread_ts=shared)
        await world.until(world.answered(shared, count=2))
        root = await world.slack.post(world.general, world.ann, "I like giraffes")
        await world.slack.post(world.general, world.bo, f"{world.at_bot} why?", thread_ts=root)
        await world.until(world.answered(root))
        await world.slack.post(world.general, world.bo, f"{world.at_bot} and otters?", thread_ts=shared)
        await world.until(world.answered(shared, count=3))
    for word in ("Zebra", "lions", "giraffes"):
        assert word in at_openai(world)
    before = everything(world)
    planned = (await told(world, Person(world.ann), dry_run=True))[1]
    assert everything(world) == before
    done, lines = await told(world, Person(world.ann))
    assert done
    assert sorted(line.removeprefix("removed: ") for line in lines) == sorted(
        line.removeprefix("would remove: ") for line in planned
    )
    left = everything(world)
    for trace in (own, world.ann, "zebra", "Zebra", "lions", "giraffes"):
        assert trace not in left, trace
    assert "and otters?" in left
    assert [file.filename for file in world.openai.files.values()] == ["otter.md"]
    assert (await told(world, Person(world.ann)))[1] == [f"Nothing is kept of the person {world.ann}."]
    async with world.running():  # the others go on where they were
        await world.slack.post(world.general, world.bo, f"{world.at_bot} still there?", thread_ts=shared)
        await world.until(world.answered(shared, count=4))
    assert "and otters?" in json.dumps(list(world.openai.contexts.values())[-1])


async def test_broken_off_at_any_call_the_same_command_finishes_it(make_world: MakeWorld) -> None:
    world: World = await make_world()
    calls = (
        "DELETE /conversations/{id}/items/{item_id}",
        "DELETE /conversations/{id}",
        "DELETE /responses/{id}",
        "DELETE /vector_stores/{id}/files/{file_id}",
        "DELETE /files/{id}",
    )
    async with world.running():
        threads = [await ask_about(world, f"zebra{number}.md", ZEBRA) for number in range(len(calls))]
    for call, ts in zip(calls, threads, strict=True):
        held = world.openai.faults.add(call, Fault(FaultKind.HOLD))
        thread = OneThread(world.general, ts)
        work = asyncio.create_task(forget(world.settings(), thread, print, dry_run=False, clock=world.clock))
        await held.reached.wait()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert (await told(world, thread))[0]
    left = everything(world)
    for trace in ("zebra", "Zebra", *threads):
        assert trace not in left
    assert world.openai.files == {}


async def test_beside_a_running_bot_what_is_being_answered_is_stopped_and_goes(world: World) -> None:
    """As on PostgreSQL, where several processes may have the database open."""
    waits = asyncio.Event()
    world.openai.queue(Script(Text(deltas=["Zebras ", Gate(waits), "rest."])))
    ts = await world.mention("do zebras rest?")
    await world.until(lambda: world.answers(ts))
    lines: list[str] = []
    engine = Engine.connect(world.openai.api_key, world.openai.base_url, world.clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.close)
        store = await stack.enter_async_context(Store.open(world.settings().database_url, exclusive=False))
        forgetter = Forgetter(store, engine, Said(lines.append, dry_run=False), world.clock)
        done = await world.meanwhile(forgetter.forget(OneThread(world.general, ts)))
    waits.set()
    assert done, lines
    left = everything(world)
    for trace in ("zebras", "Zebras", ts):
        assert trace not in left
