"""Questions asked through a message's menu, with options or without, and threads that are set up there."""

import asyncio
import json
from pathlib import Path
from typing import Any

from bot import setting_words as words
from bot import words as common
from bot.options_more import LABELS, MORE
from bot.options_view import CHOOSE_ASSISTANT, NOBODY
from bot.overrides import AdditionalMessage, Overrides
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import CodeInterpreter, Script, Text
from bot.playground.slack.records import slack_error
from storage.records import NewMessage, Place, Verdict
from tests import documents
from tests.scenario.conftest import MakeWorld
from tests.scenario.options_rig import announced, blocks, offered, opened, sentences, submit
from tests.scenario.test_details import filled
from tests.scenario.world import World, said_below

ABOUT, OPTIONS, THREAD = "ask_about", "ask_with_options", "thread_settings"
TWO = (
    '[assistants.default]\nname = "Helper"\ntools = ["code_interpreter", "web_search"]\n\n'
    '[assistants.legal]\nname = "Counsel"\nmodel = "gpt-6-luna"\n'
)


def otherwise(world: World, ts: str) -> list[str]:
    """What the first message of ours in a thread says, which says the question aloud."""
    return said_below(world.answers(ts)[0])


async def with_assistants(make_world: MakeWorld, tmp_path: Path, **settings: Any) -> World:
    file = tmp_path / "assistants.toml"
    file.write_text(TWO)
    world: World = await make_world(assistants_file=file, **settings)
    return world


async def test_a_message_is_asked_about_with_its_files_and_everybody_sees_by_whom(world: World) -> None:
    file = world.slack.add_file("handbook.md", b"25 days of leave.", world.bo)
    ts = await world.slack.post(world.general, world.bo, "have a look", files=[file], subtype="file_share")
    modal = await opened(world, ABOUT, ts)
    assert (modal.title, list(blocks(modal))) == (words.ASK_ABOUT_TITLE, ["question"])
    assert await submit(world, modal, question="How many days of leave?")
    assert not modal.open
    await world.until(world.answered(ts, count=2))
    assert otherwise(world, ts) == ["How many days of leave?", common.ASKED_BY.format(name="Ann")]
    texts = "\n".join(world.last_texts())
    assert "have a look" in texts
    assert "handbook.md" in texts
    assert "How many days of leave?" in texts
    assert any(tool["type"] == "file_search" for tool in world.openai.creates[-1]["tools"])
    await world.slack.post(world.general, world.ann, "and in May?", thread_ts=ts)
    await world.until(world.answered(ts, count=3))
    assert "and in May?" in world.last_texts()[-1], "whoever asked is followed"
    app = world.slack.add_person("Deploys", is_bot=True)
    ts = await world.slack.post(world.general, app, "build 7 is red")
    assert await submit(world, await opened(world, ABOUT, ts))
    await world.until(world.answered(ts, count=2))
    assert otherwise(world, ts)[0] == words.ANSWER_THIS
    assert "build 7 is red" in "\n".join(world.last_texts())


async def test_a_message_far_up_in_a_thread_is_told_all_the_same(make_world: MakeWorld) -> None:
    world: World = await make_world(catch_up_messages=1)
    async with world.running():
        root = await world.slack.post(world.general, world.bo, "the root")
        picture = world.slack.add_file("chart.png", documents.picture(), world.bo)
        said = f"<@{world.bo}> drew <!here> this"
        far = await world.slack.post(
            world.general, world.bo, said, thread_ts=root, files=[picture], subtype="file_share"
        )
        for number in range(3):
            await world.slack.post(world.general, world.bo, f"more {number}", thread_ts=root)
        await world.mention("hello", thread_ts=root)
        await world.until(world.answered(root))
        assert "drew" not in "\n".join(world.last_texts())
        assert await submit(world, await opened(world, ABOUT, far), question="what is it?")
        await world.until(world.answered(root, count=3))
        question = said_below(world.answers(root)[1])[0]
        assert question == "what is it?\n\nAbout: “@Bo drew @here this”"
        texts = "\n".join(world.last_texts())
        assert '"text": "@Bo drew @here this' in texts
        assert "more 1" not in texts
        parts = [part["type"] for item in world.openai.creates[-1]["input"] for part in item["content"]]
        assert parts.count("input_image") == 1
        own = world.answers(root)[0]
        assert await submit(world, await opened(world, ABOUT, own.ts), question="are you sure?")
        await world.until(world.answered(root, count=5))
        assert "your own answer" in "\n".join(world.last_texts())


