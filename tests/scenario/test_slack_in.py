"""What Slack says: accepted, acknowledged, answered once and in its thread, or left alone."""

import asyncio

import pytest

from bot import words
from bot.files.sentences import REFUSALS
from bot.playground.openai.script import Gate, Script, Text
from bot.playground.slack.records import slack_error
from tests.scenario.conftest import MakeWorld
from tests.scenario.world import World, said_below

# -- accepted means committed


async def test_nothing_hangs_on_auth_test(world: World) -> None:
    world.slack.faults.always("auth.test", slack_error("internal_error"))
    ts = await world.mention("still there?")
    await world.until(world.answered(ts))
    assert world.last_input() == ["still there?"]
    assert len([call for call in world.slack.calls if call.method == "auth.test"]) == 1


async def test_what_the_database_refuses_is_not_acknowledged_and_answered_once_later(world: World) -> None:
    assert world.bot is not None
    async with world.database.refusing(world.bot.store):
        ts = await world.mention("do you hear me?")
        await world.until(lambda: all(it.attempt >= 1 for it in world.slack.unacknowledged))
        assert len(world.slack.unacknowledged) == 2  # app_mention and message
        assert not world.answers(ts)
    await world.until(world.answered(ts))
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert len(world.openai.creates) == 1
    assert world.slack.lost == []


async def test_a_button_is_acknowledged_at_once(world: World) -> None:
    ts = await world.mention("hi")
    await world.until(world.answered(ts))
    answer = world.only_answer(ts)
    assert world.bot is not None
    found = await world.bot.store.runs.of_reply(world.slack.team, world.general, answer.ts)
    assert found is not None
    async with world.database.locked():
        assert await world.slack.press(world.general, answer.ts, world.bo, "feedback", "up")
        assert await world.bot.store.feedback.of(found[0].id) == ()
    opinions = await world.meanwhile(_opinions(world, found[0].id))
    assert [(opinion.user, opinion.value) for opinion in opinions] == [(world.bo, "up")]


async def _opinions(world: World, run_id: str) -> tuple[object, ...]:
    assert world.bot is not None
    while not (opinions := await world.bot.store.feedback.of(run_id)):
        await world.clock.sleep(0.1)
    return opinions


@pytest.mark.parametrize("allowed", [False, True])
async def test_a_press_from_another_organisation_does_nothing_unless_allowed(
    make_world: MakeWorld, allowed: bool
) -> None:
    world: World = await make_world(allow_external=allowed)
    world.openai.queue(Script(status="failed"))
    outsider = world.slack.add_person("Eve", team="T0000000009")
    async with world.running(gently=False) as bot:
        ts = await world.mention("hi")
        await world.until(world.answered(ts))
        failed = world.only_answer(ts)
        assert await world.slack.press(world.general, failed.ts, outsider, "try_again")
        await world.meanwhile(bot.stop())  # which waits for what follows behind the press
        ((state,),) = world.database.rows("SELECT state FROM messages")
    assert (state != "unfinished") is allowed


async def test_one_post_told_twice_is_one_message(world: World) -> None:
    ts = await world.mention("once")
    await world.until(world.answered(ts))
    assert world.slack.events_sent["app_mention"] == 1
    for envelope_type in ("message", "app_mention"):  # and once more, as after an outage
        event = {"type": envelope_type, "channel": world.general, "channel_type": "channel", "ts": ts}
        event |= {"user": world.ann, "team": world.slack.team, "text": f"{world.at_bot} once"}
        await world.slack.send_event(event)
    await world.settle()
    assert len(world.answers(ts)) == 1
    assert len(world.openai.creates) == 1


async def test_an_event_that_nobody_takes_is_acknowledged(world: World) -> None:
    world.slack.subscribed |= {"app_uninstalled", "tokens_revoked"}  # as by a manifest changed by hand
    await world.slack.send_event({"type": "app_uninstalled"})
    await world.slack.send_event({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}})
    await world.slack.send_event({"type": "app_context_changed", "user": world.ann, "context": {"entities": []}})
    await world.settle()
    assert world.slack.lost == []
    assert all(event in world.slack.events_sent for event in ("app_uninstalled", "tokens_revoked"))


