"""Containers of the emulated code interpreter: made, reused, filled, read, expired."""

from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.script import CodeInterpreter, ImageGeneration, MadeCitation, Script, Text
from tests.emulators import documents
from tests.emulators.openai_api import Peer, connected

IDLE = 20 * 60  # seconds; reference/openai-platform.md §5
OUTPUTS: Any = ["code_interpreter_call.outputs"]
CSV = {"/mnt/data/out.csv": b"a,b\n1,2\n"}


def code(container: Any = None, **more: Any) -> list[dict[str, Any]]:
    return [{"type": "code_interpreter", "container": container or {"type": "auto", **more}}]


async def ran(peer: Peer, *parts: Any, tools: Any = None, **options: Any) -> Any:
    """The response in which code ran."""
    peer.openai.queue(Script(*(parts or (CodeInterpreter("1"),))))
    return await peer.ask(tools=tools or code(), include=OUTPUTS, **options)


async def test_a_container_is_made_described_listed_and_deleted() -> None:
    """openai 3.54, types/container_create_response.py."""
    async with connected() as peer:
        containers = peer.client.containers
        made = await containers.create(name="c", memory_limit="4g", network_policy={"type": "disabled"})
        assert (made.status, made.name, made.memory_limit, made.id[:5]) == ("running", "c", "4g", "cntr_")
        assert made.expires_after is not None
        assert made.expires_after.minutes == 20
        assert (await containers.retrieve(made.id)).created_at == made.created_at
        assert [one.id async for one in containers.list()] == [made.id]
        await containers.delete(made.id)
        with pytest.raises(sdk.NotFoundError):
            await containers.retrieve(made.id)
        with pytest.raises(sdk.BadRequestError):
            await containers.create(name="c", file_ids=["file-1"] * 51)
        with pytest.raises(sdk.NotFoundError):
            await containers.create(name="c", file_ids=["file-1"])


async def test_files_go_into_a_container_and_come_out() -> None:
    """reference/openai-platform.md §5; a missing one: sbslee/streamlit-openai#18."""
    async with connected() as peer:
        files = peer.client.containers.files
        container = (await peer.client.containers.create(name="c")).id
        sent = await files.create(container, file=("data.csv", b"1,2"))
        file = await peer.upload("more.csv", "3,4")
        copied = await files.create(container, file_id=file)
        assert (sent.source, sent.bytes, copied.source) == ("user", 3, "user")
        assert sent.path.startswith("/mnt/data/")
        assert sent.path.endswith("-data.csv")
        await peer.client.files.delete(file)
        assert (await files.content.retrieve(copied.id, container_id=container)).content == b"3,4"
        assert [one.id async for one in files.list(container)] == [copied.id, sent.id]
        assert await files.retrieve(sent.id, container_id=container)
        await files.delete(sent.id, container_id=container)
        with pytest.raises(sdk.NotFoundError) as refused:
            await files.retrieve(sent.id, container_id=container)
        assert f"File {sent.id} not found on container {container}." in str(refused.value)
        with pytest.raises(sdk.BadRequestError):
            await files.create(container)


async def test_code_makes_files_that_are_cited_or_not() -> None:
    """reference/openai-platform.md §5 "Output discovery": cited with indices 0/0, or only in the listing."""
    more = {**CSV, "/mnt/data/plot.png": documents.image()}
    async with connected() as peer:
        call, message = (
            await ran(
                peer, CodeInterpreter("1", "done", files=more), Text("Here.", annotations=[MadeCitation(*CSV)])
            )
        ).output
        [cited] = message.content[0].annotations
        assert (cited.type, cited.container_id) == ("container_file_citation", call.container_id)
        assert (cited.filename, cited.start_index, cited.end_index) == ("out.csv", 0, 0)
        files = peer.client.containers.files
        made = {one.path: one async for one in files.list(call.container_id)}
        assert made.keys() == more.keys()
        assert {one.source for one in made.values()} == {"assistant"}
        assert made["/mnt/data/out.csv"].id == cited.file_id
        data = await files.content.retrieve(cited.file_id, container_id=call.container_id)
    assert data.content == b"a,b\n1,2\n"


