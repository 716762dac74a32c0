"""asv's result files copied beside the page, so that a figure can be followed to its samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reports.evidence import Evidence

MOST_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Sample:
    """A result file of a run; `name` is made up here, never taken from results."""

    name: str
    run: str
    path: Path


def samples(evidence: Evidence) -> list[Sample]:
    """Return the result files of the runs on the page, as far as they fit in `MOST_BYTES`."""
    found, left = [], MOST_BYTES
    for sample in _all(evidence):
        left -= sample.path.stat().st_size
        if left >= 0:
            found.append(sample)
    return found


def _all(evidence: Evidence) -> Iterator[Sample]:
    for i, run in enumerate(evidence.runs, 1):
        for j, path in enumerate(run.files, 1):
            yield Sample(f"run-{i}-{j}.json", run.label, path)
