"""What each remedy costs: distinct steps, the cast, first steps, save and load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from remedies.intervals import Word
from reports import figures
from reports.parts import Figure, Section, Table
from reports.results import Results, cells, summary
from reports.vocabulary import COSTS, REFERENCE, STEPS
from reports.wording import NOTHING, between, listed, percent, seconds, size, span

_CELL = ["machine", "workload", "batch", "device", "jit", "step"]


def costs(results: Results) -> Section:
    """Return the section on what each remedy costs."""
    rows = results.compared("step_ratio", mask_dtype="bool")
    answer = "These results hold no step."
    if len(rows):
        same = rows["word"] == Word.SAME_STEP.value
        answer = (
            f"With bool masks {same.sum()} of {len(rows)} steps are exactly {REFERENCE}'s "
            f"({cells(rows)}), so they cost the same"
        )
        others = rows[~same].groupby("remedy", sort=False)
        answer += "".join(f"; {remedy}: {summary(own)}" for remedy, own in others) + "."
    parts = [*_steps(results), *_cast(results), *_once(results)]
    return Section("costs", "What each remedy costs", answer, parts)


def _steps(results: Results) -> Iterator[Any]:
    """Yield the distinct steps, a row for each in each workload; what is exact is in one row."""
    judged = results.compared("step_ratio")
    if not len(judged):
        return
    names = judged["remedy"] + ", " + judged["mask_dtype"]
    groups: dict[tuple[str, tuple[str, ...], str], list[Any]] = {}
    for key, own in judged.assign(name=names).groupby([*_CELL, "exact", "difference"], sort=False):
        exact = bool(own["exact"].all())
        place = "" if exact else key[_CELL.index("workload")]
        groups.setdefault((key[_CELL.index("step")], (*own["name"],), place), []).append(own)
    rows, drawn = [], {}
    made = [(step, _members(names), pd.concat(parts)) for (step, names, _), parts in groups.items()]
    order = [*STEPS, *judged["step"]]
    for step, members, own in sorted(
        made, key=lambda each: (order.index(each[0]), not each[2]["exact"].all(), each[1])
    ):
        exact = bool(own["exact"].all())
        label = STEPS.get(step, step)
        differences = [text for text in dict.fromkeys(own["difference"]) if text]
        times = own.loc[own["seconds"] > 0, "seconds"]
        rows.append(
            {
                "step": f"{label}: {members}",
                "measured on": f"{cells(own)}; batch {span(own['batch'])}",
                "cost": summary(own),
                "launches": "none needed" if exact else span(own["launches"]),
                f"differs from {REFERENCE}'s": listed(["; or ".join(differences[:2]) or NOTHING]),
                f"{REFERENCE}'s step": _range(times),
            }
        )
        if not exact:
            drawn.setdefault(f"{label}\n{members}", []).append(own)
    yield Table("Distinct steps, with the remedies and mask dtypes that make each.", rows)
    if drawn:
        figure = [(name, pd.concat(parts)) for name, parts in drawn.items()]
        yield Figure(
            "steps",
            f"Which steps are not exactly {REFERENCE}'s, and by how much?",
            "; ".join(f"{name.replace(chr(10), ', ')}: {summary(own)}" for name, own in figure),
            lambda canvas, colors: figures.steps(canvas, colors, figure),
        )


def _members(names: tuple[str, ...]) -> str:
    """Return the names of one step: ``control and tf_cast, bool mask``."""
    by_mask: dict[str, list[str]] = {}
    for name in names:
        remedy, _, mask_dtype = name.rpartition(", ")
        by_mask.setdefault(mask_dtype, []).append(remedy)
    return "; ".join(f"{listed(own)}, {mask} mask" for mask, own in by_mask.items())


def _cast(results: Results) -> Iterator[Any]:
    kernels = results.judged[results.judged["metric"] == "where_ratio"]
    if not len(kernels):
        return
    speed = results.metric("where_bandwidth")
    rows = []
    axes = ["device", "jit", "kernel", "mask_dtype"]
    for key, own in kernels.groupby(axes, sort=False):
        of = speed[(speed[axes] == list(key)).all(axis=1)].groupby("size")["value"].median()
        row = {"kernel": _kernel(*key)}
        for amount, alike in own.groupby("size"):
            share = f"; {percent(of[amount])} of a copy's speed" if amount in of else ""
            row[size(amount)] = f"{summary(alike)}{share}"
        rows.append(row)
    caption = (
        "tf.where after tf.cast, alone, by the bytes of its values, against tf.where on a bool "
        "mask. 100 % of a copy's speed is that of a plain copy; caches can bring it above."
    )
    yield Table(caption, rows)
    yield Figure(
        "cast",
        "What does the cast cost by itself?",
        "; ".join(f"{_kernel(*key)}: {summary(own)}" for key, own in kernels.groupby(axes)),
        lambda canvas, colors: figures.cast(canvas, colors, kernels),
    )


def _kernel(device: str, jit: str, kernel: str, mask_dtype: str) -> str:
    name = {"where": "tf.where", "where_cast": "tf.where after tf.cast"}.get(kernel, kernel)
    return f"{name}, {mask_dtype} mask, {jit}, {device}"


def _once(results: Results) -> Iterator[Any]:
    """Yield first steps, save and load of each remedy, and the sizes of files."""
    rows = {name: {"remedy": name} for name in results.remedies}
    drawn: list[tuple[str, Any]] = []
    for metric, label in COSTS.items():
        judged = results.compared(metric)
        sizes = judged["size"].nunique() > 1
        for (remedy, amount), own in judged.groupby(["remedy", "size"], sort=False):
            name = f"{label}, size {amount}" if sizes else label
            rows[remedy][name] = summary(own)
            if REFERENCE in rows:
                rows[REFERENCE][name] = f"takes {_range(own.loc[own['seconds'] > 0, 'seconds'])}"
        if metric != "first_step_ratio":
            whole = judged.groupby("remedy", sort=False)
            drawn += [(f"{label}: {name}", own) for name, own in whole]
    for name, row in rows.items():
        if len(files := results.metric("file_bytes", remedy=name)["value"]):
            row[".keras file"] = listed(size(value) for value in sorted({*files}))
    if any(len(row) > 1 for row in rows.values()):
        caption = f"The first step, save and load, against {REFERENCE}'s, and what is written."
        yield Table(caption, [row for row in rows.values() if len(row) > 1])
    if drawn:
        yield Figure(
            "files",
            f"Do save and load take longer than {REFERENCE}'s?",
            "; ".join(f"{name}: {summary(own)}" for name, own in drawn),
            lambda canvas, colors: figures.steps(canvas, colors, drawn),
        )


def _range(times: Any) -> str:
    return between(seconds(times.min()), seconds(times.max())) if len(times) else NOTHING
