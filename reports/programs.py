"""What XLA makes of each remedy: the same program as for the reference, or what was added."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from reports import costs, heatmap
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.tables import Cell, Table
from reports.times import MOST_LINES, heading
from reports.vocabulary import PLACEBO, PROGRAM_DIFFERS, PROGRAMS, REFERENCE, YARDSTICK, rank
from reports.wording import amount, number

_GROUP, _CELL = ("run", "workload"), ("step", "device", "mask_dtype", "batch")
LEGEND = {"kept": "the same program", "part": "another program"}
SAME, OTHER = "same program", "another program"
Programs = dict[tuple[str, str], dict[str, dict[str, float]]]


def programs(evidence: Evidence) -> Iterator[Sketch]:
    """Yield where a remedy's program is not the reference's, with what it has more or less."""
    rows = costs.ordered(evidence.measured(PROGRAM_DIFFERS, *PROGRAMS))
    cells = _cells(rows[~rows["remedy"].isin([PLACEBO, YARDSTICK])])
    if not cells:
        return
    title = f"Does XLA run another program than for {REFERENCE}?"
    remedies = sorted({name for found in cells.values() for name in found}, key=rank)
    lines = [*_lines(cells, remedies)]
    table = [
        _row(", ".join(cell), name, found[name], found.get(REFERENCE, {}))
        for cell, found in cells.items()
        for name in sorted(found, key=rank)
    ]
    differ = [r for found in cells.values() for r, f in found.items() if f.get(PROGRAM_DIFFERS)]
    total = sum(PROGRAM_DIFFERS in f for found in cells.values() for f in found.values())
    alt = (
        f"{len(differ)} of {total} optimized programs differ from {REFERENCE}'s with the same "
        "mask dtype"
    )
    alt += f": {', '.join(sorted(set(differ), key=rank))}." if differ else "."
    shown = lines[:MOST_LINES]
    columns = heatmap.headings(remedies)
    plan = partial(heatmap.grid, title, columns, shown, legend=LEGEND, pitch=0.21)
    caption = "Optimized XLA programs; beside a count, what is more or less than the reference's."
    head = ("Cell", "Remedy", "Program", *(label.capitalize() for label in PROGRAMS.values()))
    made = Table(caption, head, tuple(table[: costs.MOST_ROWS]))
    yield Sketch("programs", title, alt, plan, 2 * len(shown), made, "programs")


def _lines(cells: Programs, remedies: Sequence[str]) -> Iterator[tuple[str, list[heatmap.Square]]]:
    headed = ""
    for (group, cell), found in cells.items():
        if group != headed:
            yield group, []
            headed = group
        yield cell, [_square(found.get(name, {})) for name in remedies]


def _square(found: dict[str, float]) -> heatmap.Square:
    differs = found.get(PROGRAM_DIFFERS, math.nan)
    if math.isnan(differs):
        return heatmap.Square("n/a", "")
    return heatmap.Square("differs", "part") if differs else heatmap.Square("", "kept")


def _cells(rows: Any) -> Programs:
    """Return cell -> remedy -> metric -> value."""
    found: Programs = {}
    for row in rows.itertuples(index=False):
        remedies = found.setdefault((heading(row, _GROUP), heading(row, _CELL)), {})
        remedies.setdefault(row.remedy, {})[row.metric] = row.value
    return found


def _more(found: dict[str, float], base: dict[str, float], metric: str) -> float:
    return found.get(metric, math.nan) - base.get(metric, math.nan)


def _signed(value: float, metric: str) -> str:
    if math.isnan(value) or not value:
        return "" if math.isnan(value) else "0"
    size = amount(abs(value)) if metric in ("xla_bytes", "xla_temporary") else number(abs(value))
    return ("+" if value > 0 else "\N{MINUS SIGN}") + size


def _row(cell: str, name: str, found: dict[str, float], base: dict[str, float]) -> tuple[Cell, ...]:
    differs = found.get(PROGRAM_DIFFERS, math.nan)
    said = "\N{EN DASH}" if math.isnan(differs) else OTHER if differs else SAME
    values = []
    for metric in PROGRAMS:
        value, more = found.get(metric, math.nan), _more(found, base, metric)
        more_said = _signed(more, metric) if more and name != REFERENCE else ""
        values.append(Cell(number(value), note=more_said))
    return (Cell(cell), Cell(name), Cell(said, kind="same" if differs == 0 else ""), *values)
