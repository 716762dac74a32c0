"""What each remedy costs: every cell's interval, and a summary of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from reports.evidence import Evidence
from reports.fidelity import Kept
from reports.tables import Cell, Table
from reports.verdicts import Verdict
from reports.vocabulary import CASTS, COSTS, PLACEBO, REFERENCE, YARDSTICK, rank
from reports.wording import counted, interval, listed, number, ratio, sampled, seconds, size

MOST_ROWS = 400
_DASH = "\N{EN DASH}"


def place(row: Any) -> str:
    """Return which cell `row` was measured in: ``image, cpu, xla, float32 mask, batch 128``."""
    parts = [row.workload, row.device, row.jit, row.mask_dtype and f"{row.mask_dtype} mask"]
    batch = getattr(row, "batch", None)
    parts += [] if batch is None or pd.isna(batch) else [f"batch {batch}"]
    return ", ".join(part for part in parts if part)


def ordered(rows: Any) -> Any:
    """Return `rows` by run and cell, the remedies of a cell in their usual order."""
    order = rows["remedy"].map(lambda name: rank(name)[0])
    by = ["run", "workload", "device", "jit", "mask_dtype", "batch", "metric", "order", "remedy"]
    return rows.assign(order=order).sort_values(by, kind="stable").drop(columns="order")


def lossy(evidence: Evidence, row: Any) -> bool:
    """Return whether the remedy of `row` loses state, so that its speed is no result."""
    return evidence.state(row.run, row.workload, row.remedy) is Kept.LOSSY


def verdict(row: Any, struck: bool = False) -> Cell:
    """Return the verdict of `row`, and what else there is to know about it."""
    if struck:
        return Cell(row.verdict or _DASH, struck)
    note = ""
    if row.verdict == Verdict.UNDECIDED.value and not math.isnan(row.more_samples):
        note = f"about {counted(row.more_samples, 'more sample')} would settle it"
    if row.verdict == Verdict.UNRELIABLE.value:
        note = f"placebo {interval(row.placebo_low, row.placebo_high)}"
    return Cell(row.verdict or _DASH, note=note, kind=row.verdict)


def bounded(row: Any) -> str:
    """Return the ratio of `row` with its 99 % interval."""
    if math.isnan(row.ratio):
        return "1, the reference" if row.remedy == REFERENCE else _DASH
    return f"{ratio(row.ratio)} [{ratio(row.ratio_ci_low)}, {ratio(row.ratio_ci_high)}]"


def detail(
    evidence: Evidence, metrics: Iterable[str], caption: str, run: str = "", workload: str = ""
) -> Table:
    """Return a table with a row for each cell, remedy and metric, of one run or of all."""
    rows = ordered(evidence.measured(*metrics))
    rows = rows[(rows["run"] == run) & (rows["workload"] == workload)] if run else rows
    machines = not run and len(evidence.runs) > 1
    told = {**COSTS, **CASTS}
    casts = rows["metric"].isin(list(CASTS)).all() and len(rows) > 0
    head = ["Cell", "Measured", *([] if casts else ["Remedy", "Time [99 %]"])]
    head += ["Ratio [99 %]", "n", "Verdict"]
    found = []
    for row in rows.head(MOST_ROWS).itertuples(index=False):
        struck = lossy(evidence, row)
        where = f"{row.run}: {place(row)}" if machines else place(row)
        cells = [Cell(where), Cell(told[row.metric])]
        if not casts:
            cells += [
                Cell(row.remedy, note="loses state" if struck else ""),
                Cell(seconds(row.value, row.ci_low, row.ci_high), struck),
            ]
        cells += [Cell(bounded(row), struck), Cell(number(row.n)), verdict(row, struck)]
        found.append(tuple(cells))
    if len(rows) > MOST_ROWS:
        caption += f" The first {MOST_ROWS} of {len(rows)} rows; results.csv has all."
    return Table(caption, tuple(head), tuple(found))


def overall(rows: Any) -> Cell:
    """Return the verdicts of some cells in one: the words, and the range of their intervals."""
    judged = rows[rows["verdict"] != ""]
    if judged.empty:
        return Cell(_DASH)
    counts = judged["verdict"].value_counts()
    words = [v.value for v in Verdict if v.value in counts.index]
    said = ", ".join(f"{w} in {counts[w]} of {len(judged)}" for w in words)
    reliable = judged[judged["verdict"] != Verdict.UNRELIABLE.value]
    bounds = ""
    if len(reliable):
        span = interval(reliable["ratio_ci_low"].min(), reliable["ratio_ci_high"].max())
        bounds = f"{span}, {sampled(reliable['ratio_n'])}"
    one = len(words) == 1
    return Cell(words[0] if one else said, note=bounds, kind=words[0] if one else "")


def summary(evidence: Evidence) -> list[Table]:
    """Return a table for each run, workload and device: remedies by what they cost."""
    rows = evidence.measured(*COSTS, "file_size")
    rows = rows[(rows["remedy"] != YARDSTICK) & (rows["remedy"] != "")]
    head = ("Remedy", "Keeps the model", *(c.capitalize() for c in COSTS.values()), "File")
    return [
        Table(
            f"{workload} on {run}, {device}: time against {REFERENCE}, all cells together",
            head,
            tuple(_summary_row(evidence, name, own) for name, own in _by_remedy(cells)),
        )
        for (run, workload, device), cells in rows.groupby(["run", "workload", "device"])
    ]


def _by_remedy(cells: Any) -> list[tuple[str, Any]]:
    return sorted(cells.groupby("remedy"), key=lambda group: rank(group[0]))


def _summary_row(evidence: Evidence, remedy: str, rows: Any) -> tuple[Cell, ...]:
    first = next(rows.itertuples(index=False))
    state = evidence.state(first.run, first.workload, remedy)
    struck = state is Kept.LOSSY
    lost = evidence.lost(first.workload, remedy) if struck else []
    found = [Cell(remedy), Cell(state.value, note=listed(lost), kind="lost" if struck else "")]
    if state in (Kept.WHOLE, Kept.ONCE):
        found[1] = Cell(state.value, kind="kept" if state is Kept.WHOLE else "once")
    if remedy == PLACEBO:
        found[1] = Cell("a second ops_where: its ratio must be 1")
    for metric in COSTS:
        cell = overall(rows[rows["metric"] == metric])
        if remedy == REFERENCE and len(rows[rows["metric"] == metric]):
            cell = Cell("the reference")
        if struck and cell.text != _DASH:
            cell = Cell(f"{cell.text} {cell.note}", struck=True, note="loses state")
        found.append(cell)
    sizes = rows.loc[rows["metric"] == "file_size", "value"]
    return (*found, Cell(size(sizes.max()) if len(sizes) else _DASH))
