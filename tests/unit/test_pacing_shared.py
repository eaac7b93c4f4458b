"""What answers in flight share: calls kept for their ends, finals first, a fair pace, a part of Slack's rates."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pacing import HALVED_FOR, PER_MINUTE, POST, WINDOW, Budget, Kept
from bot.playground.clock import SteppedClock
from bot.playground.slack import rates

APPEND, EDIT, SESSION, START, STOP = (
    "chat.appendStream",
    "chat.update",
    "agents.sessions.setStatus",
    "chat.startStream",
    "chat.stopStream",
)
PATIENCE = 600.0


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def budget(clock: SteppedClock) -> Budget:
    return Budget(clock)


def fill(budget: Budget, method: str, leave: int = 0) -> None:
    """Spend the minute, but for so many calls."""
    for _ in range((budget.left(method) or 0) - leave):
        budget.spend(method)


async def passes(clock: SteppedClock, seconds: float) -> None:
    """Let time pass, and everybody who wakes by that do what comes next."""
    await clock.advance(seconds)
    for _ in range(20):
        await asyncio.sleep(0)


class Line:
    """Calls that wait for room, and in which order they found it."""

    def __init__(self, budget: Budget, clock: SteppedClock) -> None:
        self.made: list[str] = []
        self._budget = budget
        self._clock = clock
        self._tasks: list[asyncio.Task[float]] = []

    async def join(
        self, name: str, method: str = EDIT, *, final: bool = False, patience: float = PATIENCE
    ) -> None:
        """Let one more wait."""
        self._tasks.append(asyncio.create_task(self._call(name, method, final=final, patience=patience)))
        await asyncio.sleep(0)

    async def _call(self, name: str, method: str, *, final: bool, patience: float) -> float:
        wait = await self._budget.take(method, until=self._clock.monotonic() + patience, final=final)
        self.made.append(name if wait == 0 else f"not {name}")
        if wait == 0:
            self._budget.made(method)
        return wait


# -- kept for the end -----------------------------------------------------------------------------


async def test_what_is_kept_is_not_there_for_others(budget: Budget) -> None:
    answer = Kept(budget)
    fill(budget, EDIT, leave=1)
    assert answer.keep(EDIT)
    assert budget.wait(EDIT) == WINDOW
    assert budget.left(EDIT) == 0
    assert await budget.take(EDIT, until=0.0) == WINDOW
    assert await budget.take(EDIT, until=0.0, final=True, kept=answer) == 0
    assert budget.all_kept == {}


async def test_nothing_is_kept_where_there_is_no_room_for_what_comes_before_it(budget: Budget) -> None:
    fill(budget, SESSION, leave=1)
    assert not Kept(budget).keep(SESSION, before=1)
    assert budget.all_kept == {}
    assert Kept(budget).keep(SESSION)


async def test_an_answer_keeps_one_of_each_method_and_gives_all_back(budget: Budget) -> None:
    answer = Kept(budget)
    assert all(answer.keep(method) for method in (EDIT, EDIT, STOP))
    assert budget.all_kept == {EDIT: 1, STOP: 1}
    answer.give_back(EDIT)
    answer.give_back(EDIT)
    assert budget.all_kept == {STOP: 1}
    answer.close()
    assert budget.all_kept == {}


async def test_what_is_given_back_goes_to_those_who_wait(budget: Budget, clock: SteppedClock) -> None:
    answer, line = Kept(budget), Line(budget, clock)
    fill(budget, EDIT, leave=1)
    answer.keep(EDIT)
    await line.join("an edit")
    answer.close()
    await passes(clock, 0)
    assert line.made == ["an edit"]


async def test_no_stream_is_begun_whose_end_would_have_to_wait(budget: Budget) -> None:
    begun = [Kept(budget) for _ in range(30)]
    assert [answer.keep(STOP) for answer in begun] == [True] * 20 + [False] * 10
    for answer in begun[:20]:
        assert await budget.take(STOP, until=0.0, final=True, kept=answer) == 0


# -- who goes first -------------------------------------------------------------------------------


async def test_finals_go_first_and_equals_as_they_came(budget: Budget, clock: SteppedClock) -> None:
    line = Line(budget, clock)
    for _ in range(PER_MINUTE[EDIT]):
        budget.spend(EDIT)
        await clock.advance(1)
    await line.join("edit 1")
    await line.join("edit 2")
    await line.join("final 1", final=True)
    await line.join("final 2", final=True)
    await passes(clock, WINDOW - PER_MINUTE[EDIT] - 1)
    assert line.made == []
    for _ in range(4):
        await passes(clock, 1)
    assert line.made == ["final 1", "final 2", "edit 1", "edit 2"]


async def test_who_comes_now_does_not_overtake_who_waits(budget: Budget, clock: SteppedClock) -> None:
    line = Line(budget, clock)
    fill(budget, EDIT, leave=1)
    await clock.advance(1)
    budget.spend(EDIT)
    await line.join("final", final=True)
    await line.join("impatient", patience=0)
    assert line.made == ["not impatient"]
    assert budget.left(EDIT) == 0
    assert not Kept(budget).keep(EDIT)


async def test_finals_are_not_starved_by_what_is_kept(budget: Budget, clock: SteppedClock) -> None:
    answers, line = [Kept(budget) for _ in range(PER_MINUTE[EDIT])], Line(budget, clock)
    assert all(answer.keep(EDIT) for answer in answers)
    await line.join("an edit")
    await line.join("a final", final=True)
    await passes(clock, 0)
    assert line.made == ["a final"]


async def test_who_gives_up_lets_the_others_through(budget: Budget, clock: SteppedClock) -> None:
    line = Line(budget, clock)
    fill(budget, EDIT, leave=1)
    await clock.advance(10)
    budget.spend(EDIT)
    await line.join("edit", patience=WINDOW)
    await line.join("impatient", patience=1, final=True)
    await passes(clock, WINDOW - 10)
    assert line.made == ["not impatient", "edit"]


async def test_a_channel_that_has_to_rest_holds_up_no_other(budget: Budget) -> None:
    while budget.wait(POST, channel="C1") == 0:
        budget.spend(POST, "C1")
    waiting = asyncio.create_task(budget.take(POST, until=PATIENCE, channel="C1"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await budget.take(POST, until=0.0, channel="C2") == 0
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert budget.wait(POST) == 0


# -- a fair pace ----------------------------------------------------------------------------------


def test_the_pace_falls_with_the_number_that_share_it(budget: Budget) -> None:
    paces = [budget.pace(APPEND, sharers, 1.0, 3.0) for sharers in range(1, 21)]
    assert all(earlier <= later for earlier, later in pairwise(paces))
    assert paces[0] == 1.0
    assert paces[3] == 4 * WINDOW / PER_MINUTE[APPEND]
    assert paces[-1] == 3.0


@pytest.mark.parametrize(
    ("sharers", "first", "later", "at_last"),
    [(1, 1.0, 1.0, 1.0), (4, 2.6, 2.6, 2.6), (5, 3.0, 3.4, 3.2), (10, 3.0, 12, 7), (20, 3.0, 28, 16)],
)
async def test_an_append_every_three_seconds_as_long_as_the_budget_allows(
    sharers: int, first: float, later: float, at_last: float
) -> None:
    """A hundred a minute are one in three seconds for five; more get it at first, then all less, and none nothing.

    The longest gap that begins in the first five seconds, in the first two minutes, and after them.
    """
    clock = SteppedClock()
    budget, slack = Budget(clock), rates.Rates(clock)
    appended: list[list[float]] = [[] for _ in range(sharers)]
    due = [0.01 * number for number in range(sharers)]
    while clock.monotonic() < 300:
        stream = due.index(min(due))
        await clock.advance(max(0.0, due[stream] - clock.monotonic()))
        wait = await budget.take(APPEND, until=clock.monotonic())
        if wait == 0:
            budget.made(APPEND)
            appended[stream].append(clock.monotonic())
            assert slack.retry_after(APPEND, None) is None
        due[stream] = clock.monotonic() + (wait or budget.pace(APPEND, sharers, 1.0, 3.0))
    gaps = [(one, two - one) for times in appended for one, two in pairwise(times)]
    assert min(gap for _, gap in gaps) >= 0.999
    assert max(gap for at, gap in gaps if at < 5) <= first + 0.01
    assert max(gap for at, gap in gaps if at < 120) <= later
    assert max(gap for at, gap in gaps if at >= 120) <= at_last
    assert max(map(len, appended)) - min(map(len, appended)) <= 3


# -- Slack says no --------------------------------------------------------------------------------


async def test_a_pause_holds_up_no_other_method(budget: Budget) -> None:
    budget.close(APPEND, 30)
    assert budget.wait(APPEND) == 30
    assert budget.wait(EDIT) == budget.wait(START) == 0
    assert (budget.left(APPEND), budget.left(EDIT)) == (0, PER_MINUTE[EDIT])
    assert not Kept(budget).keep(APPEND)


async def test_after_a_pause_there_is_half_for_a_minute(budget: Budget, clock: SteppedClock) -> None:
    budget.close(START, 30)
    await clock.advance(30)
    assert budget.left(START) == PER_MINUTE[START] // 2
    assert budget.left(EDIT) == PER_MINUTE[EDIT]
    await clock.advance(HALVED_FOR)
    assert budget.left(START) == PER_MINUTE[START]


async def test_who_waits_goes_on_when_the_half_is_over(budget: Budget, clock: SteppedClock) -> None:
    line = Line(budget, clock)
    budget.close(EDIT, 1)
    await clock.advance(50)
    fill(budget, EDIT)
    await line.join("edit")
    await passes(clock, 11)
    assert line.made == ["edit"]


# -- a part of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.5, 0.29, 0.05, 0.001])
def test_a_share_is_never_more_than_that_part_and_at_least_one(share: float) -> None:
    budget = Budget(SteppedClock(), share)
    for method, number in PER_MINUTE.items():
        assert budget.left(method) == max(1, int(number * share))


Act = tuple[str, int, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["keep", "go on", "end", "wait", "give back"]), st.integers(0, 3), st.integers(0, 1)
    ),
    min_size=20,
    max_size=60,
)
METHODS = (STOP, EDIT)


@settings(max_examples=40, deadline=None)
@given(acts=ACTS, processes=st.integers(1, 3))
def test_no_call_is_too_many_no_end_waits_and_nothing_stays_kept(acts: list[Act], processes: int) -> None:
    """Answers of up to three processes, that each use their share, begin, go on, and end in any order."""
    asyncio.run(_lived(acts, processes))


class _Lives:
    """Four answers of one to three processes before one Slack that counts strictly."""

    def __init__(self, processes: int) -> None:
        self.clock = SteppedClock()
        self.budgets = [Budget(self.clock, 1 / processes) for _ in range(processes)]
        self.answers = [Kept(self.budgets[number % processes]) for number in range(4)]
        self._held: list[set[str]] = [set() for _ in self.answers]
        self._slack = rates.Rates(self.clock)

    async def call(self, who: int, method: str, *, final: bool) -> bool:
        """Make a call now, which Slack takes; False where there is no room."""
        budget = self.budgets[who % len(self.budgets)]
        kept = self.answers[who] if final else None
        if await budget.take(method, until=self.clock.monotonic(), final=final, kept=kept) > 0:
            return False
        assert self._slack.retry_after(method, None) is None
        budget.made(method)
        return True

    async def act(self, act: str, who: int, method: str) -> None:
        """One answer keeps a call, gives it back, makes all there is room for, or ends; or time goes by."""
        answer, held = self.answers[who], self._held[who]
        if act == "wait":
            await self.clock.advance(who * 9.7)
        elif act == "go on":
            while await self.call(who, method, final=False):
                pass
        elif act == "give back":
            answer.give_back(method)
            held.discard(method)
        elif act == "keep" and answer.keep(method):
            held.add(method)
        elif act == "end":
            ends = [await self.call(who, method, final=True) for method in held]
            assert all(ends)
            held.clear()
            answer.close()


async def _lived(acts: list[Act], processes: int) -> None:
    lives = _Lives(processes)
    for act, who, which in acts:
        await lives.act(act, who, METHODS[which])
    for answer in lives.answers:
        answer.close()
    assert [budget.all_kept for budget in lives.budgets] == [{}] * processes
