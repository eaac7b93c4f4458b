"""What people drop in one place is found in no other, whatever the model asks for (issue 4 §2.4).

The model of these tests is nosy: it searches for everything there is, looks how each file begins that it could
find, reads its documents, lists its container with what is in it, cites Files of others, and says all it learned.
Everything that is sent anywhere about one place is then looked through for the words, the names, Slack's ids and
the people of all the others.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from openai import AsyncOpenAI

from bot import words
from bot.assistant.events import Passage
from bot.assistant.parts import FOUND, Found, Unreadable, written
from bot.attachments.listing import Listing
from bot.errors import FileRefused
from bot.logs import OURS
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import CodeInterpreter, FileCitation, FileSearch, FoundCitation, Script, Text, Turn
from bot.playground.slack.records import Modal
from bot.reply.details import Leaf
from tests import documents
from tests.scenario.files_rig import files_rig
from tests.scenario.world import World, actions, said_below

MakeWorld = Callable[..., Any]

TOOLS = "file_search,code_interpreter,web_search,image_generation"
TWIN = "twinfound"
POLICY = "policyfound"
ASKED = "what is policy?"


@dataclass
class Spot:
    """A thread somewhere, with what only those may learn of who read it: its secrets."""

    channel: str
    user: str
    ts: str = ""
    secrets: set[str] = field(default_factory=set)


def nosy(world: World) -> Callable[[Turn], Script]:
    """A model that asks for everything, and tells it."""

    def script(turn: Turn) -> Script:
        kinds = {tool["type"] for tool in turn.body["tools"]}
        queries = [ASKED, "everywhere", "policy", *(f"secret{number}word" for number in range(12))]
        held = [f"{name}: {content.decode('utf-8', 'replace')}" for name, content in turn.container_files()]
        learned = [*(f"{one.filename}: {one.text}" for one in turn.openings()), *map(str, turn.documents()), *held]
        stolen = [FileCitation(one, "stolen") for one in world.openai.files]
        return Script(
            *([FileSearch([query]) for query in queries] if "file_search" in kinds else []),
            *([CodeInterpreter("os.listdir()\n" * 900, logs="\n".join(held))] if "code_interpreter" in kinds else []),
            Text(f"I know: {learned}", annotations=[*map(FoundCitation, range(20)), *stolen]),
        )

    return script


class Watch:
    """Everything that was sent since it began: to OpenAI's model, and to Slack."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._creates, self._calls = len(world.openai.creates), len(world.slack.calls)
        self._responses = len(world.openai.responses)

    @property
    def creates(self) -> list[dict[str, Any]]:
        return self._world.openai.creates[self._creates :]

    def seen(self) -> str:
        """All of it: requests, what the model saw and did, calls to Slack with everything that they showed."""
        openai, slack = self._world.openai, self._world.slack
        new = list(openai.responses)[self._responses :]
        contexts = [openai.contexts[one] for one in new]
        outputs = [openai.responses[one] for one in new]
        calls = [(call.method, call.params) for call in slack.calls[self._calls :]]
        return json.dumps([self.creates, contexts, outputs, calls], ensure_ascii=False, default=str)


@asynccontextmanager
async def watched(world: World) -> AsyncIterator[Watch]:
    watch = Watch(world)
    yield watch
    await world.settle()


def leaks(seen: str, own: Collection[str], everywhere: Collection[Spot]) -> set[str]:
    """What of all secrets is in there that is none of one's own."""
    secrets = {secret for spot in everywhere for secret in spot.secrets} - set(own)
    return {secret for secret in secrets if secret in seen}


async def furnish(world: World, spot: Spot, number: int) -> None:
    """A document, a table and a picture in a thread, and bytes that others have too; the first question."""
    word, found = f"secret{number}word", f"found{number}there"
    files = [
        world.slack.add_file(f"doc-{number}-name.txt", f"The {word} is {found}.\n".encode(), spot.user),
        world.slack.add_file(f"table-{number}-name.csv", f"name,days\n{word},{found}\n".encode(), spot.user),
        world.slack.add_file(f"shot-{number}-name.png", documents.picture(color=f"#{number:02x}2030"), spot.user),
        world.slack.add_file("twin.txt", f"The {TWIN} is everywhere.\n".encode(), spot.user),
        world.slack.add_file("twin.csv", f"name,days\n{TWIN},3\n".encode(), spot.user),
    ]
    spot.secrets |= {found, *(f"{kind}-{number}-name" for kind in ("doc", "table", "shot"))}
    spot.secrets |= {file["id"] for file in files}
    said = f"{world.at_bot} {ASKED}"
    spot.ts = await world.slack.post(spot.channel, spot.user, said, files=files, subtype="file_share")
    await world.until(world.answered(spot.ts, spot.channel))


async def ask(world: World, spot: Spot) -> None:
    """Ask once more in a thread."""
    count = len(world.answers(spot.ts, spot.channel)) + 1
    await world.slack.post(spot.channel, spot.user, f"{world.at_bot} {ASKED}", thread_ts=spot.ts)
    await world.until(world.answered(spot.ts, spot.channel, count))


