"""A document dropped into a thread: searched, cited, and found by nobody else."""

from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Script, Text
from tests import documents
from tests.scenario.world import World, said_below

HANDBOOK = "People of this company have 25 days of leave in a year, and five more for moving house."
ASKED = "how many days of leave do people have in a year?"
SEARCHES = Script(FileSearch([ASKED]), Text("They have 25."))


def searched(world: World) -> list[str]:
    """The names of the files in the newest answer's passages."""
    response = list(world.openai.responses.values())[-1]
    calls = [item for item in response["output"] if item["type"] == "file_search_call"]
    return [result["filename"] for call in calls for result in call["results"] or ()]


def channel_store(world: World) -> str:
    """The id of the one store that the bot made."""
    (store,) = (one for one in world.openai.vector_stores if one != OPERATOR_STORE)
    return store


async def test_a_document_is_searched_and_the_source_opens_it_in_slack(world: World) -> None:
    world.openai.queue(SEARCHES)
    ts = await world.drop("handbook.pdf", documents.pdf([HANDBOOK]), ASKED)
    await world.until(world.answered(ts))
    assert world.only_answer(ts).text == "They have 25."
    assert searched(world) == ["handbook.pdf"]
    assert len(world.openai.files) == 1
    assert world.openai.creates[-1]["tools"] == [
        {
            "type": "file_search",
            "vector_store_ids": [channel_store(world)],
            "filters": {"type": "in", "key": "scope", "value": ["channel", ts]},
        }
    ]
    assert said_below(world.only_answer(ts)) == []
