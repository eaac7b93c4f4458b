"""Where the files of a workspace are kept, and under which addresses."""

from pathlib import Path

from bot.playground.slack.files import HIDDEN, TOMBSTONE, File, in_url, places
from bot.playground.slack.records import Json
from bot.playground.slack.state import WORKSPACE_URL, Workspace


def keep(
    workspace: Workspace, user: str, content: bytes | Path, base: Json, more: Json, file_id: str | None = None
) -> File:
    """Keep a file under its id, a new one unless it has one; `more` is told instead of what is in `base`."""
    name = file_id or workspace.new_id("F")
    now = int(workspace.clock.time())
    own: Json = {
        "id": name,
        "created": now,
        "timestamp": now,
        "user": user,
        "user_team": workspace.people[user].team,
        "permalink": f"{WORKSPACE_URL}files/{user}/{name}/{in_url(base['name'])}",
    }
    file = File(name, user, content, {**own, **_places(workspace, name, base), **base, **more})
    workspace.files[name] = file
    file.refresh()
    return file


def _places(workspace: Workspace, file_id: str, base: Json) -> Json:
    """Where its bytes are; nowhere here when it is external, hidden or gone."""
    if base["mode"] in ("external", HIDDEN, TOMBSTONE):
        return {}
    return places(workspace.origin, workspace.team, file_id, str(base["name"]))


def move(workspace: Workspace) -> None:
    """The workspace is served at another address: those of its files change with it."""
    for file in workspace.files.values():
        for key, address in _places(workspace, file.id, file.fields).items():
            if "/files-pri/" in str(file.fields.get(key)):
                file.fields[key] = address
        file.refresh()
