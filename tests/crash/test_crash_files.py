"""Killed while a file is taken in, or forgotten, and started again: one File, one answer; or nothing at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.playground.faults import Fault, FaultKind
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.openai.script import FileSearch, Script, Text
from tests.crash.nursery import Nursery
from tests.crash.process import Rig, served
from tests.databases import BotDatabase

HANDBOOK = "People of this company have 25 days of leave in a year, and five more for moving house."
ASKED = "how many days of leave do people have in a year?"
ANSWER = "They have 25."
ATTACHED = "/vector_stores/{id}/files"


class FilesRig(Rig):
    """A rig whose process keeps its temporary files where nobody else does."""

    def __init__(self, folder: Path, nursery: Nursery, database: BotDatabase) -> None:
        super().__init__(folder, nursery, database)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.openai.default = lambda _turn: Script(FileSearch([ASKED]), Text(ANSWER))

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"TMPDIR": str(self.temporary)}

    async def drop(self) -> tuple[str, str]:
        """Ann drops a document and asks about it: Slack's id of the file, and the message's ts."""
        file = self.slack.add_file("handbook.md", HANDBOOK.encode(), self.ann)
        said = f"<@{self.slack.bot_user}> {ASKED}"
        ts = await self.slack.post(self.general, self.ann, said, files=[file], subtype="file_share")
        return str(file["id"]), ts

    async def killed_at(self, service: str, call: str, skip: int) -> None:
        """Let the process die in that call, which is executed, and start it again."""
        faults = self.slack.faults if service == "slack" else self.openai.faults
        held = faults.add(call, Fault(FaultKind.HOLD), skip=skip)
        async with asyncio.timeout(20):
            await held.reached.wait()
        (before,) = self.temporary.iterdir()
        await self.kill()
        assert before.exists(), "nobody was there to remove it"
        await self.start()
        (after,) = self.temporary.iterdir()
        assert after != before

    def attached(self) -> list[str]:
        """The names of what the stores hold that the bot has made."""
        files = self.openai.files
        stores = [store for store in self.openai.vector_stores.values() if store.id != OPERATOR_STORE]
        return [files[file_id].filename for store in stores for file_id in store.files]

    def files(self) -> list[str]:
        """The names of all Files, none of which may be an orphan."""
        assert self.openai.orphans() == []
        return [file.filename for file in self.openai.files.values()]


@pytest.fixture
async def rig(
    tmp_path: Path, nursery: Nursery, new_database: Callable[[], BotDatabase]
) -> AsyncIterator[FilesRig]:
    async with served(FilesRig(tmp_path, nursery, new_database())) as made:
        yield made


@pytest.mark.parametrize(
    ("service", "call", "skip"),
    [
        ("slack", "download", 0),
        ("openai", "POST /files", 0),
        ("openai", f"POST {ATTACHED}", 0),
        ("openai", f"GET {ATTACHED}/{{file_id}}", 1),  # the first one looks whether it is there already
    ],
    ids=["download", "upload", "attach", "poll"],
)
async def test_killed_while_a_document_is_taken_in(rig: FilesRig, service: str, call: str, skip: int) -> None:
    await rig.start()
    _, ts = await rig.drop()
    await rig.killed_at(service, call, skip)
    await rig.until(lambda: rig.statuses() == ["completed"])
    (reply,) = rig.slack.replies(rig.general, ts)
    assert reply.text == ANSWER
    assert rig.files() == rig.attached() == ["handbook.md"]
    assert HANDBOOK in json.dumps(list(rig.openai.responses.values())[-1]["output"])
    assert rig.rows("SELECT state FROM file_places") == [("ready",)]
    assert rig.slack.working() == []
    assert await rig.terminate() == 0
    assert list(rig.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "call", [f"DELETE {ATTACHED}/{{file_id}}", "DELETE /files/{id}"], ids=["detach", "delete"]
)
async def test_killed_while_a_file_is_forgotten(rig: FilesRig, call: str) -> None:
    await rig.start()
    file_id, _ = await rig.drop()
    await rig.until(lambda: rig.statuses() == ["completed"])
    deleted = asyncio.create_task(rig.slack.delete_file(file_id))
    await rig.killed_at("openai", call, 0)
    await deleted
    await rig.until(lambda: not rig.rows("SELECT id FROM files"))
    assert rig.files() == rig.attached() == []
    assert rig.rows("SELECT id FROM file_places") == []
    (conversation,) = rig.openai.conversations.values()
    assert HANDBOOK not in json.dumps(conversation.items)
    assert rig.statuses() == ["completed"]
