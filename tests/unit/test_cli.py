"""The command: what it prints where, and its exit codes."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bot.cli import main
from bot.manifest import read_manifest
from bot.settings import Settings

NEEDED = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OPENAI_API_KEY")


@pytest.fixture(autouse=True)
def _nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def command(*words: str, **environ: str) -> Result:
    return CliRunner().invoke(main, words, env=environ)


@pytest.mark.parametrize("word", ["run", "check"])
def test_missing_settings_end_it_with_a_line_each_and_code_2(word: str) -> None:
    done = command(word)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert [line.split()[0] for line in done.stderr.splitlines()] == list(NEEDED)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("word", ["run", "check"])
def test_a_malformed_setting_is_not_echoed(word: str) -> None:
    done = command(word, **dict.fromkeys(NEEDED, "hunter 2"))
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == len(NEEDED)
    assert "hunter" not in done.output


def test_settings_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-1\nSLACK_APP_TOKEN=xapp-1\n")
    assert [line.split()[0] for line in command("check").stderr.splitlines()] == ["OPENAI_API_KEY"]


def test_the_manifest_is_printed_without_any_setting_and_stays_yaml() -> None:
    done = command("manifest")
    assert done.exit_code == 0
    assert yaml.safe_load(done.stdout) == read_manifest().content
    assert done.stdout.splitlines()[-1] == f"# Create the app: {read_manifest().creation_url}"


def test_an_unknown_command_is_refused() -> None:
    assert command("dance").exit_code == 2
