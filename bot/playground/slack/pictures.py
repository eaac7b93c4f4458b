"""Images in blocks that are files of the workspace: refused until Slack has processed them.

"invalid slack file" until the mimetype is known, and where the file cannot be seen: slack-platform.md §4.4.
"""

from collections.abc import Iterator, Mapping, Sequence

from bot.playground.slack.files import File
from bot.playground.slack.records import Json
from bot.playground.slack.schema import problem
from bot.playground.slack.state import Workspace


def picture_problems(workspace: Workspace, blocks: object, pointer: str = "/blocks") -> list[str]:
    """What Slack refuses about the `slack_file` of those blocks, which are valid otherwise."""
    return [
        problem("invalid slack file", f"{place}/slack_file")
        for place, given in _named(blocks, pointer)
        if not _shows(workspace, _find(workspace, given))
    ]


def _named(value: object, pointer: str) -> Iterator[tuple[str, Json]]:
    """Where a `slack_file` is named, and how."""
    if isinstance(value, Mapping):
        if isinstance(value.get("slack_file"), dict):
            yield pointer, value["slack_file"]
        for key, part in value.items():
            yield from _named(part, f"{pointer}/{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, part in enumerate(value):
            yield from _named(part, f"{pointer}/{index}")


def _find(workspace: Workspace, given: Json) -> File | None:
    if "id" in given:
        return workspace.files.get(given["id"])
    addresses = ("url_private", "url_private_download", "permalink")
    url = given.get("url", "")
    return next((f for f in workspace.files.values() if url in [f.fields.get(key) for key in addresses]), None)


def _shows(workspace: Workspace, file: File | None) -> bool:
    if file is None or file.deleted or not file.ready or not workspace.sees(file):
        return False
    return str(file.fields.get("mimetype", "")).startswith("image/")
