"""What each remedy costs: distinct steps, the cast, first steps, save and load."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from remedies.intervals import Word
from reports import figures
from reports.parts import Figure, Section, Table
from reports.results import Results, cells, summary, times
from reports.vocabulary import COSTS, JITS, REFERENCE, STEPS
from reports.wording import NOTHING, listed, percent, size, span

_KERNEL = ["device", "jit", "kernel", "mask_dtype", "size"]
_CELL = ["machine", "workload", "batch", "device", "jit", "step"]


def costs(results: Results) -> Section:
    """Return the section on what each remedy costs."""
    rows = results.compared("step_ratio", mask_dtype="bool")
    answer = "These results hold no step."
    if len(rows):
        same = rows["word"] == Word.SAME_STEP.value
        others = rows[~same].groupby("remedy", sort=False)
        but = f" but those of {listed(others.groups)}" if len(others) else ""
        answer = (
            f"Fed bool masks, all training and predict steps{but} are exactly {REFERENCE}'s "
            f"({cells(rows)}), so they cost the same"
        )
        answer += "".join(f"; {remedy}: {summary(own)}" for remedy, own in others) + "."
    parts = [*_steps(results), *_cast(results), *_once(results)]
    return Section("costs", "What each remedy costs", answer, parts)


def _steps(results: Results) -> Iterator[Table | Figure]:
    """Yield the distinct steps, a row for each in each workload; what is exact is in one row."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    judged = results.compared("step_ratio")
    for key, own in judged.groupby([*_CELL, "exact", "difference"], sort=False):
        place = "" if own["exact"].all() else key[1]
        makers = members(own[["remedy", "mask_dtype"]].itertuples(index=False))
        # One comparison stands for those of all members: they are one step.
        groups.setdefault((key[5], not own["exact"].all(), makers, place), []).append(own[:1])
    rows, drawn = [], dict[str, list[Any]]()
    for (step, timed, makers, _), parts in sorted(
        groups.items(), key=lambda item: (item[0][0] != "train", *item[0])
    ):
        own, name = pd.concat(parts), f"{STEPS.get(step, step)}: {makers}"
        differs = [text for text in dict.fromkeys(own["difference"]) if text]
        rows.append(
            {
                "step": name,
                "measured on": f"{cells(own.drop(columns='batch'))}; batch {span(own['batch'])}",
                "cost": summary(own),
                "fresh processes": span(own["launches"]) if timed else "none needed",
                f"differs from {REFERENCE}'s": "; or ".join(differs[:2]) or NOTHING,
                f"{REFERENCE}'s step": times(own),
            }
        )
        drawn.setdefault(name.replace(": ", "\n"), []).append(own)
    title = f"How much slower than {REFERENCE}'s is each distinct step?"
    yield from _figure("steps", title, [(name, pd.concat(own)) for name, own in drawn.items()])
    if rows:
        yield Table("Distinct steps, with the remedies and mask dtypes that make each.", rows, True)


def _figure(name: str, title: str, rows: Sequence[tuple[str, Any]]) -> Iterator[Figure]:
    if rows:
        said = (f"{row.replace(chr(10), ', ')}: {summary(own)}" for row, own in rows)
        yield Figure(name, title, "; ".join(said), figures.steps, rows)


def members(variants: Any) -> str:
    """Return the names of one step: ``control and tf_cast, bool mask``."""
    by_mask: dict[str, list[str]] = {}
    for remedy, mask_dtype in variants:
        by_mask.setdefault(mask_dtype, []).append(remedy)
    return "; ".join(f"{listed(own)}, {mask} mask" for mask, own in by_mask.items())


def _cast(results: Results) -> Iterator[Table | Figure]:
    """Yield tf.where after tf.cast alone, by the mask's dtype and the bytes of the values."""
    judged = results.judged[results.judged["metric"] == "where_ratio"]
    speeds = results.metric("where_bandwidth").groupby(_KERNEL)["value"].median()
    rows: dict[str, dict[str, str]] = {}
    panels: dict[str, dict[str, list[Any]]] = {}
    for key, own in judged[judged["kernel"] == "where_cast"].groupby(_KERNEL, sort=False):
        device, jit, _, mask_dtype, amount = key
        where = f"{device.upper()}, {JITS.get((jit,), jit)}"
        share = f"; {percent(speeds[key])} of a copy's speed" if key in speeds else ""
        row = rows.setdefault(
            f"{mask_dtype} mask, {where}", {"mask": f"{mask_dtype} mask, {where}"}
        )
        row[size(amount)] = f"{summary(own)}{share}"
        panels.setdefault(where, {}).setdefault(mask_dtype, []).append(own)
    if not rows:
        return
    title = "What does the cast cost by itself, by mask and size?"
    said = (f"{head} {text}" for row in rows.values() for head, text in row.items())
    alt = f"Percent slower than tf.where on a bool mask, as in the table: {'; '.join(said)}."
    yield Figure("cast", title, alt, figures.cast, [
        (where, {mask: pd.concat(own).sort_values("size") for mask, own in series.items()})
        for where, series in panels.items()
    ])  # fmt: skip
    yield Table(
        "tf.where after tf.cast, alone, by the bytes of its values, against tf.where on a bool "
        "mask. 100 % of a copy's speed: as many bytes a second as a plain copy; caches can exceed "
        "it.",
        [*rows.values()],
        True,
    )


def _once(results: Results) -> Iterator[Table | Figure]:
    """Yield first steps, save and load of each remedy, and the sizes of files."""
    rows = {name: {"remedy": name} for name in results.remedies}
    drawn: list[tuple[str, Any]] = []
    for metric, label in COSTS.items():
        judged = results.compared(metric)
        for (remedy, amount), own in judged.groupby(["remedy", "size"], sort=False):
            name = f"{label}, images {amount} pixels wide" if amount else label
            rows[remedy][name] = summary(own)
            rows.setdefault(REFERENCE, {"remedy": REFERENCE})[name] = f"takes {times(own)}"
        if metric != "first_step_ratio":
            names = judged.groupby("remedy", sort=False)
            drawn += [(f"{label}: {name}", own) for name, own in names]
    for name, row in rows.items():
        if len(files := results.metric("file_bytes", remedy=name)["value"]):
            row[".keras file"] = listed(size(value) for value in sorted({*files}))
    yield from _figure("files", f"Do save and load take longer than {REFERENCE}'s?", drawn)
    if filled := [row for row in rows.values() if len(row) > 1]:
        yield Table(f"First step, save, load against {REFERENCE}'s; what is written.", filled, True)