async def test_a_workspace_in_which_we_are_not_installed_is_left_alone(world: World) -> None:
    world.slack.team = "T0000000009"
    ts = await world.mention("hi")
    await world.slack.edit(world.general, ts, f"{world.at_bot} hello")
    await world.slack.open_messages_tab(world.ann)
    assert not await world.was_for_us(ts)
    assert world.slack.prompts(world.slack.dm(world.ann)) is None
    assert world.slack.lost == []


async def test_settings_of_other_slack_programs_change_nothing(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SIGNING_SECRET", "VERIFICATION_TOKEN", "BOT_TOKEN", "USER_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "another-programs")
    world: World = await make_world()
    async with world.running():
        ts = await world.mention("hi")
        await world.until(world.answered(ts))


# -- where the answer goes


async def test_every_answer_goes_to_the_thread_of_its_question(world: World) -> None:
    dm = world.slack.dm(world.ann)
    mpim = world.slack.add_channel("mpdm", kind="mpim", members=(world.ann, world.bo))
    top = await world.slack.post(dm, world.ann, "one")
    other = await world.slack.post(dm, world.ann, "two")
    group = await world.slack.post(mpim, world.bo, f"{world.at_bot} three")
    root = await world.slack.post(world.general, world.bo, "lunch?")
    await world.mention("four", thread_ts=root)
    for channel, thread_ts in ((dm, top), (dm, other), (mpim, group), (world.general, root)):
        await world.until(world.answered(thread_ts, channel))
    below = await world.slack.post(dm, world.ann, "and then?", thread_ts=top)
    await world.until(world.answered(top, dm, count=2))
    assert world.slack.thread(dm, below) == []
    assert len(world.answers(top, dm)) == 2
    assert len(world.answers(root)) == 1


async def test_each_thread_of_a_dm_has_a_memory_of_its_own(world: World) -> None:
    dm = world.slack.dm(world.ann)
    first = await world.slack.post(dm, world.ann, "my dog is called Rex")
    await world.until(world.answered(first, dm))
    second = await world.slack.post(dm, world.ann, "What did I say first?")
    await world.until(world.answered(second, dm))
    assert "Rex" not in world.only_answer(second, dm).text
    await world.slack.post(dm, world.ann, "What did I say first?", thread_ts=first)
    await world.until(world.answered(first, dm, count=2))
    assert "Rex" in world.answers(first, dm)[-1].text
    assert len(world.openai.conversations) == 2


# -- a mention without a word


async def test_a_bare_mention_outside_a_thread_is_greeted_without_the_model(world: World) -> None:
    ts = await world.mention("")
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == words.GREETING
    assert "language model" in words.GREETING
    assert world.openai.requests == []


async def test_after_the_greeting_the_thread_goes_on(world: World) -> None:
    ts = await world.mention("")
    await world.until(world.answered(ts))
    await world.slack.post(world.general, world.ann, "what is 6 x 7?", thread_ts=ts)
    await world.until(world.answered(ts, count=2))
    assert "what is 6 x 7?" in world.last_input()[-1]


async def test_a_bare_mention_in_a_thread_asks_to_answer_what_was_said(world: World) -> None:
    root = await world.slack.post(world.general, world.bo, "what is the capital of France?")
    await world.mention("", thread_ts=root)
    await world.until(world.answered(root))
    missed, asked = world.last_input()
    assert "what is the capital of France?" in missed
    assert "answer what was said" in asked
    assert world.only_answer(root).text != words.GREETING


# -- the agent tab


async def test_the_messages_tab_gets_suggested_prompts_and_the_home_tab_does_not(world: World) -> None:
    dm = world.slack.dm(world.ann)
    await world.slack.send_event({"type": "app_home_opened", "tab": "home", "user": world.ann, "channel": dm})
    await world.settle()
    assert world.slack.prompts(dm) is None
    await world.slack.open_messages_tab(world.ann)
    await world.until(lambda: world.slack.prompts(dm))
    shown = world.slack.prompts(dm)
    assert shown is not None
    assert shown.thread_ts is None
    assert [(prompt["title"], prompt["message"]) for prompt in shown.prompts] == list(words.PROMPTS)