async def test_auto_reuses_the_container_of_the_conversation_while_it_is_active() -> None:
    """reference/openai-platform.md §5: "reuses an active container"; each use puts its end off."""
    async with connected() as peer:
        conversation = await peer.conversation()
        first = (
            (await ran(peer, CodeInterpreter("1", files=CSV), conversation=conversation)).output[0].container_id
        )
        for _ in range(2):
            await peer.clock.advance(IDLE - 1)
            again = (await ran(peer, conversation=conversation)).output[0].container_id
            assert again == first
        elsewhere = (await ran(peer)).output[0].container_id
        await peer.clock.advance(IDLE)
        anew = (await ran(peer, conversation=conversation)).output[0].container_id
        assert len({first, elsewhere, anew}) == 3
        assert peer.openai.containers[first].expired
        assert peer.openai.containers[anew].files == {}


async def test_files_of_the_request_are_in_the_container() -> None:
    """reference/openai-platform.md §5: `file_ids`, and files in the model's input."""
    async with connected() as peer:
        table, said = await peer.upload("t.csv", "1"), await peer.upload("note.txt", "2")
        spoken: Any = [{"role": "user", "content": [{"type": "input_file", "file_id": said}]}]
        conversation = await peer.conversation()
        tools = code(file_ids=[table])
        for _ in range(2):
            call = (await ran(peer, tools=tools, conversation=conversation, input=spoken)).output[0]
            spoken = "Again"
        held = peer.openai.containers[call.container_id].files.values()
        assert sorted(file.path.partition("-")[2] for file in held) == ["note.txt", "t.csv"]
        with pytest.raises(sdk.NotFoundError):
            await peer.ask(tools=code(file_ids=["file-1"]))
        with pytest.raises(sdk.BadRequestError):
            await peer.ask(tools=code(file_ids=[table] * 51))


async def test_an_idle_container_expires_and_its_files_are_lost() -> None:
    """reference/openai-platform.md §5: 20 minutes, 400 with that sentence; 404 for what was in it (UNVERIFIED)."""
    async with connected() as peer:
        container = (await peer.client.containers.create(name="c")).id
        call = (await ran(peer, CodeInterpreter("1", files=CSV), tools=code(container))).output[0]
        assert call.container_id == container
        [file] = peer.openai.containers[container].files
        files = peer.client.containers.files
        await peer.clock.advance(IDLE - 1)
        await files.retrieve(file, container_id=container)
        await peer.clock.advance(IDLE - 1)
        assert (await peer.client.containers.retrieve(container)).status == "running"
        await peer.clock.advance(IDLE)
        assert (await peer.client.containers.retrieve(container)).status == "expired"
        with pytest.raises(sdk.BadRequestError, match=r"Container is expired\."):
            await peer.ask(tools=code(container))
        with pytest.raises(sdk.BadRequestError, match=r"Container is expired\."):
            await files.create(container, file=("a.csv", b"1"))
        with pytest.raises(sdk.NotFoundError):
            await files.content.retrieve(file, container_id=container)
        with pytest.raises(sdk.NotFoundError):
            await peer.ask(tools=code("cntr_0"))


async def test_images_come_as_addresses_and_generated_ones_whole() -> None:
    """reference/openai-platform.md §1.2 (outputs: a URL), §7 (image_generation: base64)."""
    picture = documents.image()
    tools = [*code(), {"type": "image_generation", "output_format": "png", "partial_images": 0}]
    shown = CodeInterpreter("plot()", image_urls=["data:image/png;base64,AA=="])
    async with connected() as peer:
        ran_code, drawn = (await ran(peer, shown, ImageGeneration(picture, "A square"), tools=tools)).output
        peer.openai.queue(ImageGeneration(picture))
        told = [event["type"] for event in await peer.events(tools=tools)]
    assert (ran_code.outputs[0].type, ran_code.outputs[0].url[:10]) == ("image", "data:image")
    assert (drawn.type, drawn.status, drawn.revised_prompt) == ("image_generation_call", "completed", "A square")
    assert drawn.result.startswith("iVBOR")
    states = [kind.rpartition(".")[2] for kind in told if "image_generation_call" in kind]
    assert states == ["in_progress", "generating", "completed"]
