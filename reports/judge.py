"""The word for each comparison: exact evidence first, a clock only for what really differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from remedies.intervals import MARGIN
from remedies.metrics import METRICS, Kind
from reports.comparison import EXACT, PLACEBO, PYTHON, STEP, VARIANT, Cell, Key
from reports.frame import AXES

RUN = ("machine", "commit")
CELL = tuple(axis for axis in AXES if axis not in VARIANT)
COLUMNS = (*RUN, "metric", *AXES, "word", "text", "exact", "ratio", "low", "high", "launches",
           "more_launches", "reason", "unit", "seconds", "difference")  # fmt: skip

_TIMES = {  # a ratio -> the time of which it is one
    name: name.removesuffix("_ratio") + "_seconds"
    for name, metric in METRICS.items()
    if metric.kind is Kind.RATIO
}
__all__ = ["COLUMNS", "PLACEBO", "judge"]


def judge(frame: Any, threshold: float = MARGIN, looks: int = 1) -> Any:
    """Return a row for each comparison of a variant with the reference of its cell.

    `frame` is as `reports.load` returns it; a difference below `threshold` does not matter; the
    results are judged `looks` times before the launches stop. The rows hold `COLUMNS`: `word` is a
    `Word`'s value and `text` the same for a reader; `exact` where no clock was needed; `ratio`,
    `low` and `high` a ratio, or where `unit` is "seconds" a difference of the Python around the
    program; `seconds` the reference's time; `difference` what differs from the reference's step.
    """
    rows: list[dict[str, Any]] = []
    compared = frame[frame["metric"].isin([*_TIMES, *_TIMES.values(), *EXACT, PYTHON])]
    for run, own in compared.groupby([*RUN], sort=False):
        tables = {
            name: dict(iter(table.groupby([*CELL], sort=False)))
            for name, table in own.groupby("metric", sort=False)
        }
        for metric in _TIMES:
            rows += ({**dict(zip(RUN, run, strict=True)), **row}
                     for row in _metric(metric, tables, threshold, looks))  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _metric(
    metric: str, tables: Mapping[str, dict[Key, Any]], threshold: float, looks: int
) -> Iterator[dict[str, Any]]:
    """Judge every cell of `metric`: all of them together answer one question."""
    times = tables.get(_TIMES[metric], {})
    evidence = {name: tables.get(name, {})
                for name in (metric, *((PYTHON, *EXACT) if metric == STEP else ()))}  # fmt: skip
    # Of a device that programs are only compiled for there is nothing to judge.
    judged = (metric, PYTHON, "step_group")
    names = dict.fromkeys(cell for name in judged for cell in evidence.get(name, {}))
    cells = {
        name: Cell(
            {part: table[name] for part, table in evidence.items() if name in table},
            times.get(name),
            metric,
        )
        for name in names
    }
    # Bonferroni's number: distinct steps that a clock was needed for.
    asked = max(1, sum(len(cell.timed) for cell in cells.values())) * max(1, looks)
    for name, cell in cells.items():
        for row in cell.rows(threshold, asked):
            yield dict(zip(CELL, name, strict=True)) | {"metric": metric} | row
