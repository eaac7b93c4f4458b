"""Our slash command: what holds in a channel, told to one person, changed by members, said aloud, kept."""

import asyncio
from importlib.metadata import version
from pathlib import Path

from bot import setting_words as words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import Gate, Script, Text
from bot.playground.slack.records import slack_error
from tests.scenario.conftest import MakeWorld
from tests.scenario.options_rig import announced, typed
from tests.scenario.world import World


def changes(world: World) -> list[tuple[str, str, str | None, str | None]]:
    rows = world.database.rows('SELECT "user", setting, before, after FROM settings_changes ORDER BY id')
    return [tuple(row) for row in rows]


async def test_instructions_for_a_channel_are_shown_changed_said_and_followed(world: World) -> None:
    assert await typed(world, "instructions") == words.INSTRUCTIONS_NONE
    assert await typed(world, "instructions Answer in Spanish.") == words.INSTRUCTIONS_SET
    assert announced(world) == [[words.SAID_INSTRUCTIONS.format(who="Ann"), "Answer in Spanish."]]
    assert await typed(world, "Instructions", world.bo) == f"{words.INSTRUCTIONS_ARE}\nAnswer in Spanish."
    ts = await world.mention("hello")
    await world.until(world.answered(ts))
    assert world.openai.creates[-1]["instructions"].endswith("Answer in Spanish.")
    elsewhere = await world.slack.post(world.slack.dm(world.ann), world.ann, "hello")
    await world.until(world.answered(elsewhere, world.slack.dm(world.ann)))
    assert "Spanish" not in world.openai.creates[-1]["instructions"]
    assert await typed(world, "instructions clear", world.bo) == words.INSTRUCTIONS_CLEARED
    assert announced(world)[1:] == [[words.SAID_INSTRUCTIONS_CLEARED.format(who="Bo")]]
    assert await typed(world, "instructions clear", world.bo) == words.SO_ALREADY
    assert len(announced(world)) == 2
    assert changes(world) == [
        (world.ann, "additional_instructions", None, "Answer in Spanish."),
        (world.bo, "additional_instructions", "Answer in Spanish.", None),
    ]


async def test_whatever_is_in_the_instructions_nobody_is_pinged(world: World) -> None:
    eve = world.slack.add_person("<!channel> Eve", display_name="<!here> *Eve*")
    world.slack.channels[world.general].members.add(eve)
    hostile = f"<!channel> <@{world.bo}> &lt;!here&gt; https://evil.example/?q=1\n\n*bold* `x`"
    assert await typed(world, f"instructions {hostile}", eve) == words.INSTRUCTIONS_SET
    said = f"<!channel> <@{world.bo}> <!here> https://evil.example/?q=1\n\n*bold* `x`"
    assert announced(world) == [["<!here> *Eve* gave me instructions for this channel:", said]]
    assert world.slack.live_mentions == []
    assert world.slack.unfurls == []
    assert (await typed(world, "instructions")).endswith(said)
    assert await typed(world, f"instructions {'x' * 2_001}") == words.INSTRUCTIONS_TOO_LONG.format(count=2_000)
    assert await typed(world, f"instructions {'x' * 2_000}") == words.INSTRUCTIONS_SET
    assert len(changes(world)) == 2


async def test_a_muted_channel_is_answered_nothing_and_who_mentions_us_is_told_once(world: World) -> None:
    root = await world.mention("hello")
    await world.until(world.answered(root))
    assert await typed(world, "mute", world.bo) == words.MUTED
    assert announced(world) == [[words.SAID_MUTED.format(who="Bo")]]
    for number in range(2):
        assert not await world.was_for_us(await world.mention(f"are you there? {number}"))
    assert not await world.was_for_us(await world.mention("and here?", thread_ts=root, user=world.bo))
    assert not await world.was_for_us(await world.slack.post(world.general, world.ann, "so?", thread_ts=root))
    await world.slack.post(world.general, world.bo, "not said to it")
    await world.settle()
    told = [(told.user, told.thread_ts) for told in world.slack.ephemerals if told.text == words.MUTED_HERE]
    assert told == [(world.ann, None), (world.bo, root)]
    answer = world.answers(root)[0]
    assert await world.meanwhile(world.slack.press(world.general, answer.ts, world.ann, "regenerate"))
    await world.until(lambda: world.slack.ephemerals[-1].user == world.ann)
    assert world.slack.ephemerals[-1].text == words.MUTED_HERE
    dm = world.slack.dm(world.ann)
    assert await world.was_for_us(await world.slack.post(dm, world.ann, "and here?")), "only that channel is muted"
    assert await typed(world, "mute") == words.SO_ALREADY
    assert await typed(world, "unmute") == words.UNMUTED
    assert announced(world)[-1] == [words.SAID_UNMUTED.format(who="Ann")]
    ts = await world.mention("and now?")
    await world.until(world.answered(ts))
    assert len(world.openai.creates) == 3


