"""The command: run | check | manifest | forget | copy-database | import-assistant | playground.

Exit codes: 0 done, 1 a check failed or something could not be forgotten, 2 settings or arguments, 3 database.
Each command imports what it runs: loading all of it takes a second, which help and a wrong setting do without.
"""

import asyncio
import gc
import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn, TextIO

import click

from bot import logs
from bot.errors import SettingsError, ThreadmateError
from bot.forget_what import NotATargetError, target
from bot.manifest import read_manifest
from bot.settings import Settings, openai_environ
from storage.errors import DatabaseInUse, StorageError, UnknownDatabase

CHECK_FAILED, BAD_SETTINGS, BAD_DATABASE = 1, 2, 3
GARBAGE = (50_000, 20, 100)  # at the default thresholds a fifth of a start is spent on looking for none
STOP_FIRST = (
    "The bot is running on this SQLite database, which serves one process: stop it, forget, and start it again. "
    "A --dry-run may be made beside it. Nothing was removed."
)

log = logging.getLogger(__name__)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="threadmate")
def main() -> None:
    """Run an OpenAI assistant that lives in Slack threads."""
    gc.set_threshold(*GARBAGE)


@main.command()
@click.option(
    "--health-port", type=click.IntRange(0, 65535), help="Serve /healthz, /readyz, /metrics; 0: any port."
)
@click.option("--health-host", help="On that address; 0.0.0.0 where probes come from outside.")
def run(health_port: int | None, health_host: str | None) -> None:
    """Answer in Slack until SIGTERM or SIGINT; prints `ready` when it takes events."""
    said = {"health_port": health_port, "health_host": health_host}
    settings = _settings().model_copy(update={name: it for name, it in said.items() if it is not None})
    logs.configure(settings.log_level, settings.log_format)
    from bot.check import ChecksFailed

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
    from bot.check import check

    try:
        report = asyncio.run(check(settings))
    except SettingsError as error:
        _give_up(error.faults, BAD_SETTINGS)
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


@main.command("forget")
@click.option("--thread", metavar="URL", help="A Slack thread: the link of any of its messages.")
@click.option("--user", metavar="ID", help="A person, by their Slack member id.")
@click.option("--channel", metavar="ID", help="A channel or DM, by its Slack id.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def forget_command(thread: str | None, user: str | None, channel: str | None, *, dry_run: bool) -> None:
    """Remove what we and OpenAI keep of a thread, a person or a channel; it can be run again at any time.

    On SQLite the bot must be stopped, but for a dry run. Nothing is removed from Slack.
    """
    try:
        what = target(thread, user, channel)
    except NotATargetError as sentence:
        _give_up([str(sentence)], BAD_SETTINGS)
    settings = _settings()
    logs.configure("ERROR", settings.log_format)
    from bot.forget import forget

    try:
        done = asyncio.run(forget(settings, what, click.echo, dry_run=dry_run))
    except DatabaseInUse:
        _give_up([STOP_FIRST], BAD_DATABASE)
    except UnknownDatabase as error:
        _give_up([str(error)], BAD_SETTINGS)
    except StorageError as error:
        _give_up([str(error)], BAD_DATABASE)
    if not done:
        sys.exit(CHECK_FAILED)


@main.command("copy-database")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy_database_command(source: str, target: str) -> None:
    """Copy everything from one database into an empty one: FROM and TO are as in DATABASE_URL.

    Stop the bot before. What breaks off goes on when it is run again. A password may be in PGPASSWORD instead.
    """
    from storage.copying import copy_database

    try:
        asyncio.run(copy_database(source, target, click.echo))
    except DatabaseInUse as error:
        _give_up([f"{error}. Nothing was copied."], BAD_DATABASE)
    except UnknownDatabase as error:
        _give_up([str(error)], BAD_SETTINGS)
    except StorageError as error:
        _give_up([str(error)], BAD_DATABASE)


@main.command("import-assistant")
@click.argument("source", metavar="FILE", type=click.File(encoding="utf-8"))
@click.option("--key", metavar="NAME", help="What the entry is called; else it is made of the assistant's name.")
@click.option(
    "--schema-to",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Write the schema of its answers there, which the entry names.",
)
def import_assistant_command(source: TextIO, key: str | None, schema_to: Path | None) -> None:
    """Print an entry of assistants.toml for the JSON of an old assistant, or of a prompt object.

    FILE is - for standard input. What carries over (✓), is to be done by hand (!), and has no successor (✗) is
    said beside it.
    """
    from bot.importing import entry_of, told, write_schema
    from bot.old_assistants import NotAnAssistantError

    try:
        entry = entry_of(source.read(), key)
        schema = write_schema(entry, schema_to) if schema_to and entry.schema is not None else None
    except NotAnAssistantError as error:
        _give_up([f"{source.name}: {error}"], BAD_SETTINGS)
    except UnicodeDecodeError:
        _give_up([f"{source.name}: this is not UTF-8 text"], BAD_SETTINGS)
    except OSError as error:
        _give_up([f"the schema cannot be written: {error.strerror or error}"], BAD_SETTINGS)
    click.echo(entry.toml.rstrip())
    for line in told(entry, schema):
        click.echo(line, err=True)


@main.command()
@click.option("--port", default=8930, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the workspace there.")
@click.option(
    "--assistants",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Let the assistants of that file answer; modules of their functions are found in the working directory.",
)
def playground(port: int, *, open_page: bool, data: Path | None, assistants: Path | None) -> None:
    """Try Threadmate in a browser tab: Slack emulated on this machine, no account needed.

    Answers come from OpenAI if OPENAI_API_KEY is set in the environment, else from a script. No .env is read.
    """
    from bot.playground.command import play  # nothing else loads the emulators

    environ = openai_environ()
    sys.exit(play(port, open_page=open_page, data=data, openai_environ=environ, assistants=assistants))


async def _checked_run(settings: Settings) -> None:
    """Start, unless Slack or OpenAI refuse what we would start with; what is merely odd, or away, is a warning."""
    from bot import app
    from bot.check import ChecksFailed, Mark, check

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
