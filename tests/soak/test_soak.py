"""A minute of the soak, always the same one; `scripts/soak` is the whole of it."""

from pathlib import Path

from tests.crash.nursery import Nursery
from tests.soak.plan import Trouble, Wrong, plan
from tests.soak.soak import soak

SEED, MESSAGES = 3, 40


async def test_a_minute_in_which_everything_breaks(tmp_path: Path, nursery: Nursery) -> None:
    assert Wrong.KILL in [one.wrong for one in plan(SEED, MESSAGES) if isinstance(one, Trouble)]
    verdict = await soak(SEED, MESSAGES, tmp_path, nursery)
    assert verdict.violations == [], verdict.summary
    assert verdict.summary["starts"] == 2


def test_the_same_seed_is_the_same_plan() -> None:
    assert plan(7, 200) == plan(7, 200) != plan(8, 200)
