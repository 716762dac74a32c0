"""What each remedy costs: distinct steps, the cast, first steps, save and load."""

from collections.abc import Iterable, Iterator
from typing import Any

from remedies.words import Word
from reports import figures
from reports.parts import Figure, Section, Table
from reports.results import Results, cells, summary, times
from reports.wording import (
    BASELINE,
    COSTS,
    JITS,
    NOTHING,
    REFERENCE,
    STEPS,
    listed,
    shared,
    size,
    span,
)

WORK = (
    "A compare tests values, as the cast of a float mask does (is it 0?); a convert changes a "
    "dtype; bytes moved are what the program's kernels read and write. More of them is more work"
)


def costs(results: Results) -> Section:
    """Return the section on what each remedy costs."""
    rows = results.compared("step_ratio", mask_dtype="bool")
    answer = "These results hold no step."
    if len(rows):
        others = rows[rows["word"] != Word.SAME_STEP.value].groupby("remedy", sort=False)
        but = f" but those of {listed(others.groups)}" if len(others) else ""
        answer = (
            f"Fed bool masks, all steps{but} are exactly those of {BASELINE} "
            f"({cells(rows)}), so they cost the same"
        )
        answer += "".join(f"; {remedy}: {summary(own)}" for remedy, own in others) + "."
    parts = [*_steps(results), *_cast(results), *_once(results)]
    return Section("costs", "What each remedy costs", answer, parts)


def _steps(results: Results) -> Iterator[Table | Figure]:
    """Yield the distinct steps: variants of which every cell says the same are one."""
    judged = results.compared("step_ratio")
    tables: dict[Any, Any] = {}
    same: dict[Any, list[tuple[str, str]]] = {}
    for (step, remedy, mask), own in judged.groupby(["step", "remedy", "mask_dtype"], sort=False):
        apart = bool((own["word"] != Word.SAME_STEP.value).any())
        key = (str(step), apart, tuple(own["ratio"].fillna(0)) if apart else ())
        tables.setdefault(key, own)
        same.setdefault(key, []).append((str(remedy), str(mask)))
    drawn, rows = [], []
    for key in sorted(same, key=lambda key: (key[0] != "train", key[1])):
        own, step = tables[key], STEPS.get(key[0], key[0])
        makers = members(same[key])
        drawn.append((f"{step}\n{makers}", own))
        differs = [text for text in dict.fromkeys(own["difference"]) if text]
        rows.append(
            {
                "step": f"{step}: {makers}",
                "measured on": f"{cells(own.drop(columns='batch'))}; batch {span(own['batch'])}",
                "cost": summary(own),
                "sessions": span(own["launches"]) if key[1] else "none needed",
                "differs from the baseline's": "; or ".join(differs[:2]) or NOTHING,
                "the baseline's step": times(own),
            }
        )
    if rows:
        yield _figure("steps", f"How much slower than {BASELINE} is each distinct step?", drawn)
        caption = "Distinct steps, with the remedies and mask dtypes that make each."
        yield Table(f"{caption} {WORK}: the cost is what that came to.", rows, True)


def _figure(name: str, title: str, rows: list[tuple[str, Any]]) -> Figure:
    said = (f"{row.replace(chr(10), ', ')}: {summary(own)}" for row, own in rows)
    return Figure(name, title, "; ".join(said), figures.steps, rows)


def members(variants: Iterable[tuple[str, str]]) -> str:
    """Return the (remedy, mask dtype)s of one step: ``control and tf_cast, bool mask``."""
    return "; ".join(f"{names}, {mask} mask" for mask, names in shared(variants).items())


def _cast(results: Results) -> Iterator[Table | Figure]:
    """Yield tf.where after tf.cast alone, by the mask's dtype and the bytes of the values."""
    judged = results.compared("where_ratio", kernel="where_cast")
    jits = judged["jit"].map(lambda jit: JITS.get((jit,), jit))
    judged = judged.assign(place=judged["device"].str.upper() + ", " + jits)
    rows: list[dict[str, str]] = []
    panels: dict[str, dict[str, Any]] = {}
    for (place, mask), own in judged.groupby(["place", "mask_dtype"], sort=False):
        row = {"mask": f"{mask} mask, {place}"}
        for amount, each in own.groupby("size"):
            row[size(amount)] = summary(each)
        rows.append(row)
        panels.setdefault(place, {})[mask] = own.sort_values("size")
    if not rows:
        return
    title = "What does the cast cost by itself, by the mask's dtype and the bytes of the values?"
    alt = "Percent slower than tf.where on a bool mask, as in the table below."
    yield Figure("cast", title, alt, figures.cast, [*panels.items()])
    caption = (
        "tf.where after tf.cast, alone, by the bytes of its values, against tf.where on a bool"
    )
    yield Table(f"{caption} mask.", rows, True)


def _once(results: Results) -> Iterator[Table | Figure]:
    """Yield first steps, save and load of each remedy, and the sizes of files."""
    rows = {name: {"remedy": name} for name in results.remedies}
    drawn: list[tuple[str, Any]] = []
    for metric, label in COSTS.items():
        judged = results.compared(metric)
        for (remedy, amount), own in judged.groupby(["remedy", "size"], sort=False):
            name = f"{label}, images {amount} pixels wide" if amount else label
            rows[remedy][name] = summary(own)
            rows.setdefault(REFERENCE, {"remedy": REFERENCE})[name] = f"baseline: {times(own)}"
        if metric != "first_step_ratio":
            names = judged.groupby("remedy", sort=False)
            drawn += [(f"{label}: {name}", own) for name, own in names]
    for name, row in rows.items():
        if len(files := results.metric("file_bytes", remedy=name)["value"]):
            row[".keras file"] = listed(size(value) for value in sorted({*files}))
    if drawn:
        yield _figure("files", f"Do save and load take longer than with {BASELINE}?", drawn)
    if filled := [row for row in rows.values() if len(row) > 1]:
        yield Table(f"First step, save and load against {BASELINE}.", filled, True)
