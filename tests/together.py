"""Which tests stay on one worker: those of a file whose set-up costs more than all of its tests.

pytest-xdist 3.8 has `--dist loadgroup` for this, which does nothing, silently, with the node ids of pytest 9.2.
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

FILES = ("tests/acceptance/test_wheel.py", "tests/browser/test_gallery.py", "tests/browser/test_page.py")


class Together(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Those files whole and first, and test by test what is left."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in FILES else nodeid


def scheduler(config: Any, log: Any) -> Together | None:
    """What hands out the tests, unless another way was asked for."""
    return Together(config, log) if config.getvalue("dist") == "load" else None
