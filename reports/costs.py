"""What each remedy costs: distinct steps, the cast, first steps, save and load."""

from collections.abc import Iterable, Iterator
from typing import Any

from remedies.intervals import Word
from reports import figures
from reports.parts import Part, Section
from reports.results import Results, cells, summary, times
from reports.wording import BASELINE, COSTS, JITS, STEPS, listed, shared, size, span

WORK = (
    "A compare tests values, as the cast of a float mask does (is it 0?); a convert changes a "
    "dtype; bytes moved are what the program's kernels read and write. More of them is more work"
)


def costs(results: Results) -> Section:
    """Return the section on what each remedy costs."""
    rows = results.compared("step_ratio", mask_dtype="bool")
    answer = "These results hold no step."
    if len(rows):
        other = rows[rows["word"] != Word.SAME_STEP.value]
        others = other.groupby("remedy", sort=False)
        kinds = listed(f"{STEPS[step]}s" for step in other["step"].unique())
        but = f" but the {kinds} of {listed(others.groups)}" if len(other) else ""
        answer = (
            f"Fed bool masks, all steps{but} are exactly those of {BASELINE} "
            f"({cells(rows)}), at equal cost"
        )
        answer += "".join(f"; {remedy}: {summary(own)}" for remedy, own in others) + "."
    parts = [*_steps(results), *_cast(results), *_once(results)]
    return Section("costs", "What each remedy costs", answer, parts)


def _steps(results: Results) -> Iterator[Part]:
    """Yield the distinct steps: variants of which every cell says the same are one."""
    judged = results.compared("step_ratio")
    tables: dict[Any, Any] = {}
    same: dict[Any, list[tuple[str, str]]] = {}
    for (step, remedy, mask), own in judged.groupby(["step", "remedy", "mask_dtype"], sort=False):
        apart = bool((own["word"] != Word.SAME_STEP.value).any())
        key = (step != "train", str(step), apart, *(own["ratio"].fillna(0) if apart else ()))
        tables.setdefault(key, own)
        same.setdefault(key, []).append((str(remedy), str(mask)))
    rows = {f"{STEPS.get(key[1], key[1])}: {members(same[key])}": tables[key]
            for key in sorted(same, key=lambda key: key[:3])}  # fmt: skip
    title = f"How much slower than {BASELINE} is each distinct step?"
    return _drawn("steps", title, rows, f"Distinct steps, with what makes each. {WORK}.")


def _drawn(name: str, title: str, rows: dict[str, Any], caption: str) -> Iterator[Part]:
    """Yield a figure of comparisons by what they are of, and the same in a folded table."""
    if not rows:
        return
    said = "; ".join(f"{label}: {summary(own)}" for label, own in rows.items())
    yield Part("figure", title, [*rows.items()], below=said, name=name, draw=figures.steps)
    made = []
    for label, own in rows.items():
        row = {"what": label, "measured on": cells(own), "cost": summary(own)}
        row["sessions"] = span(own["launches"]) if own["launches"].any() else "none needed"
        if differs := [text for text in dict.fromkeys(own["difference"]) if text]:
            row["differs from the baseline's"] = "; or ".join(differs[:2])
        made.append(row | {"the baseline takes": times(own)})
    yield Part("table", caption, made, True)


def members(variants: Iterable[tuple[str, str]]) -> str:
    """Return the (remedy, mask dtype)s of one step: ``control and tf_cast, bool mask``."""
    return "; ".join(f"{names}, {mask} mask" for mask, names in shared(variants).items())


def _cast(results: Results) -> Iterator[Part]:
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
    yield Part("figure", title, [*panels.items()], below=alt, name="cast", draw=figures.cast)
    caption = (
        "tf.where after tf.cast, alone, by the bytes of its values, against tf.where on a bool"
    )
    yield Part("table", f"{caption} mask.", rows, True)


def _once(results: Results) -> Iterator[Part]:
    """Yield first steps, saves and loads of each remedy."""
    rows = {f"{label}: {remedy}": own for metric, label in COSTS.items()
            for remedy, own in results.compared(metric).groupby("remedy", sort=False)}  # fmt: skip
    title = f"Do the first step, save and load take longer than with {BASELINE}?"
    return _drawn("files", title, rows, "The first step, save and load of each remedy.")
