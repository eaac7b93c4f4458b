"""A mention, answered end to end."""

from bot.playground.openai.script import Pause, Script, Text
from tests.scenario.world import World, actions, block_types


async def test_a_mention_is_answered_in_its_thread(world: World) -> None:
    world.openai.queue(Script(Text("Hello **Ann**, how can I help?", deltas=3)))
    ts = await world.mention("hi there")
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert answer.text == "Hello **Ann**, how can I help?"
    assert "feedback" in actions(answer)
    assert "context_actions" in block_types(answer)
    assert world.last_input() == ["hi there"]


async def test_a_streamed_answer_costs_few_calls(world: World) -> None:
    world.openai.queue(
        Script(
            Text(
                "one two three four five six",
                deltas=["one two ", Pause(2.5), "three four ", Pause(2.5), "five six"],
            )
        )
    )
    assert world.bot is not None
    before = await world.transactions_at_rest()
    ts = await world.mention("count")
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "one two three four five six"
    assert [
        call.method for call in world.slack.calls if call.method not in {"auth.test", "apps.connections.open"}
    ] == [
        "agents.sessions.setStatus",
        "chat.startStream",
        "chat.appendStream",
        "chat.appendStream",
        "chat.stopStream",
    ]
    assert world.bot.store.database.transactions - before <= 8
    assert [notification.cause for notification in world.slack.notifications] == ["stream_ended"]
