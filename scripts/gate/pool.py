"""Launches that compare two sides, run by the suite's own pool of workers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.axes import JIT
from benchmarks.engine.plan import Session
from benchmarks.engine.pool import run
from benchmarks.engine.sides import Wanted
from benchmarks.engine.store import Outcome
from remedies import WORKLOADS

TIMEOUT = 300  # seconds that a worker may prepare, and again that it may measure


class Cell(NamedTuple):
    """A row of the comparison: everything that identifies it."""

    metric: str
    workload: str
    remedy: str
    jit: str
    mask_dtype: str
    batch: int
    slowed: float = 0.0


@dataclass(frozen=True)
class Launch:
    """What one fresh process measured of a row: base's and head's seconds."""

    number: int
    before: float
    after: float


def sessions(workload: str, device: str, kinds: Iterable[str], numbers: range) -> list[Session]:
    """Return the sessions of each launch, launch by launch.

    Parameters
    ----------
    kinds : iterable of str
        ``"graph"`` and ``"xla"`` for the steps, ``"files"`` for save and load.
    """
    found, batch = [], WORKLOADS[workload].batch
    for number in numbers:
        for kind in kinds:
            if kind in JIT:
                found.append(Session("pairs", workload, device, kind, batch, number))
            else:
                found.append(Session("file_pairs", workload, device, launch=number))
    return found


def measure(
    asked: Wanted, planned: Sequence[Session], store: Path
) -> Iterator[tuple[Session, Outcome]]:
    """Yield each session of `planned` and its outcome as it ends; the rest ends with the caller."""
    asked.tell()
    store.mkdir(parents=True, exist_ok=True)
    with closing(run(planned, "quick", store, TIMEOUT)) as running:
        yield from running


def launches(outcomes: Mapping[Session, Outcome]) -> dict[Cell, list[Launch]]:
    """Return every row's launches, in their order."""
    found: dict[Cell, list[Launch]] = defaultdict(list)
    for session, outcome in sorted(outcomes.items(), key=lambda item: item[0].launch):
        for entry in outcome.get("entries", ()):
            about = dict(entry["parameters"])
            cell = Cell(
                entry["metric"],
                session.workload,
                about["remedy"],
                session.jit,
                about["mask_dtype"],
                session.batch,
                about.get("slowed", 0.0),
            )
            found[cell].append(Launch(session.launch, *entry["measured"]["samples"]))
    return dict(found)
