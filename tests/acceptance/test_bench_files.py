"""The measuring command for files: that it runs and what its figures are called, never how large they are."""

import json
from pathlib import Path
from runpy import run_module

import pytest

ROOT = Path(__file__).parents[2]


def test_bench_files_prints_a_table_and_writes_the_same_figures_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    sizes = ("--documents", "1", "--pages", "2", "--indexing", "0", "--megabytes", "2")
    monkeypatch.setattr("sys.argv", ["bench", "files", *sizes, "--json", str(path)])
    with pytest.raises(SystemExit, match=r"^0$"):
        run_module("bench")
    out = capsys.readouterr().out
    figures = json.loads(path.read_text())
    assert figures["sizes"] == {"documents": 1, "pages": 2, "indexing_seconds": 0.0, "megabytes": 2}
    assert figures["documents_searched"] == 1
    assert figures["ready_ms"].keys() == {"median", "max", "bare_sdks"}
    assert figures["memory"].keys() == {"pdf of 1 MB", "pdf of 2 MB", "csv of 1 MB", "csv of 2 MB"}
    for name, passage in figures["memory"].items():
        assert passage["uploaded_mb"] > int(name.split()[2]) * 0.85
    table, notes = out.split("\n\n")
    assert notes.splitlines() == figures["notes"]
    assert "first text ms" in table
    assert str(ROOT) not in out + path.read_text()
