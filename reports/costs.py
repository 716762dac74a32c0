"""What each remedy costs: distinct steps, the cast, first steps, save and load."""

from collections.abc import Iterator, Sequence
from typing import Any

from remedies.words import Word
from reports import figures
from reports.parts import Figure, Section, Table
from reports.results import Results, cells, summary, times
from reports.vocabulary import COSTS, JITS, REFERENCE, STEPS
from reports.wording import NOTHING, listed, percent, shared, size, span

_CAPTION = (
    "Distinct steps, with the remedies and mask dtypes that make each. A compare is an instruction "
    "that tests values, as the cast of a float mask does (is it 0?); a convert changes a dtype; "
    "bytes moved are what the program's kernels read and write. More of them is more work: the "
    "cost is what that came to."
)
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
    by = [*_CELL, "exact", "difference"]
    judged = results.compared("step_ratio")
    makers = [members(variants) for _, variants in judged.groupby(by, sort=False)]
    # One comparison stands for those of all variants: they are one step.
    steps = judged.drop_duplicates(by).assign(makers=makers)
    steps["place"] = steps["workload"].where(~steps["exact"], "")
    steps = steps.sort_values(["step", "exact"], ascending=False, kind="stable")
    title = f"How much slower than {REFERENCE}'s is each distinct step?"
    groups = steps.groupby(["step", "exact", "makers"], sort=False)
    drawn = [(f"{STEPS.get(step, step)}\n{names}", own) for (step, _, names), own in groups]
    yield from _figure("steps", title, drawn)
    rows = []
    for (step, exact, makers, _), own in steps.groupby(
        ["step", "exact", "makers", "place"], sort=False
    ):
        differs = [text for text in dict.fromkeys(own["difference"]) if text]
        rows.append(
            {
                "step": f"{STEPS.get(step, step)}: {makers}",
                "measured on": f"{cells(own.drop(columns='batch'))}; batch {span(own['batch'])}",
                "cost": summary(own),
                "fresh processes": "none needed" if exact else span(own["launches"]),
                "samples": NOTHING if exact else span(own["samples"]),
                f"differs from {REFERENCE}'s": "; or ".join(differs[:2]) or NOTHING,
                f"{REFERENCE}'s step": times(own),
            }
        )
    if rows:
        yield Table(_CAPTION, rows, True)


def _figure(name: str, title: str, rows: Sequence[tuple[str, Any]]) -> Iterator[Figure]:
    if rows:
        said = (f"{row.replace(chr(10), ', ')}: {summary(own)}" for row, own in rows)
        yield Figure(name, title, "; ".join(said), figures.steps, rows)


def members(variants: Any) -> str:
    """Return the names of the `variants` of one step: ``control and tf_cast, bool mask``."""
    pairs = zip(variants["remedy"], variants["mask_dtype"], strict=True)
    return "; ".join(f"{names}, {mask} mask" for mask, names in shared(pairs).items())


def _cast(results: Results) -> Iterator[Table | Figure]:
    """Yield tf.where after tf.cast alone, by the mask's dtype and the bytes of the values."""
    judged = _where_cast(results.judged[results.judged["metric"] == "where_ratio"])
    speeds = _where_cast(results.metric("where_bandwidth"))
    speeds = speeds.groupby(["place", "mask_dtype", "size"])["value"].median()
    rows: list[dict[str, str]] = []
    panels: dict[str, dict[str, Any]] = {}
    for (place, mask), own in judged.groupby(["place", "mask_dtype"], sort=False):
        row = {"mask": f"{mask} mask, {place}"}
        for amount, each in own.groupby("size"):
            row[size(amount)] = summary(each)
            if (key := (place, mask, amount)) in speeds:
                row[size(amount)] += f"; {percent(speeds[key])} of a copy's speed"
        rows.append(row)
        panels.setdefault(place, {})[mask] = own.sort_values("size")
    if not rows:
        return
    title = "What does the cast cost by itself, by mask and size?"
    texts = "; ".join(f"{head} {text}" for row in rows for head, text in row.items())
    alt = f"Percent slower than tf.where on a bool mask, as in the table: {texts}."
    yield Figure("cast", title, alt, figures.cast, [*panels.items()])
    yield Table(
        "tf.where after tf.cast, alone, by the bytes of its values, against tf.where on a bool "
        "mask. 100 % of a copy's speed: as many bytes a second as a plain copy; caches can exceed "
        "it.",
        rows,
        True,
    )


def _where_cast(rows: Any) -> Any:
    """Return the rows of tf.where after tf.cast, with what a reader calls their device and jit."""
    rows = rows[rows["kernel"] == "where_cast"]
    jits = rows["jit"].map(lambda jit: JITS.get((jit,), jit))
    return rows.assign(place=rows["device"].str.upper() + ", " + jits)


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