async def test_sent_twice_it_is_asked_once(world: World) -> None:
    ts = await world.slack.post(world.general, world.bo, "hm")
    modal = await opened(world, ABOUT, ts)
    world.slack.hold_acks = True
    assert not await submit(world, modal, question="why?")
    world.slack.hold_acks = False
    assert modal.open
    assert await submit(world, modal, question="why?")
    await world.until(world.answered(ts, count=2))
    await world.settle()
    assert len(world.openai.creates) == 1
    assert await submit(world, await opened(world, ABOUT, ts), question="why?")
    await world.until(world.answered(ts, count=4))


async def test_only_members_ask_and_only_whom_the_modal_was_opened_for(world: World) -> None:
    place = world.slack.add_channel("secret", kind="private", members=(world.ann, world.bo))
    ts = await world.slack.post(place, world.bo, "hm")
    modal = await opened(world, ABOUT, ts, channel=place)
    world.slack.channels[place].members.discard(world.ann)
    assert await submit(world, modal, question="why?")
    assert sentences(modal) == [words.MEMBERS_ONLY]
    elsewhere = world.slack.add_channel("elsewhere", members=(world.ann,), bot_is_member=False)
    there = await world.slack.post(elsewhere, world.ann, "hm")
    assert sentences(await opened(world, ABOUT, there, channel=elsewhere)) == [words.NOT_HERE]
    forged = await opened(world, ABOUT, ts, world.bo, place)
    forged.view["private_metadata"] = json.dumps({**json.loads(forged.view["private_metadata"]), "user": "U1"})
    assert await submit(world, forged, question="why?")
    await world.settle()
    assert world.openai.creates == []
    assert world.database.rows("SELECT 1 FROM messages") == []


async def test_what_takes_too_long_for_slack_is_told(world: World) -> None:
    ts = await world.slack.post(world.general, world.bo, "hm")
    modal = await opened(world, ABOUT, ts)
    held = world.slack.faults.add("conversations.members", Fault(FaultKind.HOLD))
    assert await submit(world, modal, question="why?")
    held.released.set()
    assert modal.errors == {"question": words.LATE}
    assert await submit(world, modal, question="why?")
    await world.until(world.answered(ts, count=2))
    ts = await world.slack.post(world.general, world.bo, "hm")
    for shortcut in (ABOUT, OPTIONS, THREAD):
        world.slack.faults.add("views.open", slack_error("expired_trigger_id"))
        assert await world.meanwhile(world.slack.shortcut(shortcut, world.general, ts, world.ann))
    await world.until(lambda: len(world.slack.ephemerals) == 3)
    assert {told.text for told in world.slack.ephemerals} == {words.LATE}
    assert world.slack.modal_of(world.ann) is None


async def test_in_a_dm_too_and_not_where_it_is_muted(world: World) -> None:
    dm = world.slack.dm(world.ann)
    ts = await world.slack.post(dm, world.ann, "hm")
    await world.until(world.answered(ts, dm))
    assert await submit(world, await opened(world, ABOUT, ts, channel=dm), question="why?")
    await world.until(world.answered(ts, dm, count=3))
    root = await world.slack.post(world.general, world.bo, "hm")
    modal = await opened(world, ABOUT, root)
    assert await world.meanwhile(world.slack.command("/threadmate", "mute", world.general, world.bo))
    await world.until(lambda: announced(world))
    assert await submit(world, modal, question="why?")
    assert sentences(modal) == [words.MUTED_HERE]
    assert world.answers(root) == []


