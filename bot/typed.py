"""Our slash command as it was typed. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typed:
    """Our command as somebody typed it: its first word in lower case, and the rest as it is."""

    team: str
    channel: str
    user: str
    word: str
    rest: str
