"""Emulated conversations: items, pages, deletion."""

from typing import Any

import openai as sdk
import pytest

from bot.playground.openai.script import Text
from tests.emulators.openai_api import connected, said


def message(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


async def test_a_conversation_is_made_changed_and_read() -> None:
    """reference/openai-platform.md §2."""
    async with connected() as peer:
        made = await peer.client.conversations.create(metadata={"thread": "1"}, items=[message("Hi")])  # type: ignore[list-item]
        await peer.client.conversations.update(made.id, metadata={"thread": "2"})
        read = await peer.client.conversations.retrieve(made.id)
        items = await peer.items(made.id)
    assert made.id.startswith("conv_")
    assert (read.metadata, read.object) == ({"thread": "2"}, "conversation")
    assert items[0].content[0].to_dict() == {"type": "input_text", "text": "Hi"}
    assert (items[0].role, items[0].status, items[0].type) == ("user", "completed", "message")


async def test_more_than_twenty_items_at_once_are_refused() -> None:
    """reference/openai-platform.md §2: up to 20 items at a time."""
    items: Any = [message(str(number)) for number in range(21)]
    async with connected() as peer:
        conversations = peer.client.conversations
        existing = await peer.conversation()
        with pytest.raises(sdk.BadRequestError) as refused:
            await conversations.create(items=items)
        with pytest.raises(sdk.BadRequestError, match="array too long"):
            await conversations.items.create(existing, items=items)
        added = await conversations.items.create(existing, items=items[:20])
    assert (refused.value.param, refused.value.code) == ("items", "array_above_max_length")
    assert (len(added.data), added.first_id, added.has_more) == (20, added.data[0].id, False)


async def test_items_are_listed_newest_first_and_twenty_at_a_time_unless_asked() -> None:
    """reference/openai-platform.md §2: default order desc, default limit 20, cursor by last_id."""
    async with connected() as peer:
        conversation = await peer.conversation(*[message(str(number)) for number in range(20)])
        await peer.client.conversations.items.create(conversation, items=[message("20")])  # type: ignore[list-item]
        page = await peer.client.conversations.items.list(conversation)
        assert [said(item) for item in page.data][:2] == ["20", "19"]
        assert (len(page.data), page.has_more, page.last_id) == (20, True, page.data[-1].id)
        rest = await page.get_next_page()
        assert ([said(item) for item in rest.data], rest.has_more) == (["0"], False)
        oldest_first = [said(item) for item in await peer.items(conversation, limit=3)]
        assert oldest_first == [str(number) for number in range(21)]
        after = await peer.items(conversation, after=page.data[1].id)
        assert [said(item) for item in after] == ["20"]
        query = {"order": "asc", "before": page.data[-1].id}
        before = await peer.call("GET", f"/conversations/{conversation}/items", params=query)
        assert len(before.json()["data"]) == 1


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"order": "newest"}, {"page": 2}, {"include[]": "everything"}]
)
async def test_a_list_refuses_what_it_does_not_know(query: dict[str, Any]) -> None:
    """reference/openai-platform.md §2: limit 1-100, order asc or desc."""
    async with connected() as peer:
        path = f"/conversations/{await peer.conversation()}/items"
        assert (await peer.call("GET", path, params=query)).status_code == 400


async def test_deleting_an_item_answers_with_the_conversation() -> None:
    """reference/openai-platform.md §2."""
    async with connected() as peer:
        conversation = await peer.conversation(message("Gone"), message("Stays"))
        items = await peer.items(conversation)
        answer = await peer.client.conversations.items.delete(items[0].id, conversation_id=conversation)
        assert (answer.id, answer.object) == (conversation, "conversation")
        with pytest.raises(sdk.NotFoundError):
            await peer.client.conversations.items.retrieve(items[0].id, conversation_id=conversation)
        kept = await peer.client.conversations.items.retrieve(items[1].id, conversation_id=conversation)
    assert said(kept) == "Stays"


async def test_a_deleted_conversation_is_gone_but_its_items_and_responses_are_kept() -> None:
    """reference/openai-platform.md §2: "Items in the conversation will not be deleted."."""
    async with connected() as peer:
        conversation = await peer.conversation()
        response = await peer.ask("Question", conversation=conversation)
        deleted = await peer.client.conversations.delete(conversation)
        assert (deleted.deleted, deleted.object) == (True, "conversation.deleted")
        with pytest.raises(sdk.NotFoundError):
            await peer.items(conversation)
        with pytest.raises(sdk.NotFoundError) as refused:
            await peer.ask(conversation=conversation)
        assert refused.value.code == "not_found"
        assert (await peer.client.responses.retrieve(response.id)).output_text
        assert len(peer.openai.conversations[conversation].items) == 2


async def test_deleting_a_response_leaves_its_items_in_the_conversation() -> None:
    """UNVERIFIED in reference/openai-platform.md §2; decided so here."""
    async with connected() as peer:
        conversation = await peer.conversation()
        response = await peer.ask(conversation=conversation)
        await peer.client.responses.delete(response.id)
        with pytest.raises(sdk.NotFoundError):
            await peer.client.responses.retrieve(response.id)
        assert len(await peer.items(conversation)) == 2


async def test_a_replayed_item_keeps_its_id_and_is_refused_twice() -> None:
    async with connected() as peer:
        peer.openai.queue(Text("Once."))
        replayed = [item.to_dict() for item in (await peer.ask()).output]
        conversation = await peer.conversation(*replayed)
        assert (await peer.items(conversation))[0].id == replayed[0]["id"]
        with pytest.raises(sdk.BadRequestError, match="Duplicate item found"):
            await peer.client.conversations.items.create(conversation, items=replayed)
