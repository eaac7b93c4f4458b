"""Nothing secret is shown: tokens, keys, tickets; and nothing endless."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "•••"
LONGEST = 6_000  # characters of one text that are shown
_SHAPES = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|\bsk-[\w-]{6,}|(?<=ticket=)[\w-]+|(?<=/actions/)[\w-]+|(?<=Bearer )\S+"
)
_KEYS = frozenset({"token", "authorization", "api_key", "access_token"})


class Veil:
    """Hides those secrets, and whatever has the shape of one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def over(self, value: Any) -> Any:
        """The same JSON, to be shown."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {str(key): self._of(str(key), one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.over(one) for one in value]
        return value if isinstance(value, int | float | bool | None) else str(value)

    def _of(self, key: str, value: Any) -> Any:
        return HIDDEN if key.lower() in _KEYS and value else self.over(value)

    def text(self, text: str) -> str:
        """The same text, to be shown."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _SHAPES.sub(HIDDEN, text)
        left = len(text) - LONGEST
        return f"{text[:LONGEST]}… ({left} more characters)" if left > 0 else text