async def test_prompts_that_slack_refuses_are_let_go(world: World) -> None:
    world.slack.faults.always("assistant.threads.setSuggestedPrompts", slack_error("internal_error"))
    await world.slack.open_messages_tab(world.ann)
    await world.settle()
    assert world.slack.lost == []


# -- whom we do not answer


async def test_bots_workflows_and_slack_itself_are_never_answered(world: World) -> None:
    app = world.slack.add_person("Deploys", is_bot=True)
    dm = world.slack.dm(world.ann)
    said = [
        await world.slack.post(world.general, app, f"{world.at_bot} deployed"),
        await world.slack.post(world.general, app, f"{world.at_bot} step 1", subtype="bot_message"),
        await world.slack.post(dm, "USLACK", "Ann was invited"),
        await world.slack.post(dm, "USLACKBOT", "You asked me to remind you"),
        await world.slack.post(world.general, world.bo, f"{world.at_bot} joined", subtype="channel_join"),
    ]
    assert [await world.was_for_us(ts) for ts in said] == [False] * 5


@pytest.mark.parametrize("allowed", [False, True])
async def test_other_organisations_are_answered_only_when_allowed(make_world: MakeWorld, allowed: bool) -> None:
    world: World = await make_world(allow_external=allowed)
    shared = world.slack.add_channel("partners", shared=True, members=(world.ann,))
    outsider = world.slack.add_person("Eve", team="T0000000009")
    async with world.running():
        theirs = await world.slack.post(shared, outsider, f"{world.at_bot} hi")
        ours = await world.slack.post(shared, world.ann, f"{world.at_bot} hi")
        await world.until(world.answered(ours, shared))
        assert await world.was_for_us(theirs) is allowed
        if allowed:
            await world.until(world.answered(theirs, shared))


async def test_a_message_older_than_a_day_is_left_alone(make_world: MakeWorld) -> None:
    world: World = await make_world()
    dm = world.slack.dm(world.ann)
    async with world.running():
        old = f"{world.clock.time() - 24 * 3600 - 1:.6f}"
        event = {
            "type": "message",
            "channel": dm,
            "channel_type": "im",
            "ts": old,
            "user": world.ann,
            "text": "hi",
        }
        await world.slack.send_event(event)
        assert not await world.was_for_us(old)


async def test_too_many_questions_of_one_person_are_refused_in_a_sentence(make_world: MakeWorld) -> None:
    world: World = await make_world(max_runs_per_person_hour=2)
    async with world.running():
        asked = [await world.mention(f"question {number}") for number in range(3)]
        for ts in asked:
            await world.until(world.answered(ts))
        refused = [ts for ts in asked if said_below(world.only_answer(ts)) == [words.FAILURES["too_many_runs"]]]
        assert len(refused) == 1
        bos = await world.mention("me too", user=world.bo)
        await world.until(world.answered(bos))
    assert len(world.openai.creates) == 3


# -- while an answer is under way


async def test_what_arrives_meanwhile_becomes_one_next_run_in_order(world: World) -> None:
    gate = Gate(asyncio.Event())
    world.openai.queue(Script(Text(deltas=["one ", gate, "two"])))
    ts = await world.mention("first")
    await world.until(lambda: world.answers(ts))
    for number in range(3):
        await world.slack.post(world.general, world.ann, f"more {number}", thread_ts=ts)
    await world.until(lambda: not world.slack.unacknowledged)
    assert len(world.openai.creates) == 1
    gate.opened.set()
    await world.until(world.answered(ts, count=2))
    assert len(world.answers(ts)) == 2
    assert len(world.openai.creates) == 2
    assert world.last_input() == ["more 0", "more 1", "more 2"]


async def test_a_message_that_is_only_a_broken_file_is_told_so(world: World) -> None:
    place = world.slack.dm(world.ann)
    file = world.slack.add_file("handbook.pdf", b"%PDF-1.7", world.ann)
    ts = await world.slack.post(place, world.ann, "", files=[file], subtype="file_share")
    await world.until(world.answered(ts, place))
    assert said_below(world.only_answer(ts, place)) == [REFUSALS["broken"].format(name="handbook.pdf")]
    assert world.openai.creates == []
