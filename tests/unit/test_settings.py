"""Settings: what is accepted, what is refused in which words, and what never appears in them."""

import re
from pathlib import Path

import pytest

from bot.assistants import DEFAULT_INSTRUCTIONS
from bot.errors import SettingsError
from bot.settings import Settings

NEEDED = {"SLACK_BOT_TOKEN": "xoxb-1-bot", "SLACK_APP_TOKEN": "xapp-1-A1-app", "OPENAI_API_KEY": "sk-key"}
ROOT = Path(__file__).parents[2]


def read(**environ: str) -> Settings:
    return Settings.read({**NEEDED, **environ}, env_file=None)


def faults(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read(**environ)
    return caught.value.faults


def test_what_is_not_set_has_its_default() -> None:
    settings = read()
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database_url == "sqlite+aiosqlite:///threadmate.db"
    assert (settings.max_concurrent_runs, settings.shutdown_grace) == (32, 30)
    assert (settings.lease_seconds, settings.run_timeout) == (30, 900)
    assert (settings.follow_threads, settings.allow_external) == ("one-to-one", False)
    assert (settings.catch_up_messages, settings.max_runs_per_person_hour) == (50, 60)
    assert (settings.log_level, settings.log_format) == ("INFO", "console")


def test_every_missing_setting_has_a_line_that_says_where_to_get_it() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({}, env_file=None)
    assert caught.value.faults == (
        "SLACK_BOT_TOKEN is missing: api.slack.com/apps → your app → OAuth & Permissions → Bot User OAuth Token",
        "SLACK_APP_TOKEN is missing: api.slack.com/apps → your app → Basic Information → App-Level Tokens, "
        "scope connections:write",
        "OPENAI_API_KEY is missing: platform.openai.com/api-keys "
        "(a server of your own that asks for none takes any value)",
    )


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-1", "should start with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1", "should start with xapp-"),
        ("SLACK_BOT_TOKEN", "xoxb-1 2", "holds a blank"),
        ("OPENAI_API_KEY", "sk-ключ", "a character that no token has"),
        ("SLACK_API_URL", "http://slack.com/api/", "http only to this very machine"),
        ("SLACK_API_URL", "http://127.0.0.1.example.com/api/", "http only to this very machine"),
        ("SLACK_API_URL", "slack.com/api", "should be a URL that starts with https://"),
        ("SLACK_API_URL", "https://slack.com/api/?a=b", "should end with its path"),
        ("SLACK_API_URL", "https://[slack", "is not a URL"),
        ("SLACK_API_URL", "https://slack.com:port/", "is not a URL"),
        ("OPENAI_BASE_URL", "ftp://openai", "should be a URL"),
        (
            "ASSISTANT_TOOLS",
            "code_interpreter,shell",
            "should be 'file_search', 'code_interpreter', 'web_search' or 'image_generation'",
        ),
        ("VECTOR_STORE_IDS", "vs_1,vs_2,vs_3", "names more than 2"),
        ("OPENAI_TEMPERATURE", "2.1", "less than or equal to 2"),
        ("OPENAI_TEMPERATURE", "nan", "should be"),
        ("OPENAI_TOP_P", "warm", "should be a valid number"),
        ("OPENAI_REASONING_EFFORT", "hard", "'medium'"),
        ("OPENAI_VERBOSITY", "chatty", "'low', 'medium' or 'high'"),
        ("OPENAI_MAX_OUTPUT_TOKENS", "15", "greater than or equal to 16"),
        ("DATABASE_URL", "sqlite:///threadmate.db", "should start with sqlite+aiosqlite:///"),
        ("DATABASE_URL", "postgres://user:hunter2@db/threadmate", "or postgresql+asyncpg://"),
        ("LOG_LEVEL", "TRACE", "'DEBUG'"),
        ("LOG_FORMAT", "xml", "'console' or 'json'"),
        ("HEALTH_PORT", "65536", "less than or equal to 65535"),
        ("HEALTH_HOST", "everywhere", "should be an IP address"),
        ("MAX_CONCURRENT_RUNS", "0", "greater than or equal to 1"),
        ("SHUTDOWN_GRACE", "-1", "greater than or equal to 0"),
        ("LEASE_SECONDS", "0", "greater than 0"),
        ("RUN_TIMEOUT", "inf", "finite"),
        ("FOLLOW_THREADS", "never", "'one-to-one', 'always' or 'mention'"),
        ("ALLOW_EXTERNAL", "perhaps", "should be a valid boolean"),
        ("CATCH_UP_MESSAGES", "many", "should be a valid integer"),
        ("MAX_RUNS_PER_PERSON_HOUR", "0", "greater than or equal to 1"),
        ("MAX_FILE_BYTES", "1000000000", "less than or equal to 512000000"),
        ("MAX_FILES_PER_THREAD", "-1", "greater than or equal to 0"),
        ("INLINE_FILE_MAX_BYTES", "60000000", "less than or equal to 50000000"),
        ("INLINE_FILE_MAX_PAGES", "few", "should be a valid integer"),
        ("FILE_IDLE_DAYS", "0", "greater than 0"),
        ("WEB_SEARCH_WITH_FILES", "sometimes", "should be a valid boolean"),
        ("RETENTION_DAYS", "-1", "greater than 0"),
        ("ALLOWED_MODELS", "gpt 6", "should match pattern"),
    ],
)
def test_a_malformed_value_is_refused_in_words(name: str, value: str, wrong: str) -> None:
    [line] = faults(**{name: value})
    assert line.startswith(f"{name} ")
    assert wrong in line
    assert ": " in line
    assert "\n" not in line


