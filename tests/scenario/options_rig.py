"""Using shortcuts and the command as people do, and reading what they are told."""

from typing import Any

from bot import setting_words as words
from bot.playground.slack.records import Modal
from tests.scenario.world import World

COMMAND = "/threadmate"


async def typed(world: World, text: str, user: str | None = None, channel: str | None = None) -> str:
    """What whoever types our command is told."""
    before = len(world.slack.ephemerals)
    place = channel or world.general
    assert await world.meanwhile(world.slack.command(COMMAND, text, place, user or world.ann))
    await world.until(lambda: len(world.slack.ephemerals) > before)
    told = world.slack.ephemerals[-1]
    assert (told.user, told.channel) == (user or world.ann, place)
    return "\n".join(block["text"]["text"] for block in told.blocks) if told.blocks else told.text


def announced(world: World, channel: str | None = None, thread_ts: str | None = None) -> list[list[str]]:
    """Our messages in a channel, or in a thread, paragraph by paragraph."""
    place = world.slack.channels[channel or world.general]
    ours = [message for message in place.messages.values() if message.user == world.slack.bot_user]
    return [
        [block["text"]["text"] for block in message.blocks or () if block["type"] == "section"]
        for message in ours
        if message.thread_ts == thread_ts
    ]


async def opened(
    world: World, shortcut: str, ts: str, user: str | None = None, channel: str | None = None
) -> Modal:
    """The modal behind a shortcut, filled."""
    person = user or world.ann
    before = set(world.slack.views)
    assert await world.meanwhile(world.slack.shortcut(shortcut, channel or world.general, ts, person))

    def there() -> Modal | None:
        modal = world.slack.modal_of(person)
        return modal if modal and modal.id not in before and sentences(modal) != [words.LOADING] else None

    await world.until(there)
    modal = there()
    assert modal is not None
    return modal


def sentences(modal: Modal) -> list[str]:
    """What a modal says, where it asks nothing."""
    return [block["text"]["text"] for block in modal.blocks if block["type"] == "section"]


def blocks(modal: Modal) -> dict[str, Any]:
    """Its input blocks, by their ids."""
    return {block["block_id"]: block for block in modal.blocks if block["type"] == "input"}


def offered(modal: Modal, block_id: str) -> list[str]:
    """The values that can be chosen there."""
    return [option["value"] for option in blocks(modal)[block_id]["element"]["options"]]


async def submit(world: World, modal: Modal, **values: Any) -> bool:
    """Fill in and submit a modal: by block, what is entered there."""
    places = {name: block["element"]["action_id"] for name, block in blocks(modal).items()}
    entered = {name: {places[name]: value} for name, value in values.items()}
    done: bool = await world.meanwhile(world.slack.submit(modal.id, modal.user, entered))
    return done
