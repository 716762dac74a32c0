"""What a step's time is made of: trace, compile and run; the compiled function and the dispatch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from reports import bars, costs
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.tables import Cell, Table
from reports.times import cut, heading, rest
from reports.vocabulary import COMPILED, PARTS, PLACEBO, REFERENCE, STEPS, YARDSTICK
from reports.wording import seconds

_CELL = ("run", "workload", "device", "jit", "mask_dtype", "batch")
_DISPATCH = ("the compiled function", "Keras and Python around it")


def first_steps(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the first step of each remedy as trace, compile and run."""
    rows = costs.ordered(evidence.measured(*PARTS))
    title = "Is a slow first step tracing, compiling or running?"
    caption = "The first step of a fresh model, split. Medians."
    found = [
        (heading(first, _CELL), first.remedy, tuple(values[part] for part in PARTS))
        for first, values in _cells(rows)
        if set(values) == set(PARTS) and all(0 <= v < math.inf for v in values.values())
    ]
    yield from _sketch("first-step-split", title, caption, tuple(PARTS.values()), found)


def dispatch(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the reference's steps as the compiled function and what Keras puts around it."""
    rows = costs.ordered(evidence.measured(*STEPS, *COMPILED))
    rows = rows[rows["remedy"] == REFERENCE]
    title = "How much of a step is the model, and how much is Keras' dispatch?"
    caption = f"Steps of {REFERENCE}, and of its compiled function alone. Medians."
    found = []
    for first, values in _cells(rows):
        for step, compiled in zip(STEPS, COMPILED, strict=True):
            if {step, compiled} <= set(values):
                whole, inner = values[step], values[compiled]
                # Two medians: the inner one can come out as the larger.
                rest = max(0.0, whole - inner)
                found.append((heading(first, _CELL), STEPS[step], (inner, rest)))
    found = [line for line in found if all(0 <= v < math.inf for v in line[2])]
    yield from _sketch("dispatch", title, caption, _DISPATCH, found)


def _cells(rows: Any) -> Iterator[tuple[Any, dict[str, float]]]:
    """Yield each remedy in each cell: its first row, and its medians by metric."""
    rows = rows[~rows["remedy"].isin([PLACEBO, YARDSTICK])]
    found: dict[tuple[str, ...], tuple[Any, dict[str, float]]] = {}
    for row in rows.itertuples(index=False):
        key = (heading(row, _CELL), row.remedy)
        found.setdefault(key, (row, {}))[1][row.metric] = row.value
    yield from found.values()


def _sketch(
    name: str,
    title: str,
    caption: str,
    parts: tuple[str, ...],
    found: Sequence[tuple[str, str, tuple[float, ...]]],
) -> Iterator[Sketch]:
    if not found:
        return
    lines: list[bars.Bar] = []
    for i, (cell, label, amounts) in enumerate(found):
        lines += [bars.Bar(cell)] if i == 0 or found[i - 1][0] != cell else []
        lines.append(bars.Bar(label, amounts))
    shown = cut(lines)
    shares = [amounts[0] / sum(amounts) for _, _, amounts in found if sum(amounts)]
    alt = f"Stacked bars. The share of {parts[0]} is {_span(shares)}.{rest(lines)}"
    head = ("Cell", "Of", *(part.capitalize() for part in parts), f"Share of {parts[0]}")
    rows = tuple(
        (Cell(cell), Cell(label), *(Cell(seconds(v)) for v in amounts), Cell(_share(amounts)))
        for cell, label, amounts in found[: costs.MOST_ROWS]
    )
    plan = partial(bars.stacks, title, parts, shown, "seconds")
    yield Sketch(name, title, alt, plan, len(shown), Table(caption, head, rows))


def _share(amounts: tuple[float, ...]) -> str:
    total = sum(amounts)
    return f"{amounts[0] / total:.0%}".replace("%", "\N{NO-BREAK SPACE}%") if total else ""


def _span(shares: list[float]) -> str:
    return f"{min(shares):.0%} to {max(shares):.0%}" if shares else "unknown"