TAKES_ANYTHING = (
    "openai_model",
    "assistant_instructions",
    "vector_store_ids",
    "transcription_model",
    "admins",
)
REFUSES = [field.upper() for field in Settings.model_fields if field not in TAKES_ANYTHING]


@pytest.mark.parametrize("name", REFUSES)
def test_no_fault_repeats_a_value(name: str) -> None:
    for canary in ("canary hunter2", "http://canary hunter2@["):
        assert "hunter2" not in "".join(faults(**{name: canary}))


def test_secrets_are_masked_wherever_settings_are_printed() -> None:
    settings = read(DATABASE_URL="sqlite+aiosqlite:///password.db")
    for text in (repr(settings), str(settings)):
        assert not any(secret in text for secret in (*NEEDED.values(), "password"))


def test_all_faults_are_reported_at_once() -> None:
    lines = faults(LOG_LEVEL="loud", SLACK_BOT_TOKEN="", OPENAI_TOP_P="7")
    assert [line.split()[0] for line in lines] == ["SLACK_BOT_TOKEN", "OPENAI_TOP_P", "LOG_LEVEL"]


def test_an_empty_value_is_not_set() -> None:
    assert read(OPENAI_TEMPERATURE="", SLACK_API_URL="  ") == read()


def test_an_empty_variable_leaves_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OPENAI_MODEL=from-file\n")
    assert Settings.read({**NEEDED, "OPENAI_MODEL": ""}, env_file=file).openai_model == "from-file"


def test_variables_that_are_not_ours_change_nothing() -> None:
    strangers = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "OPENAI_ORG_ID")
    assert Settings.read({**NEEDED, **dict.fromkeys(strangers, "x")}, env_file=None) == read()


def test_the_slack_url_ends_with_a_slash_and_may_be_loopback() -> None:
    assert read(SLACK_API_URL="http://127.0.0.1:8080/api").slack_api_url == "http://127.0.0.1:8080/api/"
    assert read(SLACK_API_URL="http://localhost/api/").slack_api_url == "http://localhost/api/"
    assert read(SLACK_API_URL="http://[::1]:1/api").slack_api_url == "http://[::1]:1/api/"
    assert read(SLACK_API_URL="https://slack-gov.com/api").slack_api_url == "https://slack-gov.com/api/"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OPENAI_MODEL=from-file\nLOG_LEVEL=debug\nOPENAI_API_KEY='sk-${HOME}'\nUNKNOWN=1\n")
    settings = Settings.read({**NEEDED, "OPENAI_API_KEY": "sk-env", "OPENAI_MODEL": "from-env"}, env_file=file)
    assert (settings.openai_model, settings.log_level) == ("from-env", "DEBUG")
    without_key = {name: value for name, value in NEEDED.items() if name != "OPENAI_API_KEY"}
    assert Settings.read(without_key, env_file=file).openai_api_key.get_secret_value() == "sk-${HOME}"


