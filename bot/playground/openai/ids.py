"""Identifiers in OpenAI's form, counted so that a test prints the same ones every time."""

import itertools


class Ids:
    """Gives out ids that never repeat within one emulator."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self, prefix: str, joint: str = "_") -> str:
        """The next id, such as `resp_0000…07`; Files join with a hyphen: `file-0000…07`."""
        return f"{prefix}{joint}{next(self._numbers):032x}"
