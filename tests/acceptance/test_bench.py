"""The measuring command: that it runs and what its figures are called, never how large they are."""

import json
from pathlib import Path
from runpy import run_module

import pytest

ROOT = Path(__file__).parents[2]


def test_bench_answer_prints_a_table_and_writes_the_same_figures_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    sizes = ("--answers", "1", "--words", "4", "--rate", "1000")
    monkeypatch.setattr("sys.argv", ["bench", "answer", *sizes, "--json", str(path)])
    with pytest.raises(SystemExit, match=r"^0$"):
        run_module("bench")
    out = capsys.readouterr().out
    figures = json.loads(path.read_text())
    assert figures["sizes"] == {"answers": 1, "words": 4, "words_per_second": 1000.0, "slack_ms": 0.0}
    assert (figures["answers_whole"], figures["slack_calls_refused"]) == (1, 0)
    assert figures["first_text_ms"].keys() == {"min", "median", "p95", "max"}
    assert figures["slack_calls_per_answer"] == sum(figures["slack_calls_by_method"].values()) > 0
    assert figures["cpu_ms_per_answer"].keys() == {"bot", "bare_openai_client", "ratio"}
    assert figures["memory_mib"].keys() == {"idle", "after", "peak"}
    table, notes = out.split("\n\n")
    assert notes.splitlines() == figures["notes"]
    rows = [" ".join(row.split()) for row in table.splitlines()]
    assert f"memory mib: peak {figures['memory_mib']['peak']}" in rows
    assert str(ROOT) not in out + path.read_text()
