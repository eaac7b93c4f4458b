"""What a search in vector stores finds."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of a file, with what is known of the file."""

    file_id: str
    filename: str
    score: float  # between 0 and 1
    text: str
    attributes: dict[str, str | float | bool]

    def result(self) -> dict[str, Any]:
        """A result of a `file_search_call` (openai 3.54, types/responses/response_file_search_tool_call.py)."""
        about = {"filename": self.filename, "score": self.score, "text": self.text}
        return {"file_id": self.file_id, "attributes": self.attributes, **about}

    def found(self) -> dict[str, Any]:
        """A result of a direct search (openai 3.54, types/vector_store_search_response.py)."""
        about = {"filename": self.filename, "score": self.score, "attributes": self.attributes}
        return {"file_id": self.file_id, **about, "content": [{"type": "text", "text": self.text}]}
