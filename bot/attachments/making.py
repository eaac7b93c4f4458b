"""What an answer made: which of it is posted, in which order, and under which names. Pure."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from bot import words
from bot.assistant.events import SourceKind, StepType
from bot.files.names import safe_name
from bot.reply.steps import plain_line
from bot.reply.transcript import Transcript

ALT_MAX = 1_000  # characters (docs.slack.dev/reference/methods/files.getUploadURLExternal)
NAMED = 3  # losses, and files left out, that are told by name
MB = 1_000_000  # bytes

PICTURE = "image"
_UNNAMED = re.compile(r"cfile_[0-9a-f]{8,}(?:\.[a-z0-9]{1,5})?", re.IGNORECASE)
_IMAGES = {"iVBOR": ".png", "/9j/": ".jpg", "UklGR": ".webp", "R0lG": ".gif", "PHN2Zy": ".svg", "PD94bW": ".svg"}
"""How images begin in base64 (the formats of reference/openai-platform.md §7)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one answer may bring at most. `size` is in bytes."""

    files: int = 20
    size: int = 50 * MB

    @property
    def sentence(self) -> str:
        """The bounds in words; `{names}` is left to be filled in."""
        return words.MADE_LEFT_OUT.format(files=self.files, size=f"{self.size / MB:g} MB", names="{names}")


@dataclass(frozen=True, slots=True)
class Product:
    """A file that code wrote or a function returned, or an image that was generated.

    `size` is in bytes, 0 where it is not known before.
    """

    id: str
    name: str
    container_id: str = ""
    size: int = 0
    created_at: float = 0.0  # by OpenAI's clock, seconds since the epoch
    image: str = ""  # base64
    alt: str = ""  # what is to be seen
    content: bytes | Path | None = field(default=None, repr=False)  # of a function's: all of it, or where it is

    @property
    def shown(self) -> str:
        """Its name, safe to show."""
        return safe_name(self.name)


Listed = Mapping[str, Sequence[Product] | None]
"""By container: everything that code wrote there, also for earlier answers; None where the container is gone."""


def containers_of(transcript: Transcript) -> tuple[str, ...]:
    """The containers that the answer's code ran in, or that it cites."""
    ran = (timed.step.container_id for timed in transcript.steps)
    cited = (one.container_id for one in transcript.sources)
    return tuple(dict.fromkeys(filter(None, (*ran, *cited))))


def images_of(transcript: Transcript) -> list[Product]:
    """The images that were generated."""
    steps = (timed.step for timed in transcript.steps if timed.step.type is StepType.IMAGE_GENERATION)
    return [
        Product(
            id=step.id,
            name=f"{PICTURE}{_extension(step.image)}",
            size=len(step.image) * 3 // 4,
            image=step.image,
            alt=plain_line(step.arguments, ALT_MAX),
        )
        for step in steps
        if step.image
    ]


def brings_files(transcript: Transcript) -> bool:
    """Whether files are certain to come with the answer: it cites them, or they are in it."""
    made = SourceKind.CONTAINER_FILE
    return bool(images_of(transcript)) or any(one.kind is made for one in transcript.sources)


def products(transcript: Transcript, listed: Listed, since: float) -> list[Product]:
    """All that the answer made: what it cites first, then images, then what code wrote without a word of it.

    What was written before `since` belongs to an earlier answer, unless this one cites it.
    """
    every = [one for files in listed.values() for one in files or ()]
    cited = list(_cited(transcript, every))
    silent = (one for one in every if int(one.created_at) >= int(since))
    made = {one.id: one for one in (*cited, *images_of(transcript), *silent)}
    return _named(made.values())


def _cited(transcript: Transcript, every: Sequence[Product]) -> Iterator[Product]:
    """A cited file that is not listed may have been written anew; or its container is gone, or lists nothing."""
    for one in transcript.sources:
        if one.kind is not SourceKind.CONTAINER_FILE or not one.file_id:
            continue
        there = [file for file in every if file.container_id == one.container_id]
        same = [file for file in there if file.id == one.file_id] or [
            file for file in there if file.name == one.title
        ]
        yield same[-1] if same else Product(one.file_id, one.title, one.container_id)


def _named(made: Iterable[Product]) -> list[Product]:
    """Names for what has none of its own: charts that code only showed, and images."""
    numbers = itertools.count(1)

    def named(one: Product) -> Product:
        if not one.image and not _UNNAMED.fullmatch(one.name):
            return one
        number = next(numbers)
        name, extension = f"{PICTURE}-{number}" if number > 1 else PICTURE, PurePosixPath(one.name).suffix
        return replace(one, name=f"{name}{extension}")

    return [named(one) for one in made]


def _extension(image: str) -> str:
    return next((extension for start, extension in _IMAGES.items() if image.startswith(start)), ".png")


def bounded(made: Sequence[Product], bounds: Bounds) -> tuple[list[Product], list[Product]]:
    """Those that are posted, and those beyond the bounds."""
    kept: list[Product] = []
    left_out: list[Product] = []
    room = bounds.size
    for one in made:
        if len(kept) < bounds.files and one.size <= room:
            room -= one.size
            kept.append(one)
        else:
            left_out.append(one)
    return kept, left_out


def listing(names: Sequence[str]) -> str:
    """Some names in one line; the rest is counted."""
    named = [words.QUOTED.format(text=safe_name(name)) for name in names[:NAMED]]
    more = len(names) - len(named)
    return ", ".join(named) + (f" {words.SOURCES_MORE.format(count=more)}" if more > 0 else "")


def told(losses: Sequence[str]) -> tuple[str, ...]:
    """The sentences on single files, the rest of them counted."""
    more = len(losses) - NAMED
    return (*losses[:NAMED], *([words.MADE_MORE.format(count=more)] if more > 0 else []))
