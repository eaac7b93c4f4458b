"""A team's own assistants in the playground: what the bot and the emulators are told of their file."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.playground.clock import SteppedClock
from bot.playground.command import NOT_STARTED, play
from bot.playground.model import MODEL
from bot.playground.openai.catalogue import current_models
from bot.playground.openai.emulated import OPERATOR_STORE
from bot.playground.own import OwnAssistants
from bot.playground.world import World

FILE = """
[assistants.default]
functions = ["acme.tools:lookup"]

[assistants.legal]
model = "gpt-4.1"
vector_stores = ["vs_contracts"]
mcp_servers = [
  { server_label = "crm", server_url = "https://crm.example/mcp", authorization = "CRM_TOKEN" },
  { server_label = "wiki", server_url = "https://wiki.example/mcp", authorization = "WIKI_TOKEN" },
]
"""
ENVIRON = {"CRM_TOKEN": "secret", "SLACK_BOT_TOKEN": "xoxb-real", "PATH": "/bin"}


@pytest.fixture
def own(tmp_path: Path) -> OwnAssistants:
    (tmp_path / "assistants.toml").write_text(FILE)
    return OwnAssistants.read(tmp_path / "assistants.toml", tmp_path, MODEL, ENVIRON)


def test_the_bot_is_told_of_the_file_and_of_the_variables_that_it_names_and_of_no_others(
    own: OwnAssistants, tmp_path: Path
) -> None:
    world = World(SteppedClock(), tmp_path / "bot", {}, own)
    told = world.environment()
    assert told["ASSISTANTS_FILE"] == world.assistants_from == str(tmp_path / "assistants.toml")
    assert told["CRM_TOKEN"] == "secret"
    assert "secret" in world.secrets
    assert told["SLACK_BOT_TOKEN"] == world.slack.bot_token
    assert {"WIKI_TOKEN", "PATH", "ASSISTANT_TOOLS", "VECTOR_STORE_IDS"} & told.keys() == set()


def test_the_offline_model_answers_to_every_name_and_the_stores_are_there(
    own: OwnAssistants, tmp_path: Path
) -> None:
    openai = World(SteppedClock(), tmp_path / "bot", {}, own).openai
    assert openai is not None
    assert set(openai.models) == {MODEL, "gpt-4.1"}
    assert openai.models["gpt-4.1"] == current_models()["gpt-4.1"]
    assert set(openai.vector_stores) == {OPERATOR_STORE, "vs_contracts"}


def test_a_faulty_file_is_told_of_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "assistants.toml").write_text("[assistants.default]\ntemperature = 9\ncolour = 1\n")
    with pytest.raises(SettingsError):
        OwnAssistants.read(tmp_path / "assistants.toml", tmp_path, MODEL, {})
    code = play(0, open_page=False, data=None, openai_environ={}, assistants=tmp_path / "assistants.toml")
    assert code == NOT_STARTED
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(": should")[0].partition(": is")[0] for line in told] == [
        "assistants.toml: assistants.default.temperature",
        "assistants.toml: assistants.default.colour",
    ]