async def test_a_muted_dm_says_so(world: World) -> None:
    dm = world.slack.dm(world.ann)
    assert await typed(world, "mute", channel=dm) == words.MUTED
    assert not await world.was_for_us(await world.slack.post(dm, world.ann, "hello?"))
    await world.until(lambda: world.slack.ephemerals[-1].text == words.MUTED_HERE)
    assert await typed(world, "unmute", channel=dm) == words.UNMUTED


async def test_the_status_tells_who_answers_with_what(world: World) -> None:
    gate = asyncio.Event()
    world.openai.queue(Script(Text("Working."), Gate(gate), Text(" Done.")))
    ts = await world.mention("take your time")
    await world.until(lambda: world.openai.creates)
    await typed(world, "instructions Be brief.")
    told = await typed(world, "status")
    assert "with the model gpt-6.2-sol" in told
    assert "Instructions for this channel: yes." in told
    assert "Muted: no." in told
    assert "Answers under way here: 1." in told
    assert told.endswith(version("threadmate"))
    gate.set()
    await world.until(world.answered(ts))
    assert "Answers under way here: 0." in await typed(world, "status")


async def test_only_members_of_ours_who_are_no_guests_change_anything(world: World) -> None:
    slack = world.slack
    guest = slack.add_person("Gus")
    slack.people[guest].guest = True
    slack.channels[world.general].members.add(guest)
    assert await typed(world, "mute", guest) == words.NO_GUESTS
    assert await typed(world, "instructions Obey me.", guest) == words.NO_GUESTS
    assert "Muted: no." in await typed(world, "status", guest)
    shared = slack.add_channel("shared", shared=True, members=(world.ann,))
    assert await typed(world, "instructions Ours.", channel=shared) == words.INSTRUCTIONS_SET
    stranger = slack.add_person("Olga")  # who types commands as one of ours, but Slack calls a stranger
    slack.channels[shared].members.add(stranger)
    theirs = {"ok": True, "user": {"id": stranger, "name": "olga", "team_id": "T0THEIRS"}}
    slack.faults.add("users.info", Fault(FaultKind.REFUSE, status=200, body=theirs))
    assert await typed(world, "instructions Theirs.", stranger, shared) == words.NO_OUTSIDERS
    for place, told in (
        (slack.add_channel("elsewhere", members=(world.ann,), bot_is_member=False), words.NOT_HERE),
        (world.general, words.NOT_HERE),
    ):
        if place == world.general:
            slack.faults.add("conversations.members", slack_error("missing_scope"))
        assert await typed(world, "mute", channel=place) == told
    assert len(changes(world)) == 1


async def test_a_change_that_cannot_be_announced_holds_and_its_author_is_told(world: World) -> None:
    world.slack.faults.add("chat.postMessage", slack_error("restricted_action"))
    assert await typed(world, "mute") == words.NOT_SAID
    assert not await world.was_for_us(await world.mention("hello?"))


async def test_the_command_is_acknowledged_before_anything_is_looked_up(world: World) -> None:
    held = world.slack.faults.add("conversations.members", Fault(FaultKind.HOLD))
    assert await world.meanwhile(world.slack.command("/threadmate", "status", world.general, world.ann))
    await world.until(held.reached.is_set)
    held.released.set()
    await world.until(lambda: world.slack.ephemerals)


async def test_which_assistant_answers_is_listed_and_chosen(make_world: MakeWorld, tmp_path: Path) -> None:
    file = tmp_path / "assistants.toml"
    file.write_text(
        '[assistants.default]\nname = "Helper"\n\n'
        '[assistants.legal]\nname = "Counsel"\nmodel = "gpt-6-luna"\ndescription = "Reads <!here> contracts."\n'
    )
    world: World = await make_world(assistants_file=file)
    async with world.running():
        listed = await typed(world, "assistant")
        assert listed.splitlines()[1:] == [
            "default: Helper, who answers here",
            "legal: Counsel. Reads <!here> contracts.",
        ]
        assert await typed(world, "assistant COUNSEL") == words.ASSISTANT_SET.format(name="Counsel")
        assert announced(world) == [[words.SAID_ASSISTANT.format(who="Ann", name="Counsel")]]
        assert "Counsel answers here, with the model gpt-6-luna." in await typed(world, "status")
        ts = await world.mention("may I?")
        await world.until(world.answered(ts))
        assert world.openai.creates[-1]["model"] == "gpt-6-luna"
        assert "There is no assistant “nobody”." in await typed(world, "assistant nobody")
        assert await typed(world, "assistant clear") == words.ASSISTANT_CLEARED.format(name="Helper")
        assert changes(world) == [
            (world.ann, "assistant", None, "legal"),
            (world.ann, "assistant", "legal", None),
        ]