def test_a_file_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"OPENAI_API_KEY=\xff\xfe")
    with pytest.raises(SettingsError, match="should be UTF-8 text"):
        Settings.read(NEEDED, env_file=file)


def test_without_instructions_the_assistant_has_the_default_ones() -> None:
    assistant = read().assistant()
    assert (assistant.model, assistant.instructions, assistant.tools) == ("gpt-6.2-sol", DEFAULT_INSTRUCTIONS, ())
    assert (assistant.temperature, assistant.max_output_tokens) == (None, None)


def test_the_assistant_is_described_by_the_settings() -> None:
    assistant = read(
        ASSISTANT_INSTRUCTIONS="Be brief.",
        ASSISTANT_TOOLS="file_search, code_interpreter",
        VECTOR_STORE_IDS="vs_1, vs_2",
        OPENAI_TEMPERATURE="0.2",
        OPENAI_REASONING_EFFORT="low",
        OPENAI_VERBOSITY="low",
        OPENAI_MAX_OUTPUT_TOKENS="16",
    ).assistant()
    assert assistant.instructions == "Be brief."
    assert assistant.tools == ("file_search", "code_interpreter")
    assert assistant.vector_store_ids == ("vs_1", "vs_2")
    assert (assistant.temperature, assistant.top_p, assistant.max_output_tokens) == (0.2, None, 16)
    assert (assistant.reasoning_effort, assistant.verbosity) == ("low", "low")


def test_vector_stores_alone_mean_file_search() -> None:
    assert read(VECTOR_STORE_IDS="vs_1").assistant().tools == ("file_search",)


def test_file_search_and_vector_stores_need_each_other() -> None:
    assert "names file_search" in faults(ASSISTANT_TOOLS="file_search")[0]
    assert "does not name file_search" in faults(ASSISTANT_TOOLS="web_search", VECTOR_STORE_IDS="vs_1")[0]


def test_instructions_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "instructions.md"
    file.write_text("Speak like a librarian.\n")
    assert read(ASSISTANT_INSTRUCTIONS_FILE=str(file)).assistant().instructions == "Speak like a librarian."


def test_an_instructions_file_that_gives_none_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read (FileNotFoundError)" in faults(ASSISTANT_INSTRUCTIONS_FILE=str(tmp_path / "no"))[0]
    (tmp_path / "empty").write_text(" \n")
    assert "is an empty file" in faults(ASSISTANT_INSTRUCTIONS_FILE=str(tmp_path / "empty"))[0]
    both = faults(ASSISTANT_INSTRUCTIONS="a", ASSISTANT_INSTRUCTIONS_FILE=str(tmp_path / "empty"))
    assert "both set" in both[0]


def test_the_example_file_names_every_setting_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^([A-Z_]+)=(.*)$", text, flags=re.MULTILINE)
    assert [name for name, _ in named] == [field.upper() for field in Settings.model_fields]
    spelled = {name.lower() for name, value in named if value}
    optional = {field: info.default for field, info in Settings.model_fields.items() if not info.is_required()}
    assert spelled == {field for field, default in optional.items() if default not in (None, ())}
    assert Settings.read(NEEDED, env_file=ROOT / ".env.example").model_dump() == read().model_dump()


def test_the_readme_explains_every_setting_with_its_default() -> None:
    text = (ROOT / "README.md").read_text()
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE):
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert not value or f"`{value}`" in row
