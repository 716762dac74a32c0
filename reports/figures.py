"""The report's figures: each answers the question in its title, and has a table beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports import costs, fidelity, forest, heatmap
from reports.evidence import Evidence
from reports.plot import Drawing
from reports.tables import Cell, Table
from reports.vocabulary import (
    CASTS,
    COSTS,
    DEFECTS,
    PLACEBO,
    REFERENCE,
    SECOND,
    STEPS,
    TOTALS,
    YARDSTICK,
    rank,
)

MOST_LINES = 100
_TOLD = {"mask_dtype": "{} mask", "batch": "batch {}"}
MOST_FIGURES = 12
_SHORT = {
    "weights_lost": "weights\nlost",
    "weights_changed": "weights\nchanged",
    "optimizer_variables_lost": "optimizer\nvariables\nlost",
    "optimizer_variables_changed": "optimizer\nvariables\nchanged",
    "iterations_lost": "iterations\nlost",
    "outputs_changed": "outputs\nchanged",
    "next_step_changed": "next step\nchanged",
    "compile_changed": "settings\nchanged",
    "silent_defects": "silently\nlost",
    SECOND: "lost the\n2nd time",
}
_KINDS = {
    fidelity.Kept.LOSSY: "lost",
    fidelity.Kept.ONCE: "once",
    fidelity.Kept.WHOLE: "kept",
}


@dataclass(frozen=True)
class Exhibit:
    """A figure with its text alternative and the table of everything in it.

    Attributes
    ----------
    name : str
        File name without its ending; never taken from results.
    title : str
        The question that it answers.
    alt : str
        What a reader who cannot see it needs to know.
    """

    name: str
    title: str
    alt: str
    drawing: Drawing
    table: Table


def exhibits(evidence: Evidence) -> list[Exhibit]:
    """Return every figure that there are results for, fidelity first."""
    found = [
        *_fidelity(evidence),
        *_steps(evidence),
        *_cast(evidence),
        *_seconds(evidence, "first-step", ["first_step"], "How long does the first step take?"),
        *_seconds(
            evidence, "save-load", ["save", "load"], "How long does saving and loading take?"
        ),
    ]
    return found[:MOST_FIGURES]


def matrix(evidence: Evidence) -> Table:
    """Return the fidelity table: remedies by defects, the worst of all round trips of each."""
    rows = []
    for _, row in fidelity.summary(evidence.trips).iterrows():
        state = evidence.kept[row["run"], row["workload"], row["remedy"]]
        kind = _KINDS.get(state, "")
        warnings = row[["build_warnings", "optimizer_warnings", "other_warnings"]].sum()
        where = f"{row['workload']}, {row['run']}"
        rows.append(
            (
                Cell(row["remedy"], note=where),
                Cell(state.value, kind=kind),
                *(Cell(fidelity.amount(row, d), kind=_kind(row, d)) for d in (*DEFECTS, SECOND)),
                Cell(f"{warnings:.0f}"),
                Cell(str(row["trips"])),
            )
        )
    head = ("Remedy", "Model", *(d.capitalize() for d in DEFECTS.values()))
    head += ("Lost the second time", "Warnings", "n")
    caption = (
        "What a round trip through a .keras file loses, counted out of what was saved; the worst "
        "of n round trips (each device, jit and mask dtype once). The second time: after save, "
        "load, save again, load. Exact counts have no interval."
    )
    return Table(caption, head, tuple(rows))


def _kind(row: Any, defect: str) -> str:
    value = row[defect]
    if math.isnan(value) or not value:
        return ""
    return "silent" if defect == "silent_defects" else "lost"


def _level(row: Any, defect: str) -> str:
    value = row[defect]
    if math.isnan(value):
        return ""
    if not value:
        return "kept"
    if defect == "silent_defects":
        return "silent"
    if defect == SECOND:
        return "part" if value < row["weights_saved"] + row["optimizer_variables_saved"] else "all"
    total = row[TOTALS[defect]] if defect in TOTALS else 1
    return "part" if value < total else "all"


def _fidelity(evidence: Evidence) -> Iterator[Exhibit]:
    table = fidelity.summary(evidence.trips)
    if table.empty:
        return
    lines: list[tuple[str, Sequence[heatmap.Square]]] = []
    for (run, workload), rows in table.groupby(["run", "workload"], sort=False):
        lines.append((f"{workload}, {run}", ()))
        for _, row in rows.iterrows():
            squares = [heatmap.Square(fidelity.amount(row, d), _level(row, d)) for d in _SHORT]
            lines.append((row["remedy"], squares))
    lost = (fidelity.Kept.LOSSY, fidelity.Kept.ONCE)
    lossy = [f"{r} on {w} ({run})" for (run, w, r), k in evidence.kept.items() if k in lost]
    title = "Which remedy keeps the model through a save and a load?"
    alt = f"Heat map of remedies by defects. State is lost by: {', '.join(lossy) or 'none'}."
    drawing = heatmap.grid(title, [*_SHORT.values()], lines[:MOST_LINES])
    yield Exhibit("fidelity", title, alt, drawing, matrix(evidence))


def _steps(evidence: Evidence) -> Iterator[Exhibit]:
    rows = evidence.measured(*STEPS)
    rows = costs.ordered(rows[rows["ratio"].notna()])
    for i, ((run, workload), own) in enumerate(rows.groupby(["run", "workload"]), 1):
        title = f"Is any way of writing {workload} slower than {REFERENCE}? ({run})"
        lines = _lines(own, ["device", "jit", "mask_dtype", "batch"], STEPS, evidence)
        caption = f"Step times of {workload} on {run}, and their ratios to {REFERENCE}."
        own_rows = costs.detail(evidence, STEPS, caption, run, workload)
        yield _ratios(f"step-ratios-{i}", title, STEPS, lines, own_rows, evidence)


def _cast(evidence: Evidence) -> Iterator[Exhibit]:
    rows = evidence.measured(*CASTS)
    rows = costs.ordered(rows[rows["ratio"].notna()])
    if rows.empty:
        return
    title = "Does casting the mask cost time?"
    lines = _lines(
        rows, ["run", "workload", "device", "jit", "batch"], CASTS, evidence, "mask_dtype"
    )
    caption = "Time with a cast of a mask of that dtype, against no cast of a bool mask."
    yield _ratios(
        "cast-overhead", title, CASTS, lines, costs.detail(evidence, CASTS, caption), evidence
    )


def _ratios(
    name: str,
    title: str,
    metrics: dict[str, str],
    lines: Sequence[forest.Line],
    table: Table,
    evidence: Evidence,
) -> Exhibit:
    band = (1 / (1 + evidence.margin), 1 + evidence.margin)
    label = f"ratio with 99 % interval; shaded: within the margin of {evidence.margin:.3g}"
    drawing = forest.intervals(
        title, [*metrics.values()], lines[:MOST_LINES], label=label, band=band
    )
    looks = [mark.look for line in lines for mark in line.marks if mark]
    counts = ", ".join(f"{looks.count(look)} {look}" for look in forest.LOOKS if look in looks)
    return Exhibit(name, title, f"Forest plot of ratios with intervals: {counts}.", drawing, table)


def _seconds(
    evidence: Evidence, name: str, metrics: Sequence[str], title: str
) -> Iterator[Exhibit]:
    rows = evidence.measured(*metrics)
    rows = costs.ordered(rows[rows["remedy"] != PLACEBO])
    if rows.empty:
        return
    panels = {metric: COSTS[metric] for metric in metrics}
    group = ["run", "workload", "device", "jit", "mask_dtype", "batch"]
    lines = _lines(rows, group, panels, evidence, seconds=True)
    drawing = forest.intervals(title, [*panels.values()], lines[:MOST_LINES], label="seconds")
    slowest, quickest = rows["value"].max(), rows["value"].min()
    alt = f"Medians with intervals, from {quickest:.3g} to {slowest:.3g} seconds."
    table = costs.detail(evidence, metrics, f"{title} Median with 99 % interval.")
    yield Exhibit(name, title, alt, drawing, table)


def _lines(
    rows: Any,
    group: Sequence[str],
    panels: Iterable[str],
    evidence: Evidence,
    label: str = "remedy",
    seconds: bool = False,
) -> list[forest.Line]:
    """Return a heading for each cell, and under it a line a remedy with a mark a panel."""
    cells: dict[str, dict[str, dict[str, forest.Mark]]] = {}
    for row in rows[rows["remedy"] != YARDSTICK].itertuples(index=False):
        named = cells.setdefault(_heading(row, group), {})
        named.setdefault(getattr(row, label), {})[row.metric] = _mark(row, evidence, seconds)
    lines: list[forest.Line] = []
    for heading, named in cells.items():
        lines.append(forest.Line(heading))
        for name in sorted(named, key=rank):
            text = _TOLD.get(label, "{}").format(name)
            lines.append(forest.Line(text, tuple(named[name].get(metric) for metric in panels)))
    return lines


def _heading(row: Any, group: Sequence[str]) -> str:
    named = ((axis, getattr(row, axis)) for axis in group)
    return ", ".join(_TOLD.get(k, "{}").format(v) for k, v in named if not pd.isna(v) and v != "")


def _mark(row: Any, evidence: Evidence, seconds: bool) -> forest.Mark:
    lossy = row.remedy and costs.lossy(evidence, row)
    if seconds:
        look = "loses state" if lossy else "time"
        return forest.Mark(row.ci_low, row.value, row.ci_high, look, (row.q_25, row.q_75))
    look = "loses state" if lossy else row.verdict
    return forest.Mark(row.ratio_ci_low, row.ratio, row.ratio_ci_high, look)
