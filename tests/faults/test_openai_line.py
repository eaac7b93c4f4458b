"""The line to OpenAI breaks: the answer is whole all the same, and there once; or it has failed in words."""

import pytest

from bot import words
from bot.playground.openai.script import Script, Text
from tests.faults.conftest import AT_ONCE, PIECES, SLOWLY, WHOLE, Scene
from tests.faults.proxy import Kind, Trouble, Way

CREATE = b"POST /v1/responses"
THIRD = PIECES[2].strip().encode()


async def test_an_openai_that_refuses_connections_for_a_while_is_waited_for(scene: Scene) -> None:
    await scene.gone(scene.lines.openai)
    ts = await scene.ask()
    await scene.later(12)
    assert scene.world.answers(ts) == []
    await scene.lines.openai.accept()
    await scene.is_answered_whole(ts)


async def test_an_openai_that_stays_away_is_told_in_words_and_asked_again_by_the_button(scene: Scene) -> None:
    await scene.gone(scene.lines.openai)
    ts = await scene.ask()
    failed = await scene.has_failed_in_words(ts, words.FAILURES["unavailable"])
    assert scene.world.openai.creates == []
    await scene.lines.openai.accept()
    assert await scene.world.slack.press(scene.world.general, failed, scene.world.ann, "try_again")
    await scene.world.until(scene.world.answered(ts, count=2))
    assert scene.world.answers(ts)[-1].text == WHOLE
    assert len(scene.world.openai.creates) == 1


async def test_a_question_that_vanishes_before_the_first_byte_is_asked_again(scene: Scene) -> None:
    lost = scene.lines.openai.add(Trouble(Kind.SWALLOW, Way.UP, behind=CREATE[:-1]))
    ts = await scene.ask(AT_ONCE)
    await scene.is_answered_whole(ts)
    assert lost.met.is_set()


async def test_an_answer_of_which_no_byte_arrives_is_given_once(scene: Scene) -> None:
    lost = scene.lines.openai.add(Trouble(Kind.SWALLOW, behind=CREATE, heard=Way.UP))
    ts = await scene.ask(AT_ONCE)
    await scene.is_answered_whole(ts)
    assert lost.met.is_set()


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.END])
async def test_a_stream_that_breaks_in_the_middle_is_told_anew_in_the_same_message(
    scene: Scene, kind: Kind
) -> None:
    broken = scene.lines.openai.add(Trouble(kind, behind=THIRD))
    ts = await scene.ask(SLOWLY, AT_ONCE)
    await scene.is_answered_whole(ts, requests=2)  # the first was cancelled when its client went
    assert broken.met.is_set()


async def test_a_stream_that_stalls_in_the_middle_is_found_again_after_the_read_timeout(scene: Scene) -> None:
    stalled = scene.lines.openai.add(Trouble(Kind.STALL, behind=THIRD))
    ts = await scene.ask()
    await scene.is_answered_whole(ts)  # it was completed meanwhile, and fetched
    assert stalled.met.is_set()


async def test_a_stream_that_comes_byte_by_byte_is_read_right(scene: Scene) -> None:
    scene.lines.openai.add(Trouble(Kind.CHOP, behind=CREATE, heard=Way.UP))
    ts = await scene.ask(Script(Text(deltas=["naïve ", "三つ ", "👋🏽."])))
    await scene.is_answered_whole(ts, "naïve 三つ 👋🏽.")


async def test_a_stream_that_trickles_is_shown_as_it_comes(scene: Scene) -> None:
    scene.lines.openai.add(Trouble(Kind.SLOW, behind=b"output_text.delta", piece=150))
    ts = await scene.ask(AT_ONCE)
    await scene.world.until(lambda: scene.world.answers(ts))
    assert scene.world.answers(ts)[0].streaming
    await scene.is_answered_whole(ts)


async def test_connections_that_die_between_two_answers_are_not_noticed(scene: Scene) -> None:
    first = await scene.ask(AT_ONCE)
    await scene.is_answered_whole(first)
    scene.lines.openai.kill()
    scene.lines.slack.kill()
    second = await scene.ask(AT_ONCE)
    await scene.is_answered_whole(second, requests=2)
