"""Forest plots: ratios with their intervals, and times with quartiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import pandas as pd

from reports import bars, costs, forest
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.tables import Table
from reports.vocabulary import CASTS, ON_DEVICE, PLACEBO, REFERENCE, STEPS, STORAGE, YARDSTICK, rank

MOST_LINES = 64
_TOLD = {"mask_dtype": "{} mask", "batch": "batch {}", "size": "{} model"}
_CELL = ["run", "workload", "device", "jit", "mask_dtype", "batch", "size"]


def steps(evidence: Evidence) -> Iterator[Sketch]:
    """Yield a forest plot of step-time ratios for each run, workload and device."""
    title = "Is any way of writing {} slower than {}?"
    yield from _of_steps(evidence, "step-ratios", title, STEPS)


def device_steps(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the same of the time that a GPU itself works in a step."""
    title = "Does the GPU work longer for any way of writing {} than for {}?"
    yield from _of_steps(evidence, "device-ratios", title, ON_DEVICE)


def _of_steps(
    evidence: Evidence, name: str, asked: str, metrics: Mapping[str, str]
) -> Iterator[Sketch]:
    rows = evidence.measured(*metrics)
    rows = costs.ordered(rows[rows["ratio"].notna()])
    for i, ((run, workload, device), own) in enumerate(
        rows.groupby(["run", "workload", "device"]), 1
    ):
        title = f"{asked.format(workload, REFERENCE)} ({run}, {device})"
        lines = _lines(own, ["jit", "mask_dtype", "batch"], metrics, evidence)
        caption = f"Step times of {workload} on {run}, {device}, and their ratios to {REFERENCE}."
        all_rows = evidence.measured(*metrics)
        mine = (all_rows["run"] == run) & (all_rows["workload"] == workload)
        table = costs.detail(evidence, all_rows[mine & (all_rows["device"] == device)], caption)
        yield _ratios(f"{name}-{i}", title, metrics, lines, table, evidence)


def casts(evidence: Evidence) -> Iterator[Sketch]:
    """Yield a forest plot of what the cast costs, by mask dtype."""
    rows = evidence.measured(*CASTS)
    rows = costs.ordered(rows[rows["ratio"].notna()])
    if rows.empty:
        return
    title = "Does casting the mask cost time?"
    lines = _lines(
        rows, ["run", "workload", "device", "jit", "batch"], CASTS, evidence, "mask_dtype"
    )
    caption = "Time with a cast of a mask of that dtype, against no cast of a bool mask."
    table = costs.detail(evidence, evidence.measured(*CASTS), caption)
    yield _ratios("cast-overhead", title, CASTS, lines, table, evidence)


def first_steps(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the times of the first step."""
    title = "How long does the first step take?"
    yield from _seconds(evidence, "first-step", {"first_step": "first step"}, title)


def storage(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the distributions of the times of saving and loading."""
    measured = set(evidence.measured(*STORAGE)["metric"])
    panels = {metric: label for metric, label in STORAGE.items() if metric in measured}
    title = "How long does saving and loading take?"
    for i, size in enumerate(_sizes(evidence), 1):
        told, name = (f"{title} ({size} model)", f"save-load-{i}") if size else (title, "save-load")
        yield from _seconds(evidence, name, panels, told, size)


def _sizes(evidence: Evidence) -> list[str]:
    return sorted(set(evidence.measured(*STORAGE)["size"]), key=lambda s: (s != "small", s))


def _ratios(
    name: str,
    title: str,
    metrics: Mapping[str, str],
    lines: Sequence[forest.Line],
    table: Table,
    evidence: Evidence,
) -> Sketch:
    band = (1 / (1 + evidence.margin), 1 + evidence.margin)
    label = (
        f"ratio with 99 % interval, above 1 is slower; shaded: the margin of {evidence.margin:.3g}"
    )
    shown = cut(lines)
    plan = partial(forest.intervals, title, [*metrics.values()], shown, label=label, band=band)
    looks = [mark.look for line in lines for mark in line.marks if mark]
    counts = ", ".join(f"{look} {looks.count(look)}" for look in forest.LOOKS if look in looks)
    alt = f"Forest plot of ratios with intervals: {counts}.{rest(lines)}"
    return Sketch(name, title, alt, plan, len(shown), table)


Row = TypeVar("Row", forest.Line, bars.Bar)


def cut(lines: Sequence[Row]) -> Sequence[Row]:
    """Return the first of `lines`, without a heading that nothing follows."""
    shown = lines[:MOST_LINES]
    return shown[:-1] if shown and shown[-1].heads else shown


def rest(lines: Sequence[Row]) -> str:
    """Return what to say of the lines that `cut` leaves out; nothing where there are none."""
    if len(lines) <= MOST_LINES:
        return ""
    return f" The first {MOST_LINES} of {len(lines)} lines are drawn; the table goes on."


def _seconds(
    evidence: Evidence, name: str, panels: Mapping[str, str], title: str, size: str = ""
) -> Iterator[Sketch]:
    measured = evidence.measured(*panels)
    measured = measured[measured["size"] == size]
    rows = costs.ordered(measured[measured["remedy"] != PLACEBO])
    if rows.empty:
        return
    lines = _lines(rows, _CELL, panels, evidence, seconds=True)
    shown = cut(lines)
    plan = partial(forest.intervals, title, [*panels.values()], shown, label="seconds")
    slowest, quickest = rows["value"].max(), rows["value"].min()
    alt = f"Medians with intervals, from {quickest:.3g} to {slowest:.3g} seconds.{rest(lines)}"
    caption = f"{title} Median with 99 % interval."
    table = costs.detail(evidence, measured, caption)
    yield Sketch(name, title, alt, plan, len(shown) * len(panels), table)


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
        named = cells.setdefault(heading(row, group), {})
        named.setdefault(getattr(row, label), {})[row.metric] = _mark(row, evidence, seconds)
    lines: list[forest.Line] = []
    for said, named in cells.items():
        lines.append(forest.Line(said))
        for name in sorted(named, key=rank):
            text = _TOLD.get(label, "{}").format(name)
            lines.append(forest.Line(text, tuple(named[name].get(metric) for metric in panels)))
    return lines


def heading(row: Any, group: Sequence[str]) -> str:
    """Return what the axes of `group` are in `row`, in words."""
    named = ((axis, getattr(row, axis)) for axis in group)
    return ", ".join(_TOLD.get(k, "{}").format(v) for k, v in named if not pd.isna(v) and v != "")


def _mark(row: Any, evidence: Evidence, seconds: bool) -> forest.Mark:
    lossy = row.remedy and costs.lossy(evidence, row)
    if seconds:
        look = "loses state" if lossy else "time"
        return forest.Mark(row.ci_low, row.value, row.ci_high, look, (row.q_25, row.q_75))
    look = "loses state" if lossy else row.verdict
    return forest.Mark(row.ratio_ci_low, row.ratio, row.ratio_ci_high, look)
