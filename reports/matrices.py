"""Heat maps: what a round trip loses, remedy by defect, by scenario and by version of Keras."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from reports import fidelity, heatmap
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.tables import Cell, Table
from reports.vocabulary import DEFECTS, SECOND, TOTALS

MOST_LINES = 72
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


def defects(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the heat map of remedies by defects, where there are round trips."""
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
    lines = lines[:MOST_LINES]
    plan = partial(heatmap.grid, title, [*_SHORT.values()], lines)
    yield Sketch("fidelity", title, alt, plan, len(lines), matrix(evidence), "fidelity")
