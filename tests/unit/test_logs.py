"""Logging: who may say how much, in which form, and with which ids."""

import asyncio
import json
import logging
from typing import Literal

import pytest

from bot import logs

pytestmark = pytest.mark.usefixtures("no_other_handlers")


def test_json_lines_carry_the_ids_of_their_context(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    with logs.ids(team="T1", channel="C1"), logs.ids(run="r1"):
        logging.getLogger("bot.worker").info("claimed %s", "it")
    logging.getLogger("bot.worker").info("idle")
    first, second = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert first.pop("time")
    assert first == {
        "level": "INFO",
        "logger": "bot.worker",
        "message": "claimed it",
        "team": "T1",
        "channel": "C1",
        "run": "r1",
    }
    assert "team" not in second


def test_console_lines_end_with_the_ids(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "console")
    with logs.ids(team="T1", run="r1"):
        logging.getLogger("handlers.messages").warning("odd", extra={"seconds": 2})
    assert capsys.readouterr().err.endswith("WARNING handlers.messages: odd seconds=2 team=T1 run=r1\n")


async def test_tasks_begun_in_a_block_keep_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "console")

    async def work() -> None:
        logging.getLogger("bot").info("working")

    with logs.ids(run="r1"):
        task = asyncio.create_task(work())
    await task
    assert "run=r1" in capsys.readouterr().err


def test_ids_given_with_a_line_win_over_those_of_the_context(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    with logs.ids(run="outer"):
        logging.getLogger("bot").info("x", extra={"run": "given"})
    assert json.loads(capsys.readouterr().err)["run"] == "given"


def test_only_our_own_loggers_speak_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("openai").setLevel(logging.DEBUG)  # what OPENAI_LOG=debug does
    logs.configure("DEBUG", "console")
    for name in (*logs.OURS, *logs.LIBRARIES, "somebody.else"):
        logging.getLogger(f"{name}.part").debug("body")
        logging.getLogger(f"{name}.part").info("body")
    err = capsys.readouterr().err
    assert err.count("body") == 2 * len(logs.OURS)


def test_libraries_are_as_quiet_as_we_are_when_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("ERROR", "console")
    logging.getLogger("slack_sdk").warning("hm")
    logging.getLogger("bot").warning("hm")
    logging.getLogger("bot").error("oh")
    assert capsys.readouterr().err.count("\n") == 1


def test_an_exception_stays_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    try:
        int("lost")
    except ValueError:
        logging.getLogger("bot").exception("failed")
    [line] = capsys.readouterr().err.splitlines()
    assert "ValueError" in json.loads(line)["exc_info"]


@pytest.mark.parametrize("style", ["console", "json"])
def test_an_exception_is_told_by_place_and_kind_and_not_by_what_it_says(
    style: Literal["console", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("INFO", style)
    try:
        try:
            int("lost words")
        except ValueError as error:
            raise KeyError("more words") from error
    except KeyError:
        logging.getLogger("bot").exception("failed")
    err = capsys.readouterr().err
    assert "test_logs.py" in err
    assert err.index("builtins.ValueError") < err.index("builtins.KeyError")
    assert "words'" not in err


async def test_what_nobody_caught_in_a_task_is_told_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.unhandled)

    def fail() -> None:
        raise ValueError(" ".join(("secret", "words")))

    loop.call_soon(fail)
    await asyncio.sleep(0)
    err = capsys.readouterr().err
    assert "builtins.ValueError" in err
    assert "secret words" not in err
