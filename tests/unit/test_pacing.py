"""The budget of Slack calls."""

import pytest

from bot.pacing import PER_MINUTE, POST, POST_BURST, POST_EVERY, WINDOW, Budget
from bot.playground.clock import SteppedClock
from bot.playground.slack import rates

START = "chat.startStream"


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def budget(clock: SteppedClock) -> Budget:
    return Budget(clock)


async def test_there_is_room_until_the_number_is_reached(budget: Budget) -> None:
    for _ in range(PER_MINUTE[START]):
        assert budget.wait(START) == 0
        budget.spend(START)
    assert budget.wait(START) == WINDOW
    assert budget.wait("chat.update") == 0


async def test_the_minute_slides(budget: Budget, clock: SteppedClock) -> None:
    budget.spend(START)
    await clock.advance(10)
    for _ in range(PER_MINUTE[START] - 1):
        budget.spend(START)
    assert budget.wait(START) == WINDOW - 10
    await clock.advance(WINDOW - 10)
    assert budget.wait(START) == 0
    budget.spend(START)
    assert budget.wait(START) == 10


async def test_room_for_several_calls_is_asked_at_once(budget: Budget, clock: SteppedClock) -> None:
    for _ in range(PER_MINUTE[START] - 1):
        budget.spend(START)
        await clock.advance(1)
    assert budget.wait(START) == 0
    assert budget.wait(START, 2) == WINDOW - (PER_MINUTE[START] - 1)
    assert budget.wait(START, 3) == WINDOW - (PER_MINUTE[START] - 2)


async def test_a_pause_that_slack_asks_for_is_kept(budget: Budget, clock: SteppedClock) -> None:
    budget.close(START, 30)
    assert budget.wait(START) == 30
    await clock.advance(20)
    assert budget.wait(START) == 10
    await clock.advance(10)
    assert budget.wait(START) == 0


async def test_a_pause_holds_for_methods_without_a_number(budget: Budget) -> None:
    assert budget.wait("auth.test") == 0
    budget.close("auth.test", 5)
    assert budget.wait("auth.test") == 5


async def test_posts_in_one_channel_are_a_few_at_once_and_then_one_a_second(
    budget: Budget, clock: SteppedClock
) -> None:
    slack = rates.Rates(clock)
    for _ in range(POST_BURST):
        assert budget.wait(POST, channel="C1") == 0
        budget.spend(POST, "C1")
        assert slack.retry_after(POST, "C1") is None
    assert budget.wait(POST, channel="C1") == pytest.approx(POST_EVERY)
    assert budget.wait(POST, channel="C2") == 0
    assert budget.wait(POST) == 0
    for _ in range(50):
        await clock.advance(budget.wait(POST, channel="C1"))
        assert budget.wait(POST, channel="C1") == pytest.approx(0, abs=1e-6)
        budget.spend(POST, "C1")
        assert slack.retry_after(POST, "C1") is None
    await clock.advance(POST_BURST * POST_EVERY)
    assert budget.wait(POST, channel="C1") == 0


@pytest.mark.parametrize("method", sorted(PER_MINUTE))
def test_no_budget_is_above_slacks_number(method: str) -> None:
    assert PER_MINUTE[method] <= rates.PER_MINUTE[method]
