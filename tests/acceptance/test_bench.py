"""The measuring command: that it runs and what its figures are called, never how large they are."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_bench_answer_prints_a_table_and_writes_the_same_figures_as_json(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    sizes = ("--answers", "1", "--words", "4", "--rate", "1000")
    done = subprocess.run(
        [sys.executable, "-m", "bench", "answer", *sizes, "--json", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(path.read_text())
    assert figures["sizes"] == {"answers": 1, "words": 4, "words_per_second": 1000.0, "slack_ms": 0.0}
    assert (figures["answers_whole"], figures["slack_calls_refused"]) == (1, 0)
    assert figures["first_text_ms"].keys() == {"min", "median", "p95", "max"}
    assert figures["slack_calls_per_answer"] == sum(figures["slack_calls_by_method"].values()) > 0
    assert figures["cpu_ms_per_answer"].keys() == {"bot", "bare_openai_client", "ratio"}
    assert figures["memory_mib"].keys() == {"idle", "after", "peak"}
    table, notes = done.stdout.split("\n\n")
    assert notes.splitlines() == figures["notes"]
    rows = [" ".join(row.split()) for row in table.splitlines()]
    assert f"memory mib: peak {figures['memory_mib']['peak']}" in rows
    assert str(ROOT) not in done.stdout + path.read_text()