async def look(world: World, user: str, opening: Any, loading: str) -> str:
    """All that a modal says to somebody, once it is filled; it is closed afterwards."""
    assert await world.meanwhile(opening)

    def filled() -> Modal | None:
        modal = world.slack.modal_of(user)
        return modal if modal and loading not in json.dumps(modal.view, ensure_ascii=False) else None

    await world.until(filled)
    modal = world.slack.modal_of(user)
    assert modal is not None
    await world.slack.close_modal(modal.id, user, all_views=True)
    return json.dumps(modal.view, ensure_ascii=False)


def tool(create: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = (one for one in create["tools"] if one["type"] == kind)
    return dict(found)


async def operators_document(world: World) -> None:
    """The operator's store holds a document."""
    api = world.openai
    async with AsyncOpenAI(api_key=api.api_key, base_url=api.base_url, max_retries=0) as client:
        content = ("policy-name.txt", f"The {POLICY} is policy.\n".encode(), "text/plain")
        made = await client.files.create(file=content, purpose="user_data")
        await client.vector_stores.files.create(OPERATOR_STORE, file_id=made.id)
    api.index(OPERATOR_STORE, made.id)


async def test_nothing_crosses_from_one_place_to_another(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Two threads of one channel, another channel, a private one, a DM, and one shared with outsiders."""
    for name in OURS:
        caplog.set_level(logging.DEBUG, name)
    world: World = await make_world(assistant_tools=TOOLS, vector_store_ids=(OPERATOR_STORE,))
    world.openai.default = nosy(world)
    cleo, dan = world.slack.add_person("Cleo"), world.slack.add_person("Dan")
    eve = world.slack.add_person("Eve", team="T0000000042")
    design = world.slack.add_channel("design", members=(cleo, world.ann))
    board = world.slack.add_channel("board", kind="private", members=(dan, world.ann))
    partners = world.slack.add_channel("partners", shared=True, members=(world.ann, eve))
    spots = [
        Spot(world.general, world.ann),
        Spot(world.general, world.bo),
        Spot(design, cleo),
        Spot(board, dan),
        Spot(world.slack.dm(world.ann), world.ann),
        Spot(partners, world.ann),
    ]
    for spot in spots:  # who posted where is a secret, too, but for Ann, who is everywhere
        if spot.user != world.ann:
            named = f"{world.slack.team}:{spot.user}".encode()
            spot.secrets |= {spot.user, hashlib.sha256(named).hexdigest()}
    async with world.running() as bot:
        await operators_document(world)
        for number, spot in enumerate(spots):
            async with watched(world) as watch:
                await furnish(world, spot, number)
            assert leaks(watch.seen(), spot.secrets, spots) == set()
        for number, spot in enumerate(spots):
            async with watched(world) as watch:
                await ask(world, spot)
            seen, (create,) = watch.seen(), watch.creates
            assert leaks(seen, spot.secrets, spots) == set()
            assert f"found{number}there" in seen
            assert TWIN in seen
            assert (POLICY in seen) is (spot.channel != partners)
            check_tools(world, spot, create)
        # what is shown to those who press and list
        for spot in spots:
            modal = await listed(world, spot)
            assert leaks(modal, spot.secrets, spots) == set()
            answer = world.answers(spot.ts, spot.channel)[-1]
            if spot.channel != partners:
                pressing = world.slack.press(spot.channel, answer.ts, spot.user, "details")
                details = await look(world, spot.user, pressing, words.DETAILS_LOADING)
                assert POLICY in details or TWIN in details
                assert leaks(details, spot.secrets, spots) == set()
            else:
                assert "details" not in actions(answer)
            for other in {one.channel for one in spots} - {spot.channel}:  # a press tells of its own channel only
                assert await bot.store.runs.of_reply(world.slack.team, other, answer.ts) is None
    check_logs(world, spots, caplog.records)


def check_tools(world: World, spot: Spot, create: dict[str, Any]) -> None:
    """One store, with the filter; files of this thread alone; no network."""
    search = tool(create, "file_search")
    assert len(search["vector_store_ids"]) == 1
    allowed = [spot.ts] if world.slack.channels[spot.channel].shared else ["channel", spot.ts]
    assert search["filters"] == {"type": "in", "key": "scope", "value": allowed}
    container = tool(create, "code_interpreter")["container"]
    assert container["network_policy"] == {"type": "disabled"}
    assert len(container["file_ids"]) == 2
    assert "web_search" not in [one["type"] for one in create["tools"]]


async def listed(world: World, spot: Spot) -> str:
    """The modal with the files of a thread."""
    using = world.slack.shortcut("files_in_thread", spot.channel, spot.ts, spot.user)
    return await look(world, spot.user, using, words.FILES_LOADING)


def check_logs(world: World, spots: list[Spot], records: list[logging.LogRecord]) -> None:
    """Our log holds ids, and no name, no word and no token."""
    ours = [one for one in records if one.name.split(".")[0] in ("bot", "handlers", "storage")]
    assert ours
    logged = "\n".join(str({**one.__dict__, "said": one.getMessage()}) for one in ours)
    own = [one for spot in spots for one in spot.secrets if "name" in one or "found" in one]
    tokens = (world.slack.bot_token, world.slack.app_token, world.openai.api_key)
    assert [one for one in (*own, TWIN, POLICY, "twin.txt", *tokens) if one in logged] == []
