"""How quiet the machine was while it measured, and how much memory the models took."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reports import costs
from reports.evidence import Evidence
from reports.reliability import BOUNDS
from reports.tables import Cell, Table
from reports.vocabulary import HEALTH, MEMORY, PLACEBO, YARDSTICK
from reports.wording import amount, number

_NUMBERS = ("session_rounds", "session_celsius")


def sessions(evidence: Evidence) -> Table | None:
    """Return a row for each session: what disturbed it; None where nothing is recorded."""
    found = _wide(evidence, HEALTH, ["run", "workload", "device", "jit", "batch"])
    head = ("Session", *(label.capitalize() for label in HEALTH.values()))
    rows = tuple(
        (Cell(name), *(_health(metric, values.get(metric, math.nan)) for metric in HEALTH))
        for name, values in found.items()
    )
    caption = "How quiet each session was, over its launches; what is out of bounds stands out."
    return Table(caption, head, rows[: costs.MOST_ROWS]) if rows else None


def memory(evidence: Evidence) -> Table | None:
    """Return the peak memory of each remedy's steps; None where it was not measured."""
    found = _wide(evidence, MEMORY, ["run", "workload", "device", "jit", "batch", "size", "remedy"])
    head = ("Cell and remedy", *(label.capitalize() for label in MEMORY.values()))
    rows = tuple(
        (Cell(name), *(Cell(amount(values.get(metric, math.nan))) for metric in MEMORY))
        for name, values in found.items()
    )
    caption = "Peak memory of loading the model and three training steps, in a fresh process."
    return Table(caption, head, rows[: costs.MOST_ROWS]) if rows else None


def _wide(
    evidence: Evidence, metrics: Mapping[str, str], axes: list[str]
) -> dict[str, dict[str, float]]:
    """Return the values of each cell by metric, the cells named by their axes."""
    rows = costs.ordered(evidence.measured(*metrics))
    rows = rows[~rows["remedy"].isin([PLACEBO, YARDSTICK])]
    found: dict[str, dict[str, float]] = {}
    for row in rows.itertuples(index=False):
        found.setdefault(_name(row, axes), {})[row.metric] = row.value
    return found


def _name(row: Any, axes: list[str]) -> str:
    from reports.times import heading

    return heading(row, axes)


def _health(metric: str, value: float) -> Cell:
    if math.isnan(value):
        return Cell("\N{EN DASH}")
    if metric in _NUMBERS:
        return Cell(number(value))
    bound = BOUNDS[metric][0] if metric in BOUNDS else math.inf
    shown = f"{number(100 * value)}\N{NO-BREAK SPACE}%"
    return Cell(shown, kind="lost" if value > bound else "")