async def test_what_is_chosen_holds_for_that_answer_and_is_said(make_world: MakeWorld) -> None:
    world: World = await make_world(
        assistant_tools=("code_interpreter", "web_search"), allowed_models=("gpt-6-luna",)
    )
    async with world.running():
        ts = await world.slack.post(world.general, world.bo, "hm")
        modal = await opened(world, OPTIONS, ts)
        assert list(blocks(modal)) == ["question", "model_default", "tools_default_0", "extra"]
        assert offered(modal, "model_default") == ["gpt-6.2-sol", "gpt-6-luna"]
        assert offered(modal, "tools_default_0") == ["code_interpreter", "web_search"]
        extra = f"<!channel> <@{world.bo}> In *Spanish*.\nAlways."
        chosen = {"model_default": "gpt-6-luna", "tools_default_0": ["code_interpreter"], "extra": extra}
        world.openai.queue(Script(CodeInterpreter("print(1)", "line\n" * 2_000), Text("It is 1.")))
        assert await submit(world, modal, question="what is it <!here>?", **chosen)
        await world.until(world.answered(ts, count=2))
        request = world.openai.creates[-1]
        assert request["model"] == "gpt-6-luna"
        assert [tool["type"] for tool in request["tools"]] == ["code_interpreter"]
        assert request["instructions"].endswith(extra)
        line = (
            "Asked with: model gpt-6-luna, extra instructions "
            f"“‹!channel› ‹@{world.bo}› In *Spanish*. Always.”, only the tools “Run code”"
        )
        assert otherwise(world, ts) == ["what is it <!here>?", "Ann asks:", line]
        assert world.slack.live_mentions == []
        answer = world.answers(ts)[1]
        assert await world.meanwhile(world.slack.press(world.general, answer.ts, world.bo, "details"))
        details = await filled(world, world.bo)
        assert sentences(details)[0] == line.replace("‹", "<").replace("›", ">")
        assert await world.meanwhile(world.slack.press(world.general, answer.ts, world.ann, "regenerate"))
        await world.until(lambda: len(world.openai.creates) == 2 and not world.bot_is_busy())
        assert world.openai.creates[-1]["model"] == "gpt-6-luna", "given anew as it was asked"
        await world.slack.post(world.general, world.ann, "and otherwise?", thread_ts=ts)
        await world.until(world.answered(ts, count=3))
        plain = world.openai.creates[-1]
        assert (plain["model"], len(plain["tools"])) == ("gpt-6.2-sol", 2)
        assert "Spanish" not in plain["instructions"]


async def test_what_is_asked_otherwise_is_answered_apart_from_what_waits_with_it(make_world: MakeWorld) -> None:
    world: World = await make_world(allowed_models=("gpt-6-luna",))
    async with world.running():
        gate = Fault(FaultKind.HOLD)
        world.slack.faults.add("agents.sessions.setStatus", gate)
        ts = await world.mention("first")
        await world.until(gate.reached.is_set)
        await world.mention("second", thread_ts=ts)
        modal = await opened(world, OPTIONS, ts)
        assert await submit(world, modal, question="third", model_default="gpt-6-luna")
        gate.released.set()
        await world.until(world.answered(ts, count=4))
        assert [request["model"] for request in world.openai.creates] == [
            "gpt-6.2-sol",
            "gpt-6.2-sol",
            "gpt-6-luna",
        ]


async def test_what_is_not_offered_is_not_done(make_world: MakeWorld) -> None:
    world: World = await make_world(allowed_models=("gpt-6-luna",))
    async with world.running():
        ts = await world.slack.post(world.general, world.bo, "hm")
        modal = await opened(world, OPTIONS, ts)
        blocks(modal)["model_default"]["element"]["options"][1]["value"] = "gpt-6-dear"
        assert await submit(world, modal, question="why?", model_default="gpt-6-dear")
        assert modal.errors == {"question": words.NOT_OFFERED}
        await world.settle()
        assert world.openai.creates == []


