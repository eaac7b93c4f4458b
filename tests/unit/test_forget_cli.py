"""`threadmate forget` as a command: what it refuses, in words, and its exit codes."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.settings import Settings
from storage.store import Store

URL = "https://acme.slack.com/archives/C0123/p1700000000000100"
ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "OPENAI_API_KEY": "sk-1",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "DATABASE_URL": "sqlite+aiosqlite:///threadmate.db",
}


@pytest.fixture(autouse=True)
def _nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def forget(*words: str) -> Result:
    return CliRunner().invoke(main, ("forget", *words), env=ENVIRON)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--thread", "1700000000.000100"),
        ("--user", "ann"),
        ("--channel", "#general"),
        ("--user", "U1", "--channel", "C1"),
    ],
)
def test_what_names_nothing_is_a_sentence_and_code_2(words: tuple[str, ...]) -> None:
    done = forget(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [("--thread", URL), ("--user", "U1", "--dry-run")])
def test_without_a_database_nothing_is_kept_and_none_is_made(words: tuple[str, ...], tmp_path: Path) -> None:
    done = forget(*words)
    assert (done.exit_code, done.stdout) == (0, "Nothing is kept: there is no database yet.\n")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_is_known_openai_is_not_asked() -> None:
    asyncio.run(_made())
    done = forget("--channel", "C1")
    assert (done.exit_code, done.stdout) == (0, "Nothing is kept of the channel C1.\n")


async def _made() -> None:
    async with Store.open(ENVIRON["DATABASE_URL"]):
        pass


async def test_on_sqlite_the_bot_must_be_stopped_but_for_a_dry_run() -> None:
    async with Store.open(ENVIRON["DATABASE_URL"]):
        done = await asyncio.to_thread(forget, "--user", "U1")
        assert (done.exit_code, done.stdout) == (3, "")
        assert "stop it, forget, and start it again" in done.stderr
        planned = await asyncio.to_thread(forget, "--user", "U1", "--dry-run")
        assert (planned.exit_code, planned.stdout) == (0, "Nothing is kept of the person U1.\n")
