"""Machines and environments side by side: what differs between them, and their ratios."""

from __future__ import annotations

from typing import Any

from reports import costs
from reports.evidence import Evidence
from reports.tables import Cell, Table
from reports.vocabulary import (
    CASTS,
    COMPILED,
    COSTS,
    ON_DEVICE,
    PLACEBO,
    REFERENCE,
    STORAGE,
    YARDSTICK,
)

MOST_RUNS = 4
_BENCH = "scripts/bench"
_SETTINGS = {name: f"{_BENCH} --{name}" for name in ("smoke", "quick", "full", "night")}
_SETTINGS["core"] = "scripts/track_keras"
_TOLD = {**COSTS, **COMPILED, **ON_DEVICE, **STORAGE, **CASTS}


def facts(evidence: Evidence) -> Table:
    """Return the facts of each run side by side; those that differ are marked."""
    keys = sorted({key for run in evidence.runs for key in run.facts})
    rows = [("commit", [r.commit for r in evidence.runs])]
    rows += [("measured", [r.day for r in evidence.runs])]
    rows += [("asv environment", [r.environment for r in evidence.runs])]
    rows += [(key, [r.facts.get(key, "\N{EN DASH}") for r in evidence.runs]) for key in keys]
    cells = tuple(
        (Cell(name, note="differs" if len(set(values)) > 1 else ""), *map(Cell, values))
        for name, values in rows
    )
    head = ("Fact", *(run.label for run in evidence.runs))
    return Table("What each result was measured on", head, cells)


def commands(evidence: Evidence) -> list[str]:
    """Return what measures it again: a command for each run's setting.

    Runs of several settings that added up on one commit tell the last one's only.
    """
    settings = {run.facts.get("setting", "") for run in evidence.runs}
    return sorted({_SETTINGS.get(setting, _BENCH) for setting in settings})


def side_by_side(evidence: Evidence) -> Table | None:
    """Return each cell's ratio in every run that has it; None unless two runs share a cell.

    Rows where the verdicts disagree come first. Seconds of two machines were not sampled in the
    same rounds, so only ratios are set side by side.
    """
    runs = [run.label for run in evidence.runs[:MOST_RUNS]]
    rows = evidence.measured(*_TOLD)
    rows = rows[rows["ratio"].notna() & rows["run"].isin(runs)]
    rows = rows[~rows["remedy"].isin([PLACEBO, YARDSTICK, REFERENCE])]
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in costs.ordered(rows).itertuples(index=False):
        key = (costs.place(row), _TOLD[row.metric], row.remedy)
        found.setdefault(key, {})[row.run] = row
    shared = [(key, by_run) for key, by_run in found.items() if len(by_run) > 1]
    if not shared:
        return None
    shared.sort(key=lambda item: _agree(item[1]))
    differ = sum(not _agree(by_run) for _, by_run in shared)
    caption = (
        f"Ratios to {REFERENCE} in every cell that two of these runs share. The verdicts of "
        f"{differ} of {len(shared):,} disagree; those come first."
    )
    caption += f" The first {costs.MOST_ROWS} are shown." if len(shared) > costs.MOST_ROWS else ""
    if len(evidence.runs) > MOST_RUNS:
        caption += f" Only the first {MOST_RUNS} of {len(evidence.runs)} runs are set side by side."
    made = tuple(
        (*map(Cell, key), *(_ratio(evidence, by_run.get(run)) for run in runs))
        for key, by_run in shared[: costs.MOST_ROWS]
    )
    return Table(caption, ("Cell", "Measured", "Remedy", *runs), made)


def _agree(by_run: dict[str, Any]) -> bool:
    return len({row.verdict for row in by_run.values()}) == 1


def _ratio(evidence: Evidence, row: Any) -> Cell:
    if row is None:
        return Cell("\N{EN DASH}")
    struck = bool(row.remedy) and costs.lossy(evidence, row)
    kind = "" if struck else row.verdict
    return Cell(costs.bounded(row), struck, "loses state" if struck else row.verdict, kind)
