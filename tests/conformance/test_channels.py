"""Channels: one vector store each, whoever makes it, and whether outsiders are in."""

import asyncio

from storage.file_records import Channel
from storage.store import Store
from tests.conformance.scenes import CHANNEL, TEAM


async def test_a_channel_is_unknown_before_anything_is_kept(store: Store) -> None:
    assert await store.channels.of(TEAM, CHANNEL) is None
    await store.channels.forget_store(TEAM, CHANNEL, "vs_1")
    assert await store.channels.of(TEAM, CHANNEL) is None


async def test_the_first_store_wins(store: Store) -> None:
    made = await asyncio.gather(*(store.channels.remember_store(TEAM, CHANNEL, f"vs_{n}") for n in range(8)))
    assert len(set(made)) == 1
    assert await store.channels.of(TEAM, CHANNEL) == Channel(TEAM, CHANNEL, made[0], shared=False)
    assert await store.channels.remember_store("T2", CHANNEL, "vs_other") == "vs_other"


async def test_only_the_store_that_is_meant_is_forgotten(store: Store) -> None:
    await store.channels.remember_store(TEAM, CHANNEL, "vs_1")
    await store.channels.forget_store(TEAM, CHANNEL, "vs_0")
    assert await store.channels.remember_store(TEAM, CHANNEL, "vs_2") == "vs_1"
    await store.channels.forget_store(TEAM, CHANNEL, "vs_1")
    assert await store.channels.remember_store(TEAM, CHANNEL, "vs_2") == "vs_2"


async def test_being_shared_and_having_a_store_do_not_disturb_each_other(store: Store) -> None:
    await store.channels.set_shared(TEAM, CHANNEL, True)
    assert await store.channels.of(TEAM, CHANNEL) == Channel(TEAM, CHANNEL, None, shared=True)
    await store.channels.remember_store(TEAM, CHANNEL, "vs_1")
    assert await store.channels.of(TEAM, CHANNEL) == Channel(TEAM, CHANNEL, "vs_1", shared=True)
    await store.channels.set_shared(TEAM, CHANNEL, False)
    assert await store.channels.of(TEAM, CHANNEL) == Channel(TEAM, CHANNEL, "vs_1", shared=False)


async def test_the_channels_with_a_store_are_listed(store: Store) -> None:
    for team, channel in (("T2", "C1"), ("T1", "C2"), ("T1", "C1")):
        await store.channels.remember_store(team, channel, f"vs_{team}{channel}")
    await store.channels.set_shared(TEAM, "C3", True)
    stores = await store.channels.stores()
    assert [one.vector_store_id for one in stores] == ["vs_T1C1", "vs_T1C2", "vs_T2C1"]
    await store.channels.erase("T1", "C2")
    await store.channels.erase("T1", "C2")
    assert [one.vector_store_id for one in await store.channels.stores()] == ["vs_T1C1", "vs_T2C1"]
    assert await store.channels.of("T1", "C2") is None