async def test_what_can_be_chosen_depends_on_the_assistant(make_world: MakeWorld, tmp_path: Path) -> None:
    world = await with_assistants(make_world, tmp_path)
    async with world.running():
        ts = await world.slack.post(world.general, world.bo, "hm")
        modal = await opened(world, OPTIONS, ts)
        assert list(blocks(modal)) == ["question", "assistant", "tools_default_0", "extra"]
        before = modal.hash
        assert await world.meanwhile(world.slack.press_in_modal(modal.id, world.ann, CHOOSE_ASSISTANT, "legal"))
        await world.until(lambda: modal.hash != before)
        assert list(blocks(modal)) == ["question", "assistant", "extra"]
        assert await submit(world, modal, question="may I?")
        await world.until(world.answered(ts, count=2))
        assert world.openai.creates[-1]["model"] == "gpt-6-luna"
        assert otherwise(world, ts)[-1] == "Asked with: assistant legal"


async def test_further_options_are_shown_when_wanted_and_what_they_do_not_take_is_said(
    make_world: MakeWorld,
) -> None:
    world: World = await make_world(assistant_tools=("code_interpreter",))
    async with world.running():
        ts = await world.slack.post(world.general, world.bo, "hm")
        modal = await opened(world, OPTIONS, ts)
        plain = list(blocks(modal))
        before = modal.hash
        assert await world.meanwhile(world.slack.press_in_modal(modal.id, world.ann, MORE))
        await world.until(lambda: modal.hash != before)
        assert [name for name in blocks(modal) if name not in plain] == [f"more_{name}" for name in LABELS]
        wanted = {"more_max_output_tokens": "9", "more_temperature": "hot", "more_top_p": "0,5"}
        assert await submit(world, modal, question="why?", **wanted)
        assert modal.errors == {
            "more_max_output_tokens": words.WHOLE_BETWEEN.format(least=16, most="1,000,000"),
            "more_temperature": words.NUMBER_BETWEEN.format(least=0, most=2),
        }
        wanted = {"more_max_output_tokens": "900", "more_temperature": "", "more_tool_choice": "required"}
        assert await submit(world, modal, question="why?", more_truncation="disabled", **wanted)
        await world.until(world.answered(ts, count=2))
        request = world.openai.creates[-1]
        asked = {
            name: request.get(name) for name in ("max_output_tokens", "temperature", "tool_choice", "truncation")
        }
        assert asked == {
            "max_output_tokens": 900,
            "temperature": None,
            "tool_choice": "required",
            "truncation": "disabled",
        }
        told = "tool_choice required, top_p 0.5, max_output_tokens 900, truncation disabled"
        assert otherwise(world, ts)[-1] == f"Asked with: {told}"


async def test_a_thread_is_set_up_and_everybody_in_it_is_told(make_world: MakeWorld, tmp_path: Path) -> None:
    world = await with_assistants(make_world, tmp_path)
    async with world.running():
        ts = await world.mention("hello")
        await world.until(world.answered(ts))
        answer = world.only_answer(ts).ts
        modal = await opened(world, THREAD, answer)
        assert list(blocks(modal)) == ["assistant", "extra", "mute"]
        assert offered(modal, "assistant") == [NOBODY, "default", "legal"]
        assert await submit(world, modal, assistant="legal", extra="In <!here> Spanish.")
        await world.until(lambda: len(announced(world, thread_ts=ts)) == 2)
        assert set(announced(world, thread_ts=ts)[1]) == {
            words.SAID_THREAD_INSTRUCTIONS.format(who="Ann"),
            "In <!here> Spanish.",
            words.SAID_THREAD_ASSISTANT.format(who="Ann", name="Counsel"),
        }
        await world.mention("and now?", thread_ts=ts)
        await world.until(world.answered(ts, count=3))
        assert world.openai.creates[-1]["model"] == "gpt-6-luna"
        assert world.openai.creates[-1]["instructions"].endswith("In <!here> Spanish.")
        again = await opened(world, THREAD, ts)
        assert blocks(again)["extra"]["element"]["initial_value"] == "In <!here> Spanish."
        assert blocks(again)["assistant"]["element"]["initial_option"]["value"] == "legal"
        assert await submit(world, again, assistant=NOBODY, extra="", mute=["mute"])
        await world.until(lambda: len(announced(world, thread_ts=ts)) == 4)
        assert not await world.was_for_us(await world.mention("hello?", thread_ts=ts))
        await world.until(lambda: any(told.text == words.MUTED_HERE for told in world.slack.ephemerals))
        other = await world.mention("hello")
        await world.until(world.answered(other))
        third = await opened(world, THREAD, ts)
        assert await submit(world, third)
        await world.until(lambda: world.slack.ephemerals[-1].text == words.SO_ALREADY)
        rows = world.database.rows("SELECT thread_ts, setting, after FROM settings_changes ORDER BY id")
        assert {row[0] for row in map(tuple, rows)} == {ts}
        assert sorted((row[1], row[2] or "") for row in map(tuple, rows)) == [
            ("additional_instructions", ""),
            ("additional_instructions", "In <!here> Spanish."),
            ("assistant", ""),
            ("assistant", "legal"),
            ("muted", "muted"),
        ]


