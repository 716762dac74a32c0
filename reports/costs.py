"""What each remedy costs: every cell's interval, and a summary of them."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from reports.evidence import Evidence
from reports.fidelity import Kept
from reports.tables import Cell, Table
from reports.verdicts import WISHED, Verdict, more_launches
from reports.vocabulary import (
    CASTS,
    COMPILED,
    COSTS,
    FILE_SIZE,
    ON_DEVICE,
    PLACEBO,
    REFERENCE,
    STEPS,
    STORAGE,
    YARDSTICK,
    rank,
)
from reports.wording import counted, interval, listed, number, ratio, sampled, seconds, size

MOST_ROWS = 200
_STEPS = {*STEPS, *COMPILED, *ON_DEVICE}
_LONG = 1e-3  # seconds: from here on a step's ratio is wished to be known to `WISHED`
_ONE_PROCESS = re.compile("first_step|load_fresh|kernel$")
_DASH = "\N{EN DASH}"


def place(row: Any) -> str:
    """Return which cell `row` was measured in: ``image, cpu, xla, float32 mask, batch 128``."""
    parts = [row.workload, row.device, row.jit, row.mask_dtype and f"{row.mask_dtype} mask"]
    parts += [] if pd.isna(row.batch) else [f"batch {row.batch}"]
    parts += [row.size and f"{row.size} model", row.step]
    return ", ".join(part for part in parts if part)


def ordered(rows: Any) -> Any:
    """Return `rows` by run and cell, the remedies of a cell in their usual order."""
    order = rows["remedy"].map(lambda name: rank(name)[0])
    small = rows["size"] != "small"
    by = ["run", "workload", "device", "jit", "mask_dtype", "batch", "small", "size"]
    by += ["metric", "order", "remedy"]
    rows = rows.assign(order=order, small=small).sort_values(by, kind="stable")
    return rows.drop(columns=["order", "small"])


def lossy(evidence: Evidence, row: Any) -> bool:
    """Return whether the remedy of `row` loses state, so that its speed is no result."""
    return evidence.state(row.run, row.workload, row.remedy) is Kept.LOSSY


def verdict(row: Any, struck: bool = False) -> Cell:
    """Return the verdict of `row`, and what else there is to know about it."""
    if struck:
        return Cell(row.verdict or _DASH, struck)
    lacking = [f"more {noun}" for noun in _blocks(row)]
    notes = []
    if row.verdict == Verdict.UNDECIDED.value and not math.isnan(row.more_samples):
        notes.append(f"about {counted(row.more_samples, *lacking)} would settle it")
    if row.verdict == Verdict.UNDECIDED.value and not row.ratio_ci_low <= 1 <= row.ratio_ci_high:
        notes.append("excludes 1, as one in a hundred does by chance")
    if more := _more(row):
        wished = f"{100 * WISHED:g}\N{NO-BREAK SPACE}%"
        notes.append(f"undecided to {wished}: about {counted(more, *lacking)}")
    note = "; ".join(notes)
    if row.verdict == Verdict.UNRELIABLE.value:
        note = row.unreliable
    return Cell(row.verdict or _DASH, note=note, kind=row.verdict)


def _blocks(row: Any) -> tuple[str, str]:
    """Return what the `n` of a ratio counts: one of it, and several."""
    if not isinstance(row.launches, list):
        return "sample", "samples"
    within = _ONE_PROCESS.search(row.metric) and row.metric not in CASTS
    return ("round", "rounds") if within else ("launch", "launches")


def _more(row: Any) -> float:
    """Return how much more a long step would take to be known to `WISHED`; 0 where it is."""
    if row.metric not in _STEPS or not row.verdict or not row.value > _LONG:
        return 0
    return more_launches(row.ratio_ci_low, row.ratio_ci_high, row.ratio_n, row.ratio_degrees)


def bounded(row: Any) -> str:
    """Return the ratio of `row` with its 99 % interval."""
    if math.isnan(row.ratio):
        return "1, the reference" if row.remedy == REFERENCE else _DASH
    return f"{ratio(row.ratio)} [{ratio(row.ratio_ci_low)}, {ratio(row.ratio_ci_high)}]"


def detail(evidence: Evidence, rows: Any, caption: str) -> Table:
    """Return a table with a row for each of `rows`: its cell, remedy, metric, time and ratio."""
    machines = rows["run"].nunique() > 1
    total, rows = len(rows), ordered(rows).head(MOST_ROWS)
    told = {**COSTS, **ON_DEVICE, **CASTS, **STORAGE}
    casts = rows["metric"].isin(list(CASTS)).all() and len(rows) > 0
    head = ["Cell", "Measured", *([] if casts else ["Remedy", "Time [99 %]"])]
    head += ["Ratio [99 %]", "n", "Verdict"]
    found = []
    for row in rows.itertuples(index=False):
        struck = lossy(evidence, row)
        where = f"{row.run}: {place(row)}" if machines else place(row)
        cells = [Cell(where), Cell(told[row.metric])]
        if not casts:
            cells += [
                Cell(row.remedy, note="loses state" if struck else ""),
                Cell(seconds(row.value, row.ci_low, row.ci_high), struck),
            ]
        several = isinstance(row.launches, list) and len(row.launches) > 1
        note = counted(len(row.launches), *_blocks(row)) if several else ""
        cells += [Cell(bounded(row), struck), Cell(number(row.n), note=note), verdict(row, struck)]
        found.append(tuple(cells))
    if total > MOST_ROWS:
        caption += f" The first {MOST_ROWS} of {total:,} rows; results.csv has all."
    return Table(caption, tuple(head), tuple(found))


def overall(rows: Sequence[Any]) -> Cell:
    """Return the verdicts of some cells in one: the words, and the range of their intervals."""
    judged = [row for row in rows if row.verdict]
    if not judged:
        return Cell(_DASH)
    counts = Counter(row.verdict for row in judged)
    words = [v.value for v in Verdict if v.value in counts]
    said = ", ".join(f"{w} in {counts[w]} of {len(judged)}" for w in words)
    reliable = [row for row in judged if row.verdict != Verdict.UNRELIABLE.value]
    bounds = ""
    if reliable:
        low = min(row.ratio_ci_low for row in reliable)
        high = max(row.ratio_ci_high for row in reliable)
        known = [row.ratio_n for row in reliable if not pd.isna(row.ratio_n)]
        bounds = f"{interval(low, high)}, {sampled(known)}"
    one = len(words) == 1
    return Cell(words[0] if one else said, note=bounds, kind=words[0] if one else "")


def summary(evidence: Evidence) -> list[Table]:
    """Return a table for each run, workload and device: remedies by what they cost."""
    rows = evidence.measured(*COSTS, FILE_SIZE)
    rows = rows[(rows["remedy"] != YARDSTICK) & (rows["remedy"] != "")]
    head = ("Remedy", "Keeps the model", *(c.capitalize() for c in COSTS.values()), "File")
    return [
        Table(
            f"{workload} on {run}, {device}: time against {REFERENCE}, all cells together",
            head,
            tuple(_summary_row(evidence, *own) for own in _by_remedy(cells)),
        )
        for (run, workload, device), cells in rows.groupby(["run", "workload", "device"])
    ]


def _by_remedy(cells: Any) -> list[tuple[str, dict[str, list[Any]]]]:
    """Return each remedy, in order, with its rows by metric."""
    # Plain tuples: a pandas filter for each metric of each remedy took a second.
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in cells.itertuples(index=False):
        found[row.remedy][row.metric].append(row)
    return sorted(found.items(), key=lambda item: rank(item[0]))


def _summary_row(
    evidence: Evidence, remedy: str, rows: Mapping[str, list[Any]]
) -> tuple[Cell, ...]:
    first = next(iter(rows.values()))[0]
    state = evidence.state(first.run, first.workload, remedy)
    struck = state is Kept.LOSSY
    lost = evidence.lost(first.workload, remedy) if struck else []
    found = [Cell(remedy), Cell(state.value, note=listed(lost), kind="lost" if struck else "")]
    if state in (Kept.WHOLE, Kept.ONCE):
        found[1] = Cell(state.value, kind="kept" if state is Kept.WHOLE else "once")
    if remedy == PLACEBO:
        found[1] = Cell("a second ops_where: its ratio must be 1")
    for metric in COSTS:
        cell = overall(rows.get(metric, []))
        if remedy == REFERENCE and metric in rows:
            cell = Cell("the reference")
        if struck and cell.text != _DASH:
            cell = Cell(f"{cell.text} {cell.note}", struck=True, note="loses state")
        found.append(cell)
    sizes = [row.value for row in rows.get(FILE_SIZE, [])]
    ends = dict.fromkeys(size(end) for end in (min(sizes), max(sizes))) if sizes else [_DASH]
    return (*found, Cell(" to ".join(ends)))
