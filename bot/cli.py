"""The command: run | check | manifest. Exit codes: 0 done, 1 a check failed, 2 settings, 3 database."""

import asyncio
import logging
import sys
from collections.abc import Iterable
from typing import NoReturn

import click

from bot import app, logs
from bot.check import ChecksFailed, Mark, check
from bot.errors import SettingsError, ThreadmateError
from bot.manifest import read_manifest
from bot.settings import Settings
from storage.errors import StorageError, UnknownDatabase

CHECK_FAILED, BAD_SETTINGS, BAD_DATABASE = 1, 2, 3

log = logging.getLogger(__name__)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="threadmate")
def main() -> None:
    """Run an OpenAI assistant that lives in Slack threads."""


@main.command()
def run() -> None:
    """Answer in Slack until SIGTERM or SIGINT; prints `ready` when it takes events."""
    settings = _settings()
    logs.configure(settings.log_level, settings.log_format)
    try:
        asyncio.run(_checked_run(settings))
    except ChecksFailed as error:
        _give_up(map(str, error.lines), CHECK_FAILED)
    except SettingsError as error:
        _give_up(error.faults, BAD_SETTINGS)
    except ThreadmateError as error:
        _give_up([f"✗ {error}"], CHECK_FAILED)
    except UnknownDatabase as error:
        _give_up([str(error)], BAD_SETTINGS)
    except StorageError as error:
        _give_up([str(error)], BAD_DATABASE)


@main.command("check")
def check_command() -> None:
    """Look at tokens, scopes, Socket Mode, OpenAI and the database; say what to do where something is wrong."""
    settings = _settings()
    logs.configure("ERROR", settings.log_format)
    report = asyncio.run(check(settings))
    for line in report.lines:
        click.echo(str(line))
    if report.failed:
        sys.exit(CHECK_FAILED)


@main.command()
def manifest() -> None:
    """Print the Slack app's manifest, and the link that creates the app from it."""
    app_manifest = read_manifest()
    click.echo(app_manifest.text.rstrip())
    click.echo(f"# Create the app: {app_manifest.creation_url}")


async def _checked_run(settings: Settings) -> None:
    """Start, unless Slack or OpenAI refuse what we would start with; what is merely odd, or away, is a warning."""
    report = await check(settings, cheap=True)
    if report.refused:
        raise ChecksFailed(report.refused)
    for line in report.lines:
        if line.mark is not Mark.GOOD:
            log.warning("%s", line)
    await app.run(settings)


def _settings() -> Settings:
    try:
        return Settings.read()
    except SettingsError as error:
        _give_up(error.faults, BAD_SETTINGS)


def _give_up(lines: Iterable[str], code: int) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(code)
