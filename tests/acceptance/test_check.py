"""`threadmate check` between the emulators: what it says of each thing that can be wrong."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.check import Line, Mark, check
from bot.playground.faults import Fault, FaultKind
from bot.settings import Settings
from storage.store import Store
from tests.acceptance.rig import Outside, outside

NAMES = (
    "bot token",
    "scopes",
    "app token",
    "Socket Mode",
    "OpenAI key",
    "OpenAI model",
    "Conversations",
    "Responses",
    "database",
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Outside]:
    async with outside(tmp_path) as around:
        yield around


async def lines(settings: Settings, *, cheap: bool = False) -> dict[str, Line]:
    report = await check(settings, cheap=cheap)
    assert report.failed == any(line.mark is Mark.BAD for line in report.lines)
    return {line.name: line for line in report.lines}


async def marks(settings: Settings) -> dict[str, str]:
    found = await lines(settings)
    assert tuple(found) == NAMES  # one that fails hides no other
    return {name: str(line.mark) for name, line in found.items() if line.mark is not Mark.GOOD}


async def test_when_all_is_well_every_line_says_so(world: Outside) -> None:
    assert await marks(world.settings()) == {}
    assert list(world.folder.iterdir()) == []


async def test_the_cheap_half_opens_nothing_and_costs_nothing(world: Outside) -> None:
    looked_at = ("bot token", "scopes", "app token", "OpenAI key", "OpenAI model")
    assert tuple(await lines(world.settings(), cheap=True)) == looked_at
    assert sorted(call.method for call in world.slack.calls) == ["apps.connections.open", "auth.test"]
    assert [request.method for request in world.openai.requests] == ["GET"]


async def test_a_wrong_bot_token_is_refused_with_the_page_to_copy_it_from(world: Outside) -> None:
    settings = world.settings(SLACK_BOT_TOKEN="xoxb-wrong-token")
    assert await marks(settings) == {"bot token": "✗", "scopes": "!"}
    line = (await lines(settings))["bot token"]
    page = f"https://api.slack.com/apps/{world.slack.app_id}/oauth"
    assert str(line) == f"✗ bot token: refused (invalid_auth) — copy it again: {page}"
    assert line.refused


async def test_scopes_that_were_not_granted_are_named(world: Outside) -> None:
    world.slack.scopes -= {"users:read", "reactions:write"}
    line = (await lines(world.settings()))["scopes"]
    assert line.mark is Mark.BAD
    assert not line.refused
    assert "missing reactions:write, users:read — add them and reinstall" in str(line)
    assert line.todo.endswith(f"/apps/{world.slack.app_id}/oauth")


async def test_a_wrong_app_token_is_refused(world: Outside) -> None:
    settings = world.settings(SLACK_APP_TOKEN="xapp-1-A0000000001-wrong")
    assert await marks(settings) == {"app token": "✗", "Socket Mode": "!"}
    assert (await lines(settings, cheap=True))["app token"].refused


async def test_a_socket_that_says_no_hello_is_reported(world: Outside) -> None:
    body = {"ok": True, "url": world.slack.api_url.replace("http", "ws") + "nowhere"}
    world.slack.faults.add("apps.connections.open", Fault(FaultKind.REFUSE, status=200, body=body))
    assert await marks(world.settings()) == {"Socket Mode": "✗"}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.RESET_BEFORE),
        Fault(FaultKind.REFUSE, status=503, body="<html>down</html>"),
        Fault(FaultKind.REFUSE, status=200, body={"ok": False, "error": "internal_error"}),
        Fault(
            FaultKind.REFUSE, status=429, body={"ok": False, "error": "ratelimited"}, headers={"Retry-After": "9"}
        ),
    ],
)
async def test_a_slack_that_is_away_is_reported_and_refuses_nothing(world: Outside, fault: Fault) -> None:
    world.slack.faults.add("auth.test", replace(fault))
    line = (await lines(world.settings()))["bot token"]
    assert line.mark is Mark.BAD
    assert not line.refused


async def test_a_wrong_key_is_refused_and_what_needs_it_is_not_asked(world: Outside) -> None:
    settings = world.settings(OPENAI_API_KEY="sk-wrong-key")
    assert await marks(settings) == {
        "OpenAI key": "✗",
        "OpenAI model": "!",
        "Conversations": "!",
        "Responses": "!",
    }
    assert (await lines(settings, cheap=True))["OpenAI key"].refused


async def test_an_unknown_model_is_refused(world: Outside) -> None:
    line = (await lines(world.settings(OPENAI_MODEL="gpt-none"), cheap=True))["OpenAI model"]
    assert (line.mark, line.refused) == (Mark.BAD, True)
    assert "OPENAI_MODEL" in str(line)


async def test_a_model_that_will_be_shut_down_is_a_warning_with_the_date(world: Outside) -> None:
    model = world.settings().openai_model
    world.openai.models[model] = replace(world.openai.models[model], shutdown_date="2027-03-01")
    line = (await lines(world.settings()))["OpenAI model"]
    assert line.mark is Mark.ODD
    assert "2027-03-01" in str(line)


async def test_an_openai_that_is_away_refuses_nothing(world: Outside) -> None:
    found = await lines(world.settings(OPENAI_BASE_URL="http://127.0.0.1:9/v1"), cheap=True)
    assert found["OpenAI key"].mark is Mark.BAD
    assert not found["OpenAI key"].refused


async def test_a_folder_that_is_not_there_cannot_be_written_to(world: Outside) -> None:
    settings = world.settings(DATABASE_URL=f"sqlite+aiosqlite:///{world.folder}/none/threadmate.db")
    assert await marks(settings) == {"database": "✗"}


async def test_a_server_that_is_away_is_reported_without_its_password(world: Outside) -> None:
    settings = world.settings(DATABASE_URL="postgresql+asyncpg://user:hunter2@127.0.0.1:9/threadmate")
    line = (await lines(settings))["database"]
    assert line.mark is Mark.BAD
    assert "is the server up" in str(line)
    assert "hunter2" not in str(line)


async def test_a_file_that_is_no_database_is_reported(world: Outside) -> None:
    (world.folder / "threadmate.db").write_bytes(b"a letter to my aunt" * 100)
    assert await marks(world.settings()) == {"database": "✗"}


async def test_the_database_of_this_version_is_up_to_date(world: Outside) -> None:
    settings = world.settings()
    async with Store.open(settings.database_url):
        pass
    assert "schema up to date" in str((await lines(settings))["database"])


async def test_no_line_holds_a_secret(world: Outside) -> None:
    wrong = {
        "SLACK_BOT_TOKEN": "xoxb-hunter2",
        "SLACK_APP_TOKEN": "xapp-1-A1-hunter2",
        "OPENAI_API_KEY": "sk-hunter2",
    }
    for environ in ({}, wrong):
        text = "\n".join(map(str, (await lines(world.settings(**environ))).values()))
        for secret in ("hunter2", world.slack.bot_token, world.slack.app_token, world.openai.api_key, "ticket"):
            assert secret not in text


async def test_every_line_that_is_not_good_says_what_to_do(world: Outside) -> None:
    world.slack.scopes -= {"users:read"}
    found = await lines(world.settings(SLACK_APP_TOKEN="xapp-1", OPENAI_MODEL="gpt-none"))
    assert all(line.todo or "." in line.text for line in found.values() if line.mark is not Mark.GOOD)
