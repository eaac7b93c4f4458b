import pytest
@pytest.mark.parametrize("n", range(40))
async def test_nothing(world, n) -> None:
    pass
@pytest.mark.parametrize("n", range(40))
async def test_one(world, n) -> None:
    ts = await world.mention("hi")
    await world.until(world.answered(ts))
