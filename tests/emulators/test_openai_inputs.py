"""Files and images in what the emulated model is given to read."""

import base64
from typing import Any

import openai as sdk
import pytest

from bot.playground.openai import inputs
from tests.emulators import documents
from tests.emulators.openai_api import connected


def url(data: bytes, kind: str = "application/pdf") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def saying(*parts: dict[str, Any]) -> Any:
    return [{"role": "user", "content": list(parts)}]


def file(**about: Any) -> dict[str, Any]:
    return {"type": "input_file", **about}


def image(data: bytes) -> dict[str, Any]:
    return {"type": "input_image", "image_url": url(data, "image/png")}


async def test_files_and_images_are_read() -> None:
    """reference/openai-platform.md §6."""
    async with connected() as peer:
        sent = await peer.upload("a.pdf", documents.pdf("Hello"))
        photo = await peer.upload("a.png", documents.image(), "vision")
        answer = await peer.ask(
            saying(
                file(file_id=sent, detail="low"),
                file(filename="b.csv", file_data=url(b"1,2")),
                {"type": "input_image", "file_id": photo, "detail": "high"},
                *(image(documents.image(kind)) for kind in ("PNG", "JPEG", "WEBP", "GIF")),
            )
        )
    assert answer.status == "completed"


NOT_READ: dict[str, dict[str, Any]] = {
    "a GIF that moves": image(documents.image("GIF", 2)),
    "a bitmap": image(documents.image("BMP")),
    "an SVG": image(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "no image": image(b"hello"),
    "an archive": file(filename="a.zip", file_data=url(b"PK")),
    "a recording": file(filename="a.m4a", file_data=url(b"x")),
    "a file without a name": file(file_data=url(b"x")),
    "data that is no address": file(filename="a.pdf", file_data="JVBERi0="),
    "data that is not base64": file(filename="a.pdf", file_data="data:application/pdf;base64,*"),
}


@pytest.mark.parametrize("part", NOT_READ.values(), ids=NOT_READ.keys())
async def test_what_models_do_not_read_is_refused(part: dict[str, Any]) -> None:
    """reference/openai-platform.md §6: PNG, JPEG, WEBP, non-animated GIF; documents (openai/openai-node#1560)."""
    async with connected() as peer:
        with pytest.raises(sdk.BadRequestError) as refused:
            await peer.ask(saying(part))
        assert peer.openai.responses == {}
    if part["type"] == "input_image":
        assert refused.value.code == "invalid_image_format"


async def test_50_mb_each_and_together_is_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """reference/openai-platform.md §6; the test lowers the number."""
    assert inputs.MAX_FILE_BYTES == 50 * 1024 * 1024
    monkeypatch.setattr(inputs, "MAX_FILE_BYTES", 10)
    async with connected() as peer:
        six, eleven = await peer.upload("6.txt", "x" * 6), await peer.upload("11.txt", "x" * 11)
        await peer.ask(saying(file(file_id=six)))
        for parts in (
            [file(file_id=eleven)],
            [file(file_id=six), file(filename="a.txt", file_data=url(b"12345"))],
        ):
            with pytest.raises(sdk.BadRequestError, match="exceed the limit"):
                await peer.ask(saying(*parts))


async def test_a_file_that_is_gone_poisons_its_conversation_until_its_item_is_deleted() -> None:
    """reference/openai-platform.md, trap 23; issue 4 §4.1: the items go first."""
    async with connected() as peer:
        sent, conversation = await peer.upload("a.txt", "Hello"), await peer.conversation()
        await peer.ask(saying(file(file_id=sent)), conversation=conversation)
        await peer.client.files.delete(sent)
        with pytest.raises(sdk.NotFoundError, match=sent):
            await peer.ask("And now?", conversation=conversation)
        item, *_ = await peer.items(conversation)
        await peer.client.conversations.items.delete(item.id, conversation_id=conversation)
        assert (await peer.ask("And now?", conversation=conversation)).status == "completed"
        with pytest.raises(sdk.NotFoundError):
            await peer.ask(saying({"type": "input_image", "file_id": sent}))
