"""The bare kernel by size: what a cast costs, and how near it comes to the copy's bandwidth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from reports import costs, curves
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.tables import Cell, Table
from reports.vocabulary import COPY, KERNEL, KERNEL_BYTES, KERNEL_SHARE, KERNELS
from reports.wording import amount, number, ratio, seconds

PLAIN, CAST = KERNELS
BASE = (PLAIN, "bool")
Kind = tuple[str, str]
Sized = dict[float, Any]


def kernels(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the cast's overhead over sizes, a figure for each run, device and jit."""
    rows = evidence.measured(KERNEL, KERNEL_BYTES, KERNEL_SHARE)
    copies = evidence.measured(COPY)
    for i, ((run, device, jit), own) in enumerate(rows.groupby(["run", "device", "jit"]), 1):
        here = copies[(copies["run"] == run) & (copies["device"] == device)]
        copy = {_size(row): row.value for row in here.itertuples(index=False)}
        yield from _sketch(i, ", ".join(filter(None, (run, device, jit))), _by_kind(own), copy)


def _size(row: Any) -> float:
    try:
        return float(row.size)
    except ValueError:
        return math.nan


def _by_kind(rows: Any) -> dict[str, dict[Kind, Sized]]:
    """Return metric -> (kernel, mask dtype) -> size -> row."""
    found: dict[str, dict[Kind, Sized]] = {KERNEL: {}, KERNEL_BYTES: {}, KERNEL_SHARE: {}}
    for row in rows.itertuples(index=False):
        size = _size(row)
        if 0 < size < math.inf and row.kernel in KERNELS and 0 < row.value < math.inf:
            found[row.metric].setdefault((row.kernel, row.mask_dtype), {})[size] = row
    return {metric: dict(sorted(kinds.items())) for metric, kinds in found.items()}


def _sketch(
    i: int, where: str, found: Mapping[str, Mapping[Kind, Sized]], copy: Mapping[float, float]
) -> Iterator[Sketch]:
    times, bytes_, shares = (found[metric] for metric in (KERNEL, KERNEL_BYTES, KERNEL_SHARE))
    if not times:
        return
    overheads = [*_overheads(times, calculated=False), *_overheads(bytes_, calculated=True)]
    used = [
        curves.Curve(_told(kind), tuple(_points(sized)), look)
        for look, (kind, sized) in enumerate(shares.items())
    ]
    told = [("time against tf.where on a bool mask", overheads, 1.0)] * bool(overheads)
    told += [("share of the copy's bandwidth, the bound", used, 1.0)] * bool(used)
    if not told:
        return
    title = f"Is the cast's cost only the bytes that it must move? ({where})"
    highest = max((p[1] for c in overheads if not c.calculated for p in c.points), default=1.0)
    alt = (
        f"Lines over the size of the values: the cast costs up to {ratio(highest)} times the plain "
        "kernel; dashed: what the bytes alone explain."
    )
    plan = partial(curves.panels, title, told, "size of the float32 values")
    yield Sketch(f"kernels-{i}", title, alt, plan, 20, _table(where, times, bytes_, shares, copy))


def _told(kind: Kind) -> str:
    return f"{KERNELS[kind[0]]}, {kind[1]} mask"


def _overheads(kinds: Mapping[Kind, Sized], calculated: bool) -> Iterator[curves.Curve]:
    base = kinds.get(BASE, {})
    for look, (kind, sized) in enumerate(kinds.items()):
        if kind[0] != CAST:
            continue
        points = []
        for size, row in sorted(sized.items()):
            if not calculated and row.ratio > 0:
                points.append((size, row.ratio, row.ratio_ci_low, row.ratio_ci_high))
            elif size in base:
                value = row.value / base[size].value
                points.append((size, value, math.nan, math.nan))
        if points:
            said = f"{_told(kind)}{': bytes alone' if calculated else ''}"
            yield curves.Curve(said, tuple(points), look, calculated)


def _points(sized: Sized) -> Iterator[tuple[float, float, float, float]]:
    for size, row in sorted(sized.items()):
        yield size, row.value, row.ci_low, row.ci_high


def _table(
    where: str,
    times: Mapping[Kind, Sized],
    bytes_: Mapping[Kind, Sized],
    shares: Mapping[Kind, Sized],
    copy: Mapping[float, float],
) -> Table:
    head = ("Kernel", "Size", "Time [99 %]", "n", "Must move", "Bound by the copy", "Bandwidth")
    rows = []
    for kind, sized in times.items():
        for size, row in sorted(sized.items()):
            moved = bytes_.get(kind, {}).get(size)
            share = shares.get(kind, {}).get(size)
            bound = moved.value / copy[size] if moved and copy.get(size, 0) > 0 else math.nan
            rows.append(
                (
                    Cell(_told(kind)),
                    Cell(amount(size)),
                    Cell(seconds(row.value, row.ci_low, row.ci_high)),
                    Cell(number(row.n)),
                    Cell(amount(moved.value) if moved else "\N{EN DASH}"),
                    Cell(seconds(bound)),
                    Cell(f"{share.value:.0%}" if share else "\N{EN DASH}"),
                )
            )
    caption = (
        f"The bare kernel on {where}. The copy is measured in the same rounds; the "
        "bandwidth is a share of the copy's."
    )
    return Table(caption, head, tuple(rows[: costs.MOST_ROWS]))
