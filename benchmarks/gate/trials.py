"""How often the gate is wrong: ``scripts/alert_quality --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.axes import PLACEBO
from benchmarks.engine.filing import ROOT
from benchmarks.engine.pairs import EFFORTS
from benchmarks.gate.pool import Cell, Launch, launches, measure, sessions
from benchmarks.gate.sides import NAMES, Wanted
from remedies import REMEDIES

ONE = "tf_cast"


@dataclass(frozen=True)
class Trial:
    """Launches of this checkout against itself, with series that are slowed down beside it.

    Attributes
    ----------
    name : str
        Of the folder that keeps its launches.
    kinds : tuple of str
        As of `benchmarks.gate.pool.sessions`.
    launches : int
        How many.
    slowed : tuple of (float, str)
        As of `benchmarks.gate.sides.Wanted`.
    remedy : str
        The only one whose rows are measured, as where a change touches that alone; empty for all.
    """

    name: str
    kinds: tuple[str, ...]
    launches: int
    slowed: tuple[tuple[float, str], ...]
    remedy: str = ""

    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """Return the rows to measure; none for all."""
        if not self.remedy:
            return ()
        own = [(self.remedy, dtype) for dtype in REMEDIES[self.remedy].mask_dtypes]
        return tuple((metric, *line) for metric in EFFORTS for line in [*own, (PLACEBO, "bool")])


TRIALS = (
    Trial("one", ("graph", "xla"), 30, ((0.03, ONE), (0.05, ONE)), ONE),
    Trial("all", ("graph", "xla"), 27, ((0.1, ""),)),
    Trial("files", ("files",), 27, ((0.2, ""),)),
)


def collect(trial: Trial, store: Path, progress: Progress) -> dict[Cell, list[Launch]]:
    """Run what is missing of a trial, and return what it measured.

    Raises
    ------
    RuntimeError
        Where a launch failed; the others are kept.
    """
    wanted = Wanted(dict.fromkeys(NAMES, str(ROOT)), trial.lines(), trial.slowed)
    planned = sessions("image", "cpu", trial.kinds, range(trial.launches))
    task = progress.add_task(f"launches: {trial.name}", total=len(planned))
    outcomes = {}
    for session, outcome in measure(wanted, planned, store / trial.name):
        outcomes[session] = outcome
        progress.advance(task)
    for session, outcome in outcomes.items():
        if outcome["status"] != "done":
            raise RuntimeError(f"{session}: {outcome['reason']}")
    return launches(outcomes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and return 0, or 2 where a launch failed."""
    parser = argparse.ArgumentParser(prog="scripts/alert_quality", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.parse_args(arguments)
    store = ROOT / ".asv" / "alert_quality"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn()) as progress:
        for trial in TRIALS:
            collect(trial, store, progress)
    return 0


if __name__ == "__main__":
    sys.exit(main())
