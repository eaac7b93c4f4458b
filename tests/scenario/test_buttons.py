"""The buttons under an answer: thumbs with their reasons, and presses that find nothing (issue 3 §7)."""

import asyncio
from typing import Any

import pytest

from bot import words
from bot.playground.openai.script import Script, Text
from bot.playground.slack.records import Modal, slack_error
from bot.playground.slack.seen import SeenMessage
from tests.scenario.test_regenerate import asked, regenerated, whispers
from tests.scenario.world import World, actions

REASON = "reason"
WHY = {REASON: {REASON: "It is 42.\nNot 41."}}


async def opinions(world: World, answer: SeenMessage) -> set[tuple[str, str, str | None]]:
    """What the bot has stored about an answer: who, what, why."""
    assert world.bot is not None
    found = await world.bot.store.runs.of_reply(world.slack.team, world.general, answer.ts)
    assert found is not None
    return {(given.user, given.value, given.reason) for given in await world.bot.store.feedback.of(found[0].id)}


async def stored(world: World, answer: SeenMessage, *wanted: tuple[str, str, str | None]) -> None:
    """Return once exactly that is stored; what follows behind a press is done by then."""
    async with asyncio.timeout(10):
        while await opinions(world, answer) != set(wanted):
            await world.settle()


async def thumb(world: World, answer: SeenMessage, user: str, value: str) -> None:
    """Press a thumb, which is acknowledged at once."""
    assert await world.meanwhile(world.slack.press(world.general, answer.ts, user, "feedback", value))


async def asked_why(world: World, user: str) -> Modal:
    """The modal that opens before them."""
    await world.until(lambda: world.slack.modal_of(user))
    modal = world.slack.modal_of(user)
    assert modal is not None
    return modal


async def test_a_thumb_up_is_stored_and_nothing_is_asked(world: World) -> None:
    _, answer = await asked(world, "6 x 7?", "42")
    await thumb(world, answer, world.bo, "up")
    await stored(world, answer, (world.bo, "up", None))
    assert world.slack.modals == []
    assert world.slack.executed("views.open") == []


async def test_a_thumb_down_asks_for_a_reason_which_is_stored_with_it(world: World) -> None:
    _, answer = await asked(world, "6 x 7?", "41")
    await thumb(world, answer, world.ann, "down")
    modal = await asked_why(world, world.ann)
    assert modal.title == words.REASON_TITLE
    await stored(world, answer, (world.ann, "down", None))
    assert await world.meanwhile(world.slack.submit(modal.id, world.ann, WHY))
    assert world.slack.modals == []
    assert world.slack.broken_acks == []
    await stored(world, answer, (world.ann, "down", WHY[REASON][REASON]))


async def test_a_thumb_down_counts_without_a_reason_too(world: World) -> None:
    _, answer = await asked(world, "6 x 7?", "41")
    await thumb(world, answer, world.ann, "down")
    modal = await asked_why(world, world.ann)
    await world.slack.close_modal(modal.id, world.ann)
    await stored(world, answer, (world.ann, "down", None))


async def test_everybody_has_an_opinion_of_their_own_and_may_change_it(world: World) -> None:
    _, answer = await asked(world, "6 x 7?", "41")
    await thumb(world, answer, world.ann, "down")
    await thumb(world, answer, world.bo, "up")
    modal = await asked_why(world, world.ann)
    await stored(world, answer, (world.ann, "down", None), (world.bo, "up", None))
    assert await world.meanwhile(world.slack.submit(modal.id, world.ann, WHY))
    reason = WHY[REASON][REASON]
    await stored(world, answer, (world.ann, "down", reason), (world.bo, "up", None))
    await thumb(world, answer, world.ann, "up")
    await stored(world, answer, (world.ann, "up", None), (world.bo, "up", None))


async def test_the_same_thumb_again_keeps_the_reason_until_there_is_another(world: World) -> None:
    _, answer = await asked(world, "6 x 7?", "41")
    for kept, reason in ((None, "Too short."), ("Too short.", "Wrong, too.")):
        await thumb(world, answer, world.ann, "down")
        modal = await asked_why(world, world.ann)
        await stored(world, answer, (world.ann, "down", kept))
        assert await world.meanwhile(world.slack.submit(modal.id, world.ann, {REASON: {REASON: reason}}))
        await stored(world, answer, (world.ann, "down", reason))
    await thumb(world, answer, world.ann, "down")
    await asked_why(world, world.ann)
    await stored(world, answer, (world.ann, "down", "Wrong, too."))


