"""What was measured about files, as figures for machines; `bench.report.table` makes them readable."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import mean, median
from typing import Any

from bench.report import rounded

NOTES = (
    "Real clock and processes over loopback; what the emulators' own process spends is not in the figures.",
    "Times begin with the post and leave out the seconds that the emulated index takes, as nobody promises those.",
    "Ready: the question goes to the model, the file being downloaded, looked at, uploaded, attached and indexed.",
    "The bare SDKs download, upload, attach and look every 100 ms: no type, no page count, no row, no Slack.",
    "Memory: the highest resident size from the post to the whole answer, above what it was right before.",
    "The PDF passes as it is; the CSV is in EUC-KR and converted. One small file of each kind is passed before.",
    "PDFs of up to 32 MiB are opened to count their pages, and held for that; larger ones pass unopened.",
)


@dataclass(frozen=True, slots=True)
class Document:
    """One PDF, posted with a question."""

    ready_ms: float
    first_text_ms: float
    bare_ready_ms: float
    cpu_ms: float  # with the answer
    bare_cpu_ms: float
    searched: bool  # the answer was searched in it


@dataclass(frozen=True, slots=True)
class Passage:
    """One file on its way from Slack to OpenAI."""

    kind: str
    megabytes: int
    uploaded: int  # bytes that arrived at OpenAI
    seconds: float
    before_mib: float
    peak_mib: float


def file_figures(
    sizes: Mapping[str, float], documents: Sequence[Document], passages: Sequence[Passage], idle: float
) -> dict[str, Any]:
    """Everything, by names that say the unit."""
    ready, bare = median(one.ready_ms for one in documents), median(one.bare_ready_ms for one in documents)
    cpu, bare_cpu = mean(one.cpu_ms for one in documents), mean(one.bare_cpu_ms for one in documents)
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "sizes": sizes,
        "documents_searched": sum(one.searched for one in documents),
        "ready_ms": {"median": ready, "max": max(one.ready_ms for one in documents), "bare_sdks": bare},
        "ready_ratio": ready / bare,
        "first_text_ms": median(one.first_text_ms for one in documents),
        "cpu_ms_per_document_with_answer": {"bot": cpu, "bare_sdks_without_answer": bare_cpu},
        "memory_mib_idle": idle,
        "memory": {f"{one.kind} of {one.megabytes} MB": _of(one) for one in passages},
        "notes": list(NOTES),
    }
    return {name: rounded(value) for name, value in found.items()}


def _of(one: Passage) -> dict[str, float]:
    return {
        "uploaded_mb": one.uploaded / 1_000_000,
        "seconds": one.seconds,
        "peak_mib": one.peak_mib,
        "peak_over_before_mib": one.peak_mib - one.before_mib,
    }
