"""The command: what it prints where, and its exit codes."""

import json
import tomllib
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


@pytest.mark.usefixtures("no_other_handlers")
@pytest.mark.parametrize("word", ["run", "check"])
def test_faults_of_the_assistants_end_it_with_a_line_each_and_code_2(tmp_path: Path, word: str) -> None:
    (tmp_path / "assistants.toml").write_text(
        "[assistants.default]\ntop_p = 2\n[assistants.b]\ntools = ['tuba']\nfunctions = ['nowhere.at:all']"
    )
    set_up = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
    done = command(word, **set_up)
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "assistants.toml: assistants.default.top_p: should be less than or equal to 1",
        "assistants.toml: assistants.b.tools.0: should be 'file_search', 'code_interpreter', 'web_search' or "
        "'image_generation'",
        "assistants.toml: assistants.b.functions.0: nowhere.at:all: the module cannot be imported "
        "(ModuleNotFoundError)",
    ]


def test_an_old_assistant_is_printed_as_an_entry_and_its_schema_written(tmp_path: Path) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True}}
    old = {
        "name": "Math Tutor!",
        "model": "gpt-4o",
        "temperature": 7,
        "response_format": form,
        "metadata": {"a": "b"},
    }
    (tmp_path / "old.json").write_text(json.dumps(old))
    done = command("import-assistant", "old.json")
    assert done.exit_code == 0
    assert tomllib.loads(done.stdout)["assistants"].keys() == {"math-tutor"}
    notes = done.stderr.splitlines()
    assert "! the schema: it belongs into math-tutor.schema.json, beside assistants.toml; " in done.stderr
    assert "! assistants.toml: assistants.math-tutor.temperature: should be less than or equal to 2" in notes
    assert "✗ metadata: nothing reads it here." in notes
    written = command("import-assistant", "old.json", "--key", "tutor", "--schema-to", ".")
    assert json.loads((tmp_path / "tutor.schema.json").read_text()) == {"type": "object"}
    assert "✓ the schema, in tutor.schema.json" in written.stderr
    assert "assistants.tutor.response_format.schema_file: is not strict at its root" in written.stderr
    (tmp_path / "tutor.schema.json").write_text("{}")
    assert command("import-assistant", "old.json", "--key", "tutor", "--schema-to", ".").exit_code == 2


@pytest.mark.parametrize(
    ("text", "more", "reason"),
    [
        ("[]", (), "an assistant is a JSON object"),
        ("{", (), "this is not JSON"),
        ('{"model": "m"}', ("--key", "two words"), "a key is a letter, then letters"),
    ],
)
def test_what_is_no_assistant_is_refused_in_a_line(
    tmp_path: Path, text: str, more: tuple[str, ...], reason: str
) -> None:
    (tmp_path / "old.json").write_text(text)
    done = command("import-assistant", "old.json", *more)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"old.json: {reason}")
