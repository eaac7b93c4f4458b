"""The command: python -m bench answer | files."""

import asyncio
import json
from pathlib import Path

import click

from bench.answer import measure
from bench.files import measure_files
from bench.report import table


@click.group()
def main() -> None:
    """Measure Threadmate between the emulated Slack and the emulated OpenAI, on this machine (Linux)."""


@main.command(context_settings={"show_default": True})
@click.option("--answers", default=20, type=click.IntRange(1), help="Answers that are measured.")
@click.option("--words", default=100, type=click.IntRange(1), help="Words of an answer.")
@click.option("--rate", default=50.0, type=click.FloatRange(1, 1000), help="Words a second that the model says.")
@click.option("--slack-ms", default=0.0, type=click.FloatRange(0, 5000), help="How long Slack keeps every answer.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures there.")
def answer(answers: int, words: int, rate: float, slack_ms: float, path: Path | None) -> None:
    """Measure what one streamed answer costs: delay, Slack calls, CPU and memory."""
    figures = asyncio.run(measure(answers, words, rate, slack_ms))
    click.echo(table(figures))
    if path is not None:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


@main.command(context_settings={"show_default": True})
@click.option("--documents", default=5, type=click.IntRange(1), help="PDFs that are measured.")
@click.option("--pages", default=100, type=click.IntRange(1), help="Pages of a PDF.")
@click.option("--indexing", default=1.0, type=click.FloatRange(0, 60), help="Seconds that indexing takes.")
@click.option("--megabytes", default=99, type=click.IntRange(1, 100), help="Size of the large files.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures there.")
def files(documents: int, pages: int, indexing: float, megabytes: int, path: Path | None) -> None:
    """Measure files: a PDF from post to ready, and the memory while large files pass from Slack to OpenAI."""
    figures = asyncio.run(measure_files(documents, pages, indexing, megabytes))
    click.echo(table(figures))
    if path is not None:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


main(prog_name="python -m bench")
