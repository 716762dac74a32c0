"""The word for each comparison: exact evidence first, a clock only for what really differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from remedies.intervals import DECIDED, MARGIN
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
__all__ = ["COLUMNS", "PLACEBO", "judge", "settled"]


def judge(frame: Any, threshold: float = MARGIN, looks: int = 1) -> Any:
    """Return a row for each comparison of a variant with the reference of its cell.

    Parameters
    ----------
    frame : DataFrame
        As `reports.load` returns it.
    threshold : float
        The difference that does not matter: 0.02 is 2 %.
    looks : int
        How often the results are judged before the launches stop.

    Returns
    -------
    DataFrame
        `COLUMNS`: `word` is a `Word`'s value and `text` the same for a reader; `exact` where no
        clock was needed; `ratio`, `low` and `high` a ratio, or where `unit` is "seconds" a
        difference of the Python around the program; `seconds` the reference's time, and
        `difference` what differs from the reference's step.
    """
    rows: list[dict[str, Any]] = []
    compared = frame[frame["metric"].isin([*_TIMES, *_TIMES.values(), *EXACT, PYTHON])]
    for run, own in compared.groupby([*RUN], sort=False):
        tables = dict(iter(own.groupby("metric", sort=False)))
        for metric in _TIMES:
            rows += _metric(run, metric, tables, threshold, looks)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def settled(frame: Any, threshold: float = MARGIN, looks: int = 1) -> bool:
    """Return whether every comparison in `frame` is decided, so that no further launch is due."""
    return set(judge(frame, threshold, looks)["word"]) <= {word.value for word in DECIDED}


def _metric(
    run: Key, metric: str, tables: Mapping[str, Any], threshold: float, looks: int
) -> Iterator[dict[str, Any]]:
    """Judge every cell of `metric`: all of them together answer one question."""
    empty = next(iter(tables.values())).iloc[:0]
    exact = {name: _by_cell(tables.get(name, empty)) for name in EXACT} if metric == STEP else {}
    times = _by_cell(tables.get(_TIMES[metric], empty))
    parts = {metric: _by_cell(tables.get(metric, empty))}
    if metric == STEP:
        parts[PYTHON] = _by_cell(tables.get(PYTHON, empty))
    # Of a device that programs are only compiled for there is nothing to judge.
    judged = (*parts.values(), exact.get("step_group", {}))
    names = {cell: None for part in judged for cell in part}
    cells = [
        Cell(
            {name: part[cell] for name, part in (*parts.items(), *exact.items()) if cell in part},
            times.get(cell),
            metric,
        )
        for cell in names
    ]
    # Bonferroni's number: distinct steps that a clock was needed for.
    asked = max(1, sum(len(cell.timed) for cell in cells)) * max(1, looks)
    for name, cell in zip(names, cells, strict=True):
        common = dict(zip(RUN, run, strict=True)) | dict(zip(CELL, name, strict=True))
        for row in cell.rows(threshold, asked):
            yield common | {"metric": metric} | row


def _by_cell(table: Any) -> dict[Key, Any]:
    return dict(iter(table.groupby([*CELL], sort=False))) if len(table) else {}
