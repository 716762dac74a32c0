"""What each remedy costs: distinct steps, the cast, first steps, save and load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from remedies.intervals import Word
from reports import figures
from reports.parts import Figure, Section, Table, table
from reports.results import Results, cells, summary
from reports.vocabulary import COSTS, REFERENCE, STEPS
from reports.wording import NOTHING, counted, listed, percent, seconds, size, span

_CELL = ["machine", "workload", "batch", "device", "jit", "step"]


def costs(results: Results) -> Section:
    """Return the section on what each remedy costs."""
    rows = results.compared("step_ratio", mask_dtype="bool")
    parts: list[Any] = []
    if len(rows):
        parts += [*_steps(results), *_cast(results)]
    parts += [*_others(results)]
    return Section("costs", "What each remedy costs", _answer(results, rows), parts)


def _answer(results: Results, rows: Any) -> str:
    if not len(rows):
        return "These results hold no step."
    same = sum(word == Word.SAME_STEP.value for word in rows["word"])
    text = (
        f"With bool masks {same} of {len(rows)} steps are exactly {REFERENCE}'s "
        f"({cells(rows)}), so they cost the same"
    )
    others = [
        f"{remedy} {summary(own[own['word'] != Word.SAME_STEP.value])}"
        for remedy, own in rows.groupby("remedy", sort=False)
        if (own["word"] != Word.SAME_STEP.value).any()
    ]
    return f"{text}; {'; '.join(others)}." if others else f"{text}."


def _steps(results: Results) -> Iterator[Any]:
    """Yield the distinct steps, with the names that each goes by."""
    judged = results.compared("step_ratio")
    rows, drawn = [], []
    for step, members, own in _distinct(judged):
        exact = bool(own["exact"].all())
        label = STEPS.get(step, step)
        rows.append(
            {
                "step": f"{label}: {_members(members)}",
                f"differs from {REFERENCE}'s": "in nothing" if exact else _differences(own),
                "cost": summary(own),
                "evidence": "exact" if exact else f"{span(own['launches'])} launches",
                "measured on": f"{cells(own)} ({counted(_count(own), 'cell')})",
            }
        )
        more = f" and {len(members) - 1} more" if len(members) > 1 else ""
        if not exact:
            drawn.append((f"{label}, {members[0][1]} mask\n{members[0][0]}{more}", own))
    yield table(rows, "step", "Distinct steps, with the remedies and mask dtypes that make them.")
    if drawn:
        yield Figure(
            "steps",
            f"Which steps are not exactly {REFERENCE}'s, and by how much?",
            "; ".join(f"{name.replace(chr(10), ', ')}: {summary(own)}" for name, own in drawn),
            lambda figure, colors: figures.steps(figure, colors, drawn),
        )
    yield _every(judged)


Variant = tuple[str, str]  # a remedy and a mask dtype


def _distinct(judged: Any) -> Iterator[tuple[str, tuple[Variant, ...], Any]]:
    """Yield each set of variants that are one step in some cells, with their comparisons."""
    variants = list(zip(judged["remedy"], judged["mask_dtype"], strict=True))
    groups: dict[tuple[str, tuple[Variant, ...]], list[Any]] = {}
    keys = [*_CELL, "exact", "difference"]
    for key, own in judged.assign(variant=variants).groupby(keys, sort=False):
        groups.setdefault((key[_CELL.index("step")], tuple(own["variant"])), []).append(own)
    made = [(step, members, pd.concat(parts)) for (step, members), parts in groups.items()]
    names = [*STEPS]
    yield from sorted(made, key=lambda each: (
        names.index(each[0]) if each[0] in names else len(names), not each[2]["exact"].all()
    ))  # fmt: skip


def _differences(rows: Any) -> str:
    texts = [text for text in dict.fromkeys(rows["difference"]) if text]
    more = f"; and {len(texts) - 2} more" if len(texts) > 2 else ""
    return f"{'; or '.join(texts[:2])}{more}" or NOTHING


def _members(members: tuple[Variant, ...]) -> str:
    """Return the names of one step: ``control and tf_cast, bool mask``."""
    by_mask: dict[str, list[str]] = {}
    for remedy, mask_dtype in members:
        by_mask.setdefault(mask_dtype, []).append(remedy)
    return "; ".join(f"{listed(names)}, {mask} mask" for mask, names in by_mask.items())


def _count(rows: Any) -> int:
    return len(rows.drop_duplicates(_CELL))


def _every(judged: Any) -> Table:
    """Return every comparison of a step that needed a clock."""
    timed = judged[judged["word"] != Word.SAME_STEP.value]
    rows = [
        {
            "cell": f"{row.workload}, batch {row.batch}, {row.device}, {row.jit}, {row.step}; "
            f"{row.remedy}, {row.mask_dtype} mask; {row.machine}",
            "cost": row.text,
            f"{REFERENCE}'s step": seconds(row.seconds) if row.seconds else NOTHING,
            "launches": f"{row.launches}",
        }
        for row in timed.itertuples(index=False)
    ][:400]
    caption = "Every comparison of a step that needed a clock."
    return table(rows or [{"cell": "none", "cost": NOTHING}], "cell", caption, True)


def _cast(results: Results) -> Iterator[Any]:
    kernels = results.judged[results.judged["metric"] == "where_ratio"]
    if not len(kernels):
        return
    speed = results.metric("where_bandwidth")
    rows = []
    axes = ["device", "jit", "kernel", "mask_dtype"]
    for key, own in kernels.groupby(axes, sort=False):
        of = speed[(speed[axes] == list(key)).all(axis=1)]
        row = {"kernel": _kernel(*key)}
        for amount, alike in own.groupby("size"):
            share = of.loc[of["size"] == amount, "value"].median()
            bound = f"; {percent(share)} of a copy's speed" if share == share else ""
            row[size(amount)] = f"{summary(alike)}{bound}"
        rows.append(row)
    caption = (
        "tf.where alone, with and without a cast, by the bytes of its values, compared with "
        "tf.where on a bool mask. Its speed is that of a plain copy of as many bytes where it says "
        "100 %; caches can bring it above."
    )
    yield table(rows, "kernel", caption)
    yield Figure(
        "cast",
        "What does the cast cost by itself?",
        "; ".join(f"{_kernel(*key)}: {summary(own)}" for key, own in kernels.groupby(axes)),
        lambda figure, colors: figures.cast(figure, colors, kernels, _kernel),
    )


def _kernel(device: str, jit: str, kernel: str, mask_dtype: str) -> str:
    name = {"where": "tf.where", "where_cast": "tf.where after tf.cast"}.get(kernel, kernel)
    return f"{name}, {mask_dtype} mask, {jit}, {device}"


def _others(results: Results) -> Iterator[Any]:
    """Yield first steps, save and load, with the sizes of files."""
    drawn: list[tuple[str, Any]] = []
    for metric, label in COSTS.items():
        rows = []
        for key, own in results.compared(metric).groupby(
            ["remedy", "mask_dtype", "size"], sort=False
        ):
            remedy, mask_dtype, amount = key
            name = f"{remedy}" + (f", {mask_dtype} mask" if mask_dtype else "")
            name += f", size {amount}" if (results.metric(metric)["size"] > 0).any() else ""
            rows.append(
                {
                    "remedy": name,
                    label: summary(own),
                    f"{REFERENCE}'s": _times(own),
                    "measured on": f"{cells(own)}; {span(own['launches'])} launches",
                }
            )
        if rows:
            yield table(rows, "remedy", f"{label[0].upper()}{label[1:]}, against {REFERENCE}'s.")
        if metric != "first_step_ratio":
            whole = results.compared(metric).groupby("remedy", sort=False)
            drawn += [(f"{label}: {name}", own) for name, own in whole]
    files = results.metric("file_bytes")
    files = files[files["remedy"] != "placebo"]
    if len(files):
        rows = [
            {"remedy": name, "the .keras file": listed(size(v) for v in sorted(set(own["value"])))}
            for name, own in files.groupby("remedy", sort=False)
        ]
        yield table(rows, "remedy", "What is written.", True)
    if drawn:
        yield Figure(
            "files",
            f"Do save and load take longer than {REFERENCE}'s?",
            "; ".join(f"{name}: {summary(own)}" for name, own in drawn),
            lambda figure, colors: figures.steps(figure, colors, drawn),
        )


def _times(rows: Any) -> str:
    found = rows.loc[rows["seconds"] > 0, "seconds"]
    if not len(found):
        return NOTHING
    low, high = seconds(found.min()), seconds(found.max())
    return low if low == high else f"{low} to {high}"
