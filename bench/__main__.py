"""The command: python -m bench answer | load | events | files | history."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bench.answer import measure
from bench.files import measure_files
from bench.history import history, keep
from bench.load import measure_events, measure_load
from bench.report import table

DEFAULTS = {"show_default": True}
json_option = click.option(
    "--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures there."
)
keep_option = click.option("--keep", "kept", is_flag=True, help="Add them to bench/history.jsonl.")
postgres_option = click.option(
    "--postgres", is_flag=True, help="On a PostgreSQL server of its own, not on SQLite."
)


@click.group()
def main() -> None:
    """Measure Threadmate between the emulated Slack and the emulated OpenAI, on this machine (Linux)."""


@main.command(context_settings=DEFAULTS)
@click.option("--answers", default=20, type=click.IntRange(1), help="Answers that are measured.")
@click.option("--words", default=100, type=click.IntRange(1), help="Words of an answer.")
@click.option("--rate", default=50.0, type=click.FloatRange(1, 1000), help="Words a second that the model says.")
@click.option("--slack-ms", default=0.0, type=click.FloatRange(0, 5000), help="How long Slack keeps every answer.")
@json_option
@keep_option
def answer(answers: int, words: int, rate: float, slack_ms: float, path: Path | None, *, kept: bool) -> None:
    """Measure what one streamed answer costs: delay, Slack calls, CPU and memory."""
    _tell("answer", asyncio.run(measure(answers, words, rate, slack_ms)), path, kept=kept)


@main.command(context_settings=DEFAULTS)
@click.option("--threads", default=100, type=click.IntRange(1), help="Questions at once.")
@click.option(
    "--processes", default=1, type=click.IntRange(1), help="Processes of the bot: several on PostgreSQL."
)
@click.option("--words", default=50, type=click.IntRange(1), help="Words of an answer.")
@click.option("--rate", default=10.0, type=click.FloatRange(1, 1000), help="Words a second that the model says.")
@postgres_option
@json_option
@keep_option
def load(
    threads: int, processes: int, words: int, rate: float, path: Path | None, *, postgres: bool, kept: bool
) -> None:
    """Measure many answers at once: acks, 429s, first texts, CPU and memory."""
    if processes > 1 and not postgres:
        raise click.UsageError("SQLite serves one process: add --postgres")
    figures = asyncio.run(measure_load(threads, processes, words, rate, postgresql=postgres))
    _tell("load", figures, path, kept=kept)


@main.command(context_settings=DEFAULTS)
@click.option("--events", "count", default=100, type=click.IntRange(1), help="Events at once.")
@postgres_option
@json_option
@keep_option
def events(count: int, path: Path | None, *, postgres: bool, kept: bool) -> None:
    """Measure how soon a burst of events is acknowledged."""
    _tell("events", asyncio.run(measure_events(count, postgresql=postgres)), path, kept=kept)


@main.command(context_settings=DEFAULTS)
@click.option("--documents", default=5, type=click.IntRange(1), help="PDFs that are measured.")
@click.option("--pages", default=100, type=click.IntRange(1), help="Pages of a PDF.")
@click.option("--indexing", default=1.0, type=click.FloatRange(0, 60), help="Seconds that indexing takes.")
@click.option("--megabytes", default=99, type=click.IntRange(1, 100), help="Size of the large files.")
@json_option
@keep_option
def files(documents: int, pages: int, indexing: float, megabytes: int, path: Path | None, *, kept: bool) -> None:
    """Measure files: a PDF from post to ready, and the memory while large files pass from Slack to OpenAI."""
    _tell("files", asyncio.run(measure_files(documents, pages, indexing, megabytes)), path, kept=kept)


@main.command("history")
def show_history() -> None:
    """Print what was kept of earlier measurements."""
    click.echo(history())


def _tell(what: str, figures: Mapping[str, Any], path: Path | None, *, kept: bool) -> None:
    click.echo(table(figures))
    if path is not None:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if kept:
        keep(what, figures)


main(prog_name="python -m bench")
