"""Everything about the steps of an answer, in a modal (issue 3 §1)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from openai import AsyncOpenAI

from bot import words
from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.script import CodeInterpreter, Cut, FileSearch, Pause, Script, Text
from bot.playground.slack.records import Modal, slack_error
from bot.playground.slack.seen import SeenMessage
from bot.reply.details import NEXT, PREVIOUS
from tests.scenario.world import World, actions

MakeWorld = Callable[..., Any]

TOOLS = {"assistant_tools": "file_search,code_interpreter", "vector_store_ids": "vs_1"}
PASSAGE = "Parents may take fourteen weeks. " * 200
SEARCH = FileSearch(["parental leave"], [("file-1", "handbook.pdf", 0.91, PASSAGE)])
CODE = CodeInterpreter("print(1)", "line\n" * 2_000)
GET = "GET /responses/{id}"


def shown(modal: Modal) -> str:
    """All that a modal says."""
    return "\n".join(_texts(modal.blocks))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for part in value.values() for text in _texts(part)]
    return [text for part in value for text in _texts(part)] if isinstance(value, list) else []


def buttons(modal: Modal) -> list[str]:
    return [one["action_id"] for block in modal.blocks if block["type"] == "actions" for one in block["elements"]]


async def answered(world: World, *steps: Any) -> SeenMessage:
    """An answer with more to see than fits under it."""
    world.openai.queue(Script(*(steps or (SEARCH, CODE)), Text("14 weeks.")))
    ts = await world.mention("how long is parental leave?")
    await world.until(world.answered(ts))
    assert "details" in actions(world.only_answer(ts))
    return world.only_answer(ts)


async def press(world: World, answer: SeenMessage, user: str | None = None) -> None:
    pressed = world.slack.press(world.general, answer.ts, user or world.ann, "details")
    assert await world.meanwhile(pressed)


async def opened(world: World, answer: SeenMessage, user: str | None = None) -> Modal:
    """The modal that opens after a press, when it says more than that it is loading."""
    await press(world, answer, user)
    return await filled(world, user)


async def filled(world: World, user: str | None = None) -> Modal:
    def loaded() -> Modal | None:
        modal = world.slack.modal_of(user or world.ann)
        return modal if modal and words.DETAILS_LOADING not in shown(modal) else None

    await world.until(loaded)
    modal = loaded()
    assert modal is not None
    return modal


async def turned(world: World, modal: Modal, action: str) -> Modal:
    """The modal after a press on one of its buttons."""
    before = modal.hash
    assert await world.meanwhile(world.slack.press_in_modal(modal.id, world.ann, action))
    await world.until(lambda: modal.hash != before)
    return modal


async def test_all_details_are_one_press_away_with_nothing_cut(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        modal = await opened(world, answer)
        assert modal.user == world.ann
        said = shown(modal)
        for whole in (PASSAGE, "line\n" * 2_000):
            assert whole.replace("\n", "") in said.replace("\n", "")
        for title in (
            "Searching the files",
            "handbook.pdf · 0.91",
            "“parental leave”",
            "Running code",
            "print(1)",
        ):
            assert title in said
        assert json.loads(modal.view["private_metadata"]) == {
            "team": world.slack.team,
            "channel": world.general,
            "message_ts": answer.ts,
            "user": world.ann,
            "page": 0,
        }


async def test_it_opens_at_once_and_says_that_it_is_loading(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        late = world.openai.faults.add(GET, Fault(FaultKind.HOLD))
        await press(world, answer)
        await world.until(late.reached.is_set)
        modal = world.slack.modal_of(world.ann)
        assert modal is not None
        assert shown(modal).split("\n")[-1] == words.DETAILS_LOADING
        late.released.set()
        assert PASSAGE in shown(await filled(world)).replace("\n", "")


async def test_pages_are_turned_forth_and_back(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world, CodeInterpreter("1", "\n".join(f"line {n}" for n in range(60_000))))
        modal = await opened(world, answer)
        first = shown(modal)
        assert "Page 1 of 3" in first
        assert buttons(modal) == [NEXT]
        second = shown(await turned(world, modal, NEXT))
        assert "Page 2 of 3" in second
        assert buttons(modal) == [PREVIOUS, NEXT]
        last = shown(await turned(world, modal, NEXT))
        assert buttons(modal) == [PREVIOUS]
        lines = [line for page in (first, second, last) for line in page.split("\n") if line.startswith("line ")]
        assert lines == [f"line {n}" for n in range(60_000)]
        await turned(world, modal, PREVIOUS)
        assert shown(await turned(world, modal, PREVIOUS)) == first


async def test_each_who_presses_gets_a_modal_of_their_own(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        for person in (world.ann, world.bo):
            assert (await opened(world, answer, person)).user == person
        assert len(world.slack.modals) == 2


async def test_a_modal_answers_only_the_person_it_was_opened_for(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world, CodeInterpreter("1", "x\n" * 200_000))
        modal = await opened(world, answer)
        seen, updates = shown(modal), len(world.slack.executed("views.update"))
        modal.user = world.bo  # as if somebody else's press carried it
        assert await world.meanwhile(world.slack.press_in_modal(modal.id, world.bo, NEXT))
        await world.meanwhile(world.clock.sleep(10))
        assert shown(modal) == seen
        assert len(world.slack.executed("views.update")) == updates


@pytest.mark.parametrize("metadata", ["", "{}", '{"team": "T0000000999"}', "[1]"])
async def test_metadata_that_is_not_ours_leads_nowhere(make_world: MakeWorld, metadata: str) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world, CodeInterpreter("1", "x\n" * 200_000))
        modal = await opened(world, answer)
        updates = len(world.slack.executed("views.update"))
        modal.view["private_metadata"] = metadata
        assert await world.meanwhile(world.slack.press_in_modal(modal.id, world.ann, NEXT))
        await world.meanwhile(world.clock.sleep(10))
        assert len(world.slack.executed("views.update")) == updates


async def test_people_of_another_organisation_are_refused_with_a_sentence(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    guest = world.slack.add_person("Gil", team="T0000000777")
    world.slack.channels[world.general].members.add(guest)
    async with world.running():
        answer = await answered(world)
        await press(world, answer, guest)
        await world.until(lambda: world.slack.ephemerals)
        (told,) = world.slack.ephemerals
        assert (told.user, told.text) == (guest, words.NOT_FOR_OUTSIDERS)
        assert world.slack.modals == []


async def test_they_are_not_where_the_operator_allows_them(make_world: MakeWorld) -> None:
    world: World = await make_world(allow_external=True, **TOOLS)
    guest = world.slack.add_person("Gil", team="T0000000777")
    world.slack.channels[world.general].members.add(guest)
    async with world.running():
        assert PASSAGE in shown(await opened(world, await answered(world), guest)).replace("\n", "")


async def test_a_response_that_openai_no_longer_has_is_a_sentence(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        async with AsyncOpenAI(api_key=world.openai.api_key, base_url=world.openai.base_url) as client:
            await client.responses.delete(next(iter(world.openai.responses)))
        modal = await opened(world, answer)
        assert shown(modal).split("\n")[0] == words.DETAILS_GONE


@pytest.mark.parametrize("status", [401, 500])
async def test_an_openai_that_does_not_answer_is_a_sentence(make_world: MakeWorld, status: int) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        world.openai.faults.always(GET, Fault(FaultKind.REFUSE, status=status))
        assert words.DETAILS_FAILED in shown(await opened(world, answer))


async def test_an_openai_that_never_answers_is_waited_for_only_so_long(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        held = world.openai.faults.always(GET, Fault(FaultKind.HOLD))
        begun = world.clock.monotonic()
        assert words.DETAILS_FAILED in shown(await opened(world, answer))
        assert world.clock.monotonic() - begun < 120
        held.released.set()


async def test_a_press_that_came_too_late_says_so(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        world.slack.faults.add("views.open", slack_error("expired_trigger_id"))
        await press(world, answer)
        await world.until(lambda: world.slack.ephemerals)
        assert world.slack.ephemerals[0].text == words.DETAILS_LATE
        assert world.slack.ephemerals[0].thread_ts is not None


async def test_a_modal_that_was_closed_meanwhile_is_let_go(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        late = world.openai.faults.add(GET, Fault(FaultKind.HOLD))
        await press(world, answer)
        await world.until(late.reached.is_set)
        modal = world.slack.modal_of(world.ann)
        assert modal is not None
        await world.slack.close_modal(modal.id, world.ann)
        late.released.set()
        await world.until(lambda: [call for call in world.slack.calls if call.method == "views.update"])
        (call,) = [call for call in world.slack.calls if call.method == "views.update"]
        assert call.error == "not_found"


async def test_a_page_that_slack_refuses_becomes_a_sentence(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        world.slack.faults.add("views.update", slack_error("invalid_arguments"))
        assert words.DETAILS_REFUSED in shown(await opened(world, answer))


async def test_steps_of_a_telling_that_came_to_nothing_are_left_out(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        world.openai.queue(
            Script(CodeInterpreter("broken off"), Text("So. "), Cut(then="cancelled")),
            Script(SEARCH, CODE, Text("14 weeks.")),
        )
        ts = await world.mention("how long?")
        await world.until(world.answered(ts))
        assert len(world.openai.responses) == 2
        said = shown(await opened(world, world.only_answer(ts)))
        assert "handbook.pdf" in said
        assert "broken off" not in said


async def test_show_steps_leads_to_the_same_modal(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        world.slack.faults.add("chat.stopStream", slack_error("msg_blocks_too_long"))
        world.slack.faults.add("chat.update", slack_error("msg_blocks_too_long"))
        world.openai.queue(
            Script(FileSearch(["x"], [("file-1", "a.pdf", 0.5, "Short.")]), Pause(2.0), Text("Yes."))
        )
        ts = await world.mention("go")
        await world.until(world.answered(ts))
        said = shown(await opened(world, world.only_answer(ts)))
        assert "Short." in said


async def test_an_answer_of_a_run_that_is_forgotten_is_a_sentence(make_world: MakeWorld) -> None:
    world: World = await make_world(**TOOLS)
    async with world.running():
        answer = await answered(world)
        await world.database.change("DELETE FROM replies")
        assert words.DETAILS_UNKNOWN in shown(await opened(world, answer))