async def test_a_reason_that_comes_after_the_answer_was_rewritten_belongs_to_none(world: World) -> None:
    _, answer = await asked(world, "6 x 7?", "41")
    await thumb(world, answer, world.ann, "down")
    modal = await asked_why(world, world.ann)
    await stored(world, answer, (world.ann, "down", None))
    await regenerated(world, answer, Script(Text("42")), user=world.bo)
    await stored(world, answer)
    assert await world.meanwhile(world.slack.submit(modal.id, world.ann, WHY))
    await world.settle()
    assert await opinions(world, answer) == set()


@pytest.mark.parametrize("error", ["expired_trigger_id", "internal_error"])
async def test_a_thumb_counts_where_slack_opens_no_modal(world: World, error: str) -> None:
    _, answer = await asked(world, "6 x 7?", "41")
    world.slack.faults.always("views.open", slack_error(error))
    await thumb(world, answer, world.ann, "down")
    await stored(world, answer, (world.ann, "down", None))
    assert world.slack.modals == []


@pytest.mark.parametrize(("action", "value"), [("feedback", "down"), ("regenerate", None)])
async def test_somebody_of_another_organisation_is_told_that_it_is_not_for_them(
    world: World, action: str, value: str | None
) -> None:
    outsider = world.slack.add_person("Eve", team="T0000000009")
    world.slack.channels[world.general].members.add(outsider)
    _, answer = await asked(world, "6 x 7?", "41")
    assert await world.meanwhile(world.slack.press(world.general, answer.ts, outsider, action, value))
    assert await whispers(world) == [words.NOT_FOR_OUTSIDERS]
    assert world.slack.modals == []
    assert await opinions(world, answer) == set()


async def test_where_it_is_allowed_they_have_an_opinion_like_others(make_world: Any) -> None:
    world: World = await make_world(allow_external=True)
    outsider = world.slack.add_person("Eve", team="T0000000009")
    world.slack.channels[world.general].members.add(outsider)
    async with world.running():
        _, answer = await asked(world, "6 x 7?", "42")
        await thumb(world, answer, outsider, "up")
        await stored(world, answer, (outsider, "up", None))


@pytest.mark.parametrize(("action", "value"), [("feedback", "up"), ("feedback", "down"), ("regenerate", None)])
async def test_a_button_under_a_message_we_do_not_know_says_so(
    world: World, action: str, value: str | None
) -> None:
    ts, answer = await asked(world, "6 x 7?", "42")
    channel = world.slack.channels[world.general]
    strange = world.slack.new_bot_message(ts, "from before the database was lost")
    strange.blocks = list(channel.messages[answer.ts].blocks or answer.blocks)
    world.slack.add(channel, strange)
    assert await world.meanwhile(world.slack.press(world.general, strange.ts, world.bo, action, value))
    assert await whispers(world) == [words.ANSWER_GONE]
    assert world.slack.modals == []
    await world.settle()
    assert len(world.openai.creates) == 1


async def test_the_same_ts_in_another_channel_is_another_message(world: World) -> None:
    ts, answer = await asked(world, "6 x 7?", "42")
    elsewhere = world.slack.channels[world.slack.add_channel("elsewhere", members=(world.ann,))]
    message = world.slack.channels[world.general].messages[answer.ts]
    elsewhere.messages[answer.ts] = message
    assert await world.meanwhile(world.slack.press(elsewhere.id, answer.ts, world.ann, "regenerate"))
    await world.until(lambda: any(call.method == "chat.postEphemeral" for call in world.slack.calls))
    await world.settle()
    assert world.only_answer(ts).text == "42"
    assert len(world.openai.creates) == 1


async def test_try_again_pressed_twice_is_done_once_and_told(world: World) -> None:
    world.openai.queue(Script(status="failed"), Script(Text("42")))
    ts = await world.mention("6 x 7?")
    await world.until(world.answered(ts))
    failed = world.only_answer(ts)
    assert actions(failed) == {"try_again"}
    for user in (world.ann, world.bo):
        assert await world.meanwhile(world.slack.press(world.general, failed.ts, user, "try_again"))
    await world.until(world.answered(ts, count=2))
    assert await whispers(world) == [words.TRYING_AGAIN_ALREADY]
    assert len(world.openai.creates) == 2
