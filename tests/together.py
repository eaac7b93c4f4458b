"""Which test runs where and when: what waits runs beside what computes, and a dear set-up is made once.

pytest-xdist 3.8 has `--dist loadgroup` to keep tests together, which does nothing, silently, with the node ids of
pytest 9.2.
"""

from collections import OrderedDict
from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

FILES = (
    "tests/browser/test_page.py",
    "tests/acceptance/test_wheel.py",
    "tests/browser/test_gallery.py",
)
"""Each stays on one worker, for its set-up costs more than most of its tests."""
WAITING = (*FILES, *(f"tests/{name}/" for name in ("acceptance", "crash", "replicas", "soak", "faults")))
"""What waits for other processes most of the time, the longest first."""


class Together(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """One queue with what waits at its front; half of the workers take from there, the others from its end."""

    workqueue: OrderedDict[str, dict[str, bool]]

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        self._ordered = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in FILES else nodeid

    def _assign_work_unit(self, node: Any) -> None:
        if not self._ordered:
            self._ordered = True
            self.workqueue = OrderedDict(sorted(self.workqueue.items(), key=lambda unit: _place(unit[0])))
        if self.nodes.index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def _place(scope: str) -> int:
    return next((place for place, path in enumerate(WAITING) if scope.startswith(path)), len(WAITING))


def scheduler(config: Any, log: Any) -> Together | None:
    """What hands out the tests, unless another way was asked for."""
    return Together(config, log) if config.getvalue("dist") == "load" else None
