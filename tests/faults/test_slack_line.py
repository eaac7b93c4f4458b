"""The line to Slack's Web API breaks: what people see is the whole answer, once."""

import asyncio

import pytest

from bot.playground.openai.script import CodeInterpreter, Gate, Script, Text
from tests.faults.conftest import AT_ONCE, PIECES, SLOWLY, WHOLE, Scene, let_the_loop_see_time_pass
from tests.faults.proxy import Kind, Trouble, Way

PIXELS = bytes(range(256)) * 400


def call(method: str) -> bytes:
    """What a call of that method begins with."""
    return f"POST /api/{method}".encode()


async def test_a_slack_that_refuses_connections_when_the_answer_begins_gets_it_later(scene: Scene) -> None:
    first = await scene.ask(AT_ONCE)
    await scene.is_answered_whole(first)
    await scene.gone(scene.lines.slack)
    ts = await scene.ask()
    await scene.later(20)
    assert scene.world.answers(ts) == []
    await scene.lines.slack.accept()
    await scene.is_answered_whole(ts, requests=2)


@pytest.mark.parametrize("way", [Way.UP, Way.DOWN], ids=["not executed", "executed"])
@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (Kind.RESET, "chat.startStream"),
        (Kind.SWALLOW, "chat.appendStream"),
        (Kind.END, "chat.stopStream"),
    ],
)
async def test_a_call_without_an_answer_leaves_one_whole_message(
    scene: Scene, method: str, kind: Kind, way: Way
) -> None:
    lost = scene.lines.slack.add(Trouble(kind, way, behind=call(method), heard=Way.UP))
    ts = await scene.ask()
    await scene.is_answered_whole(ts)
    assert lost.met.is_set()


async def test_an_answer_of_slack_that_comes_byte_by_byte_is_read_right(scene: Scene) -> None:
    scene.lines.slack.add(Trouble(Kind.CHOP, behind=call("chat.startStream"), heard=Way.UP))
    await scene.is_answered_whole(await scene.ask())


async def test_a_slack_that_dies_in_the_middle_of_an_answer_and_comes_back_has_all_of_it(scene: Scene) -> None:
    ts = await scene.ask(SLOWLY)
    await scene.world.until(lambda: scene.world.answers(ts))
    await scene.gone(scene.lines.slack)
    await scene.later(60)
    assert scene.world.answers(ts)[0].streaming
    await scene.lines.slack.accept()
    await scene.is_answered_whole(ts)


async def test_a_download_that_is_cut_in_the_middle_is_made_again(scene: Scene) -> None:
    cut = scene.lines.slack.add(Trouble(Kind.RESET, behind=b"the middle of it"))
    scene.world.openai.queue(AT_ONCE)
    text = "Everybody has 25 days of holiday. " * 40 + "the middle of it" + " and the rest." * 40
    ts = await scene.world.drop("handbook.md", text, "how many days?")
    await scene.is_answered_whole(ts)
    assert cut.met.is_set()
    assert len(scene.world.slack.downloads) == 2
    (stored,) = scene.world.openai.files.values()
    assert stored.size == len(text)


async def test_an_upload_that_is_cut_in_the_middle_is_made_again_and_shown_once(scene: Scene) -> None:
    cut = scene.lines.slack.add(Trouble(Kind.RESET, Way.UP, behind=PIXELS[30_000:30_200]))
    made = CodeInterpreter("make()", files={"/mnt/data/raw.bin": PIXELS})
    scene.world.openai.queue(Script(made, Text(WHOLE)))
    ts = await scene.world.mention("make it")
    await scene.world.until(scene.world.answered(ts, count=2))
    await scene.world.settle()
    answer, below = scene.world.answers(ts)
    assert cut.met.is_set()
    assert answer.text == WHOLE
    assert [file["name"] for file in below.files] == ["raw.bin"]
    assert scene.world.slack.content_of(below.files[0]["id"]) == PIXELS


async def test_a_slack_that_is_gone_while_the_program_ends_costs_the_next_one_nothing(scene: Scene) -> None:
    ts = await scene.ask(Script(Text(deltas=["One. ", Gate(asyncio.Event())])), AT_ONCE)
    await scene.world.until(lambda: scene.world.answers(ts))
    await scene.gone(scene.lines.slack)
    bot = scene.world.bot
    assert bot is not None
    let_the_loop_see_time_pass(scene.world)
    await scene.world.meanwhile(bot.worker.drain(0))
    await scene.world.meanwhile(bot.worker.let_go())
    (run,) = scene.world.database.rows("SELECT status, lease_owner, lapses FROM runs")
    assert run == ("queued", None, 0)
    await scene.lines.slack.accept()
    scene.world.slack.sessions.clear()  # nobody goes on here


async def test_everything_gone_for_a_minute_and_back(scene: Scene) -> None:
    begun = await scene.ask(SLOWLY, AT_ONCE, AT_ONCE)
    await scene.world.until(lambda: PIECES[1] in "".join(one.text for one in scene.world.answers(begun)))
    await scene.gone(*scene.lines.all)
    asked = await scene.world.mention("and now?", user=scene.world.bo)
    await scene.later(60)
    for proxy in scene.lines.all:
        await proxy.accept()
    await scene.world.until(scene.world.answered(asked))
    await scene.is_answered_whole(asked, requests=None)
    await scene.is_answered_whole(begun, requests=None)
