"""Which test runs where and when: what waits runs beside what computes, and a dear set-up is made once.

pytest-xdist 3.8 has `--dist loadgroup` to keep tests together, which does nothing, silently, with the node ids of
pytest 9.2.
"""

from collections import OrderedDict
from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

SHARING = (
    ("tests/crash/", "tests/soak/", "tests/acceptance/test_cli.py", "tests/acceptance/test_playground.py"),
    ("tests/browser/test_page.py", "tests/browser/test_gallery.py"),  # the browser
    ("tests/acceptance/test_wheel.py",),
)
"""Each of these stays on one worker, for its set-up costs more than most of its tests."""
CHEAP = ("tests/emulators/", "tests/structure/", "tests/unit/")
"""Handed out file by file: it costs as much to hand out a test as to run one of these."""
WAITING = (
    *(folders[0] for folders in SHARING),
    *(f"tests/{name}/" for name in ("acceptance", "replicas", "soak", "faults")),
)
"""What waits for other processes most of the time, the longest first."""


class Together(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """One queue with what waits at its front; half of the workers take from there, the others from its end."""

    workqueue: OrderedDict[str, dict[str, bool]]

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        self._ordered = False

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(CHEAP):
            return nodeid.partition("::")[0]
        return next((paths[0] for paths in SHARING if nodeid.startswith(paths)), nodeid)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Forget what is done, or every test would count all that were before it."""
        units = self.assigned_work[node]
        for scope in [scope for scope, tests in units.items() if all(tests.values())]:
            del units[scope]
        super().mark_test_complete(node, item_index, duration)

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