async def test_a_thread_is_set_up_by_members_of_ours_and_once_where_two_want_the_same(world: World) -> None:
    guest = world.slack.add_person("Gus")
    world.slack.people[guest].guest = True
    world.slack.channels[world.general].members.add(guest)
    ts = await world.slack.post(world.general, world.bo, "hm")
    assert await submit(world, await opened(world, THREAD, ts, guest), mute=["mute"])
    await world.until(lambda: world.slack.ephemerals)
    assert world.slack.ephemerals[-1].text == words.NO_GUESTS
    modal = await opened(world, THREAD, ts)
    world.slack.channels[world.general].members.discard(world.ann)
    assert await submit(world, modal, mute=["mute"])
    await world.until(lambda: sum(call.method == "chat.postEphemeral" for call in world.slack.calls) == 2)
    assert world.database.rows("SELECT 1 FROM settings_changes") == []
    assert announced(world, thread_ts=ts) == []
    world.slack.channels[world.general].members.add(world.ann)
    ts = await world.slack.post(world.general, world.bo, "hm")
    modals = [await opened(world, THREAD, ts, user) for user in (world.ann, world.bo)]
    saving = [submit(world, modal, extra="Be brief.") for modal in modals]
    assert await asyncio.gather(*saving) == [True, True]
    await world.until(lambda: len(world.slack.ephemerals) == 2 and announced(world, thread_ts=ts))
    assert world.slack.ephemerals[-1].text == words.SO_ALREADY
    assert len(announced(world, thread_ts=ts)) == 1


async def test_additional_messages_and_the_rest_reach_the_request(world: World) -> None:
    assert world.bot is not None
    ts = await world.slack.post(world.general, world.bo, "hm")
    wishes = Overrides(
        instructions="Only this.",
        additional_messages=(
            AdditionalMessage(content="Two and two?"),
            AdditionalMessage(role="assistant", content="Five."),
        ),
        tool_choice="none",
        max_output_tokens=200,
        truncation="disabled",
    )
    world.openai.queue(Script(Text("Four.")))
    place = Place(world.slack.team, world.general, ts)
    message = NewMessage(place, ts, world.bo, "Sure?", overrides=wishes.written())
    await world.bot.store.messages.hear(message, lambda _thread: Verdict(accept=True, reason="a test"))
    world.bot.worker.wake()
    await world.until(world.answered(ts))
    request = world.openai.creates[-1]
    said = [(item["role"], item["content"][0]["text"]) for item in request["input"]]
    assert said[-3:] == [("user", "Two and two?"), ("assistant", "Five."), ("user", "Sure?")]
    assert request["instructions"].startswith("Only this.")
    assert (request["tool_choice"], request["truncation"]) == ("none", "disabled")
    assert request["max_output_tokens"] == 200
