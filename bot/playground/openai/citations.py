"""What a text of the emulated model cites."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FileCitation:
    """A citation of an uploaded file, at a point of the text (None: its end)."""

    file_id: str
    filename: str
    index: int | None = None

    def annotation(self, text: str) -> Json:
        """The annotation as it stands in the message item."""
        index = len(text) if self.index is None else self.index
        return {"type": "file_citation", "file_id": self.file_id, "filename": self.filename, "index": index}


@dataclass(frozen=True, slots=True)
class UrlCitation:
    """A citation of a web page, over a span of the text (None: to its end)."""

    url: str
    title: str
    start_index: int = 0
    end_index: int | None = None

    def annotation(self, text: str) -> Json:
        """The annotation as it stands in the message item."""
        end = len(text) if self.end_index is None else self.end_index
        span = {"start_index": self.start_index, "end_index": end}
        return {"type": "url_citation", "url": self.url, "title": self.title, **span}


@dataclass(frozen=True, slots=True)
class ContainerFileCitation:
    """A file that the code interpreter made; indices 0/0 as observed (reference/openai-platform.md §5)."""

    container_id: str
    file_id: str
    filename: str
    start_index: int = 0
    end_index: int = 0

    def annotation(self, text: str) -> Json:
        """The annotation as it stands in the message item."""
        span = {"start_index": self.start_index, "end_index": self.end_index}
        of = {"container_id": self.container_id, "file_id": self.file_id, "filename": self.filename}
        return {"type": "container_file_citation", **of, **span}


@dataclass(frozen=True, slots=True)
class FoundCitation:
    """A citation of what the search before found, its results counted from 0; none if it found fewer."""

    number: int = 0
    index: int | None = None


@dataclass(frozen=True, slots=True)
class MadeCitation:
    """A citation of a file that code of this response wrote to that path."""

    path: str


Known = FileCitation | UrlCitation | ContainerFileCitation
Citation = Known | FoundCitation | MadeCitation
