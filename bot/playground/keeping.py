"""A workspace kept in a folder, and found there again: people, channels, what was said, files.

What passes is not kept: statuses, open modals, buttons' permissions. A stream that was open has died, as in Slack.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from bot.playground.slack import EmulatedSlack, shelf
from bot.playground.slack.files import File, ids_in
from bot.playground.slack.records import Channel, Ephemeral, Json, Person

FILE, FOLDER = "workspace.json", "files"


@dataclass(slots=True)
class KeptFile:
    """A file without its bytes, which lie beside."""

    id: str
    user: str
    fields: Json
    access: str
    deleted: bool


@dataclass(slots=True)
class Kept:
    """All that is kept of a workspace."""

    acting: list[str]  # as whom one can act
    last_ts: int
    counts: dict[str, int]
    people: list[Person]
    channels: list[Channel]
    files: list[KeptFile]
    ephemerals: list[Ephemeral] = field(default_factory=list)


_KEPT = TypeAdapter(Kept)


def save(slack: EmulatedSlack, acting: list[str], folder: Path) -> None:
    """Keep the workspace there, in place of what was kept before."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for file in slack.files.values():
        _save_bytes(file, folder / FOLDER / file.id)
    last_ts, counts = slack.numbering
    files = [KeptFile(one.id, one.user, one.fields, one.access, one.deleted) for one in slack.files.values()]
    kept = Kept(
        acting,
        last_ts,
        counts,
        list(slack.people.values()),
        list(slack.channels.values()),
        files,
        slack.ephemerals,
    )
    new = folder / f"{FILE}.new"
    new.write_bytes(_KEPT.dump_json(kept))
    new.replace(folder / FILE)


def _save_bytes(file: File, path: Path) -> None:
    if path.exists() or file.deleted:
        return
    if isinstance(file.content, bytes):
        path.write_bytes(file.content)
    elif file.content != path:
        shutil.copyfile(file.content, path)


def load(slack: EmulatedSlack, folder: Path) -> list[str] | None:
    """Bring back what is kept there; the ids of those as whom one can act, or None where nothing is kept.

    Raises ValueError where something else lies under that name.
    """
    if not (folder / FILE).exists():
        return None
    kept = _KEPT.validate_json((folder / FILE).read_bytes())
    slack.go_on_from(kept.last_ts, kept.counts)
    slack.people.update({person.id: person for person in kept.people})
    slack.channels.update({channel.id: channel for channel in kept.channels})
    slack.ephemerals.extend(kept.ephemerals)
    for one in kept.files:
        slack.files[one.id] = _file(one, folder / FOLDER / one.id)
    for channel in kept.channels:
        _revive(slack, channel)
    return kept.acting


def _file(kept: KeptFile, path: Path) -> File:
    content: bytes | Path = path if path.exists() else b""
    file = File(kept.id, kept.user, content, kept.fields, kept.access, deleted=kept.deleted)
    file.refresh()
    return file


def _revive(slack: EmulatedSlack, channel: Channel) -> None:
    """Messages show their files as they are now; what was being streamed never ended well."""
    for message in channel.messages.values():
        ids = [next(iter(ids_in([shown])), "") for shown in message.files]
        message.files = [
            slack.files[name].shown if name in slack.files else shown
            for name, shown in zip(ids, message.files, strict=True)
        ]
        if message.stream is not None and message.stream.open:
            message.stream.open, message.error_pill = False, True
    shelf.move(slack)
