"""How often the gate is wrong: ``scripts/alert_quality --help``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.axes import PLACEBO
from benchmarks.engine.filing import ROOT
from benchmarks.engine.pairs import EFFORTS
from benchmarks.engine.sides import NAMES, Wanted
from remedies import REMEDIES
from remedies.environment import facts
from reports.gate.floors import FILE, floors
from reports.gate.quality import Case, Pool, spread, table
from reports.gate.record import Row
from scripts.gate.pool import Cell, Launch, launches, measure, sessions

ONE = "tf_cast"
ABOUT = ("cpu", "cores", "python", "tensorflow-cpu", "tensorflow", "keras")
COMMAND = "scripts/alert_quality --out docs/alerts.md"
START, END = "<!-- quality -->", "<!-- end of quality -->"
EXAMPLES = """\
examples:
  scripts/alert_quality
  scripts/alert_quality --checks 200
  scripts/alert_quality --out docs/alerts.md
"""


@dataclass(frozen=True)
class Trial:
    """Launches of this checkout against itself, with series that are slowed down beside it.

    Attributes
    ----------
    name : str
        Of the folder that keeps its launches.
    kinds : tuple of str
        As of `scripts.gate.pool.sessions`.
    launches : int
        How many.
    slowed : tuple of (float, str)
        As of `benchmarks.engine.sides.Wanted`.
    remedies : tuple of str
        Those whose rows are measured, beside the placebo's; none for all rows.
    metrics : tuple of str
        The steps of them that are.
    """

    name: str
    kinds: tuple[str, ...]
    launches: int
    slowed: tuple[tuple[float, str], ...]
    remedies: tuple[str, ...] = ()
    metrics: tuple[str, ...] = tuple(EFFORTS)

    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """Return the rows to measure; none for all."""
        own = [(name, dtype) for name in self.remedies for dtype in REMEDIES[name].mask_dtypes]
        every = [*own, (PLACEBO, "bool")] if own else []
        return tuple((metric, *line) for metric in self.metrics for line in every)


TRIALS = (
    Trial("one", ("graph", "xla"), 52, ((0.03, ONE), (0.05, ONE)), (ONE,)),
    Trial("all", ("graph", "xla"), 27, ()),
    Trial("files", ("files",), 27, ((0.2, ""),)),
    Trial("common", ("graph",), 27, ((0.1, ""),), tuple(REMEDIES), ("train_step",)),
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


def pool(found: Mapping[Cell, Sequence[Launch]]) -> Pool:
    """Return launches as what `reports.gate.quality` draws checks from."""
    rows: dict[Row, dict[float, list[tuple[float, float]]]] = {}
    for cell, measured in found.items():
        pairs = [(launch.before, launch.after) for launch in measured]
        rows.setdefault(Row(*cell[:6]), {})[cell.slowed] = pairs
    return Pool(rows)


def cases(one: Pool, every: Pool, files: Pool, common: Pool) -> list[Case]:
    """Return what the gate is tried on."""

    def slow(among: Pool, share: float, *metrics: str) -> dict[Row, float]:
        return {row: share for row in among.rows if row.metric in metrics and row.remedy != PLACEBO}

    return [
        Case("identical commits, every remedy", Pool({**every.rows, **files.rows}), {}),
        Case(f"{ONE}'s training step, 3 % slower", one, slow(one, 0.03, "train_step")),
        Case(f"{ONE}'s training step, 5 % slower", one, slow(one, 0.05, "train_step")),
        Case("every training step, 10 % slower", common, slow(common, 0.1, "train_step")),
        Case("all saves, 20 % slower", files, slow(files, 0.2, "save")),
        Case("all loads, 20 % slower", files, slow(files, 0.2, "load")),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the floors, print the table, and return 0, or 2 where a launch failed."""
    given = _parser().parse_args(arguments)
    store = ROOT / ".asv" / "alert_quality"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        try:
            pools = [pool(collect(trial, store, progress)) for trial in TRIALS]
        except RuntimeError as problem:
            print(f"scripts/alert_quality: {problem}", file=sys.stderr)
            return 2
    known = facts()
    about = {name: known[name] for name in ABOUT if name in known}
    spreads = spread(pools[1]) | spread(pools[2])
    written = {"cpu": {"spread": spreads, "launches": pools[1].launches, "about": about}}
    FILE.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    report = f"{table(cases(*pools), given.checks, floors('cpu'))}\n\n{_told(pools, about)}"
    print(report)
    if given.out:
        text = given.out.read_text(encoding="utf-8")
        before, _, rest = text.partition(START)
        given.out.write_text(f"{before}{START}\n{report}\n{END}{rest.partition(END)[2]}", "utf-8")
    return 0


def _told(pools: Sequence[Pool], about: Mapping[str, str]) -> str:
    launches = ", ".join(
        f"{each.launches} launches of {trial.name}"
        for trial, each in zip(TRIALS, pools, strict=True)
    )
    limits = ", ".join(f"{metric} {floor:.1%}" for metric, floor in floors("cpu").items())
    where = ", ".join(f"{name} {value}" for name, value in about.items())
    return f"Drawn from {launches}; floors: {limits}. Measured on: {where}. Again: `{COMMAND}`."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/alert_quality",
        description="Count false alarms and missed slowdowns of the pull request gate.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--checks", type=int, default=60, metavar="N", help="to draw of each kind (default: 60)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the table between its markers there too"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
