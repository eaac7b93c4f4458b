"""Whatever JSON Slack tells of files, it is read, looked at and answered: no file breaks a turn."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.addressing import Post
from bot.files.kinds import Policy, Refused, Sight, at_sight
from bot.files.slack_file import parse_file
from bot.reading import attached
from handlers.parse import parse_message
from tests import documents
from tests.databases import SqliteDatabase
from tests.scenario.world import World

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
HOSTILE = st.sampled_from(
    (
        "../../etc/passwd",
        "x" * 1_000 + ".pdf",
        "a\u202efdp.exe",
        "\0\r\n\x1b[31m.md",
        "\ud800.txt",
        "<!channel> *b* [x](https://example.com)",
        "https://example.com/x",
        "http://169.254.169.254/latest",
        "check_file_info",
        "access_denied",
        "tombstone",
        "hidden_by_limit",
        "external",
        "email",
        "slack_audio",
        2**80,
        -1,
    )
)
KEYS = (
    *("id", "name", "title", "mimetype", "filetype", "mode", "size", "user", "created", "timestamp", "permalink"),
    *(
        "url_private",
        "url_private_download",
        "file_access",
        "is_external",
        "external_type",
        "subtype",
        "duration_ms",
    ),
    *("plain_text", "from", "to", "cc", "subject", "preview", "channels", "shares"),
)
CHANGES = st.dictionaries(st.sampled_from(KEYS), HOSTILE | ANYTHING, max_size=6)


@given(files=ANYTHING | st.lists(CHANGES | ANYTHING, max_size=4), asked=st.booleans())
@settings(max_examples=50)
def test_any_files_are_read_and_looked_at(files: Any, asked: bool) -> None:
    event = {"type": "message", "subtype": "file_share", "channel": "C1", "user": "U1", "ts": "1.2", "text": ""}
    post = parse_message({"team_id": "T1", "event": {**event, "files": json.loads(json.dumps(files))}})
    assert isinstance(post, Post)
    assert "\n" not in attached(post.files)
    for file in post.files:
        read = parse_file(file)
        assert isinstance(at_sight(read, Policy(), asked=asked), Refused | Sight)
        assert parse_file({}).size == 0 <= read.size < 2**63


@given(changes=st.lists(CHANGES, min_size=1, max_size=8))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_file_breaks_a_turn(migrated: Path, changes: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(turn(Path(folder), migrated, changes))


async def turn(folder: Path, migrated: Path, changes: list[dict[str, Any]]) -> None:
    """One message with files of which Slack tells strange things, and the answer."""
    world = World(SqliteDatabase(folder / "threadmate.db", migrated), assistant_tools=("code_interpreter",))
    contents = (documents.RULE.encode(), documents.picture(), documents.table(), documents.sound())
    async with world.slack.serve(), world.openai.serve(), world.running():
        files = [
            {**world.slack.add_file("file.md", contents[index % len(contents)], world.ann), **change}
            for index, change in enumerate(changes)
        ]
        said = f"{world.at_bot} what is this?"
        ts = await world.slack.post(world.general, world.ann, said, files=files, subtype="file_share")
        await world.until(world.answered(ts))
        assert [one["status"] for one in world.openai.responses.values()] == ["completed"]
        assert world.slack.live_mentions == []
        assert all(seen.host in world.slack.api_url for seen in world.slack.downloads)
