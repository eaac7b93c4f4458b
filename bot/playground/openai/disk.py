"""Where the emulator keeps bytes: a private temporary directory that is gone at the end."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Disk:
    """Gives out paths of files that do not exist yet."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._root: Path | None = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """There is a directory inside the block, and nothing of it afterwards."""
        with tempfile.TemporaryDirectory(prefix="openai-") as root:
            self._root = Path(root)
            yield
        self._root = None

    def new(self) -> Path:
        """A path for one more file."""
        if self._root is None:
            raise RuntimeError("the emulated API keeps bytes only while it serves")
        return self._root / str(next(self._numbers))
