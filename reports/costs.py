"""What each remedy costs: distinct steps, the cast, first steps, save and load; and on GPUs."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from remedies import REFERENCE
from remedies.intervals import Word
from remedies.registry import PLACEBO
from reports import figures
from reports.judge import cells, summary, times
from reports.results import Part, Results, Section
from reports.wording import BASELINE, COSTS, JITS, STEPS, counted, listed, shared, size, span

COMPILER = "jax-cuda13-pjrt"
_STEP = ["workload", "batch", "step", "jit"]
_COUNTS = ("compares", "converts", "fusions", "kernels", "bytes_moved")
_WORK = (
    "A compare tests values, as the cast of a float mask does (is it 0?); a convert changes a "
    "dtype; bytes moved are what the program's kernels read and write. More of them is more work"
)
_LIMITS = (
    "Whether two steps are one program for the card: with XLA, at the default batch size.",
    "Nothing about time, about the Python around a step, or about steps without XLA.",
    "Nothing about the kernels that a real card chooses by trying them, or takes from cuBLAS and "
    "cuDNN.",
)
_CAPTION = (
    f"The distinct programs; in brackets, how each differs from that of {BASELINE}. {_WORK} for "
    "the card; how much time that takes is not known. A fusion is several operations in one "
    "kernel, and a kernel one call on the card. A float32 mask has 4 bytes a value, a bool one "
    "has 1."
)


def costs(results: Results) -> Section:
    """Return the section on what each remedy costs."""
    rows = results.compared("step_ratio", mask_dtype="bool")
    texts = [] if len(rows) else ["These results hold no step"]
    if len(rows):
        other = rows[rows["word"] != Word.SAME_STEP.value]
        others = other.groupby("remedy", sort=False)
        kinds = listed(f"{STEPS[step]}s" for step in other["step"].unique())
        but = f" but the {kinds} of {listed(others.groups)}" if len(other) else ""
        same = f"all steps{but} are exactly those of {BASELINE} ({cells(rows)})"
        texts.append(f"Fed bool masks, {same}, at equal cost")
        texts += [f"{remedy}: {summary(own)}" for remedy, own in others]
    files = {f"{label}: {remedy}": own for metric, label in COSTS.items()
             for remedy, own in results.compared(metric).groupby("remedy", sort=False)}  # fmt: skip
    title = f"Do the first step, save and load take longer than with {BASELINE}?"
    caption = "The first step, save and load of each remedy."
    parts = [*_steps(results), *_cast(results), *_drawn("files", title, files, caption)]
    return Section("costs", "What each remedy costs", f"{'; '.join(texts)}.", parts)


def _steps(results: Results) -> Iterator[Part]:
    """Yield the distinct steps: variants of which every cell says the same are one."""
    judged = results.compared("step_ratio")
    same: dict[Any, list[tuple[str, str, Any]]] = {}
    for (step, remedy, mask), own in judged.groupby(["step", "remedy", "mask_dtype"], sort=False):
        apart = bool((own["word"] != Word.SAME_STEP.value).any())
        key = (step != "train", step, apart, *(own["ratio"].fillna(0) if apart else ()))
        same.setdefault(key, []).append((remedy, mask, own))
    rows = {}
    for key in sorted(same, key=lambda key: key[:3]):
        label = f"{STEPS.get(key[1], key[1])}: {_members(variant[:2] for variant in same[key])}"
        rows[label] = same[key][0][2]
    title = f"How much slower than {BASELINE} is each distinct step?"
    return _drawn("steps", title, rows, f"Distinct steps, with what makes each. {_WORK}.")


def _drawn(name: str, title: str, rows: dict[str, Any], caption: str) -> Iterator[Part]:
    if not rows:
        return
    said = "; ".join(f"{label}: {summary(own)}" for label, own in rows.items())
    yield Part("figure", title, [*rows.items()], below=said, name=name, draw=figures.steps)
    made = []
    for label, own in rows.items():
        row = {"what": label, "measured on": cells(own), "cost": summary(own)}
        row["sessions"] = span(own["launches"]) if own["launches"].any() else "none needed"
        if differs := [text for text in own["difference"].unique() if text]:
            row["differs from the baseline's"] = "; or ".join(differs[:2])
        made.append(row | {"the baseline takes": times(own)})
    yield Part("table", caption, made, True)


def _members(variants: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{names}, {mask} mask" for mask, names in shared(variants).items())


def _cast(results: Results) -> Iterator[Part]:
    judged = results.compared("where_ratio", kernel="where_cast")
    rows: list[dict[str, str]] = []
    panels: dict[str, dict[str, Any]] = {}
    for (device, jit, mask), own in judged.groupby(["device", "jit", "mask_dtype"], sort=False):
        place = f"{device.upper()}, {JITS.get((jit,), jit)}"
        sizes = {size(amount): summary(each) for amount, each in own.groupby("size")}
        rows.append({"mask": f"{mask} mask, {place}", **sizes})
        panels.setdefault(place, {})[mask] = own.sort_values("size")
    if rows:
        title = (
            "What does the cast cost by itself, by the mask's dtype and the bytes of the values?"
        )
        alt = "Percent slower than tf.where on a bool mask, as in the table below."
        yield Part("figure", title, [*panels.items()], below=alt, name="cast", draw=figures.cast)
        caption = "tf.where after tf.cast, alone, by the bytes of its values, against tf.where on a"
        yield Part("table", f"{caption} bool mask.", rows, True)


def gpus(results: Results) -> Section:
    """Return the section on GPUs: compiled for cards that are not here, timed on those that are."""
    rows = results.metric("program_differs")
    rows = rows[rows["device"].isin(results.compiled) & (rows["remedy"] != PLACEBO)]
    devices = listed(map(str.upper, results.timed)) or "no device"
    answer = f"Steps were timed on {devices}. {results.gpu}"
    if not len(rows):
        return Section("gpus", "On GPUs", answer)
    answer += f" {_groups(rows)}{_confirmed(results, rows)}"
    facts = [results.run.facts[name] for name in rows["machine"].unique()]
    versions = listed(sorted({each[COMPILER] for each in facts if COMPILER in each}))
    compiler = [f"The compiler was XLA in {COMPILER} {versions}."] if versions else []
    limits = Part("note", "What compiling alone says", [*_LIMITS, *compiler])
    table = Part("table", _CAPTION, _distinct(results, rows))
    return Section("gpus", "On GPUs", answer, [limits, table])


def _groups(rows: Any) -> str:
    pairs = []
    for device, own in rows.groupby("device"):
        programs = counted(len(own.drop_duplicates([*_STEP, "text"])), "program")
        most = own.groupby(["remedy", "mask_dtype"]).size().max()
        each = f"{counted(len(own), 'step')} ({most} of each remedy on each mask it takes)"
        pairs.append((device.upper(), f"{each} became {programs}"))
    text = "; for ".join(f"{cards}, {text}" for text, cards in shared(pairs).items())
    apart = rows.groupby(["device", *_STEP, "mask_dtype"])["text"].nunique()
    if (apart == 1).all():
        return f"For {text}: one for each workload, step and mask dtype, in any remedy."
    named = [f"{workload} {step}, {mask} mask, {device.upper()}"
             for device, workload, _, step, _, mask in apart.index[apart > 1]]  # fmt: skip
    return f"For {text}. The remedy has a bearing in {listed(named)}."


def _confirmed(results: Results, rows: Any) -> str:
    """Say how often the steps of a GPU that was run fall into the groups that were compiled for."""
    texts = ""
    for gpu, (card, own) in itertools.product(results.gpus, rows.groupby("device")):
        run = _grouped(results.metric("program_differs", device=gpu, jit="xla"))
        run, compiled = run.align(_grouped(own), join="inner")
        same = f"{(compiled == run).sum()} of {len(run)} steps"
        texts += f" On {gpu.upper()}, {same} have the groups of {card.upper()}."
    return texts


def _grouped(rows: Any) -> Any:
    rows = rows[rows["remedy"] != PLACEBO]
    rows = rows.assign(variant=rows["remedy"] + " " + rows["mask_dtype"])
    programs = rows.groupby([*_STEP, "text"])["variant"].agg(frozenset)
    return programs.groupby(level=_STEP).agg(frozenset)


def _distinct(results: Results, rows: Any) -> list[dict[str, str]]:
    keys = ["device", *_STEP, "remedy", "mask_dtype"]
    counts = results.run.frame[results.run.frame["metric"].isin(_COUNTS)]
    counts = counts.pivot_table(index=keys, columns="metric", values="value", aggfunc="last")
    table = {key: amounts.dropna() for key, amounts in counts.iterrows()}
    made: dict[tuple[str, str], dict[str, str]] = {}
    for (device, *cell, _), own in rows.groupby(["device", *_STEP, "text"], sort=False):
        workload, _, step, jit = cell
        off = "" if jit == "xla" else f", {JITS.get((jit,), jit)}"
        title = f"{workload}, {STEPS.get(step, step)}{off}"
        (remedy, mask), *_ = variants = [*zip(own["remedy"], own["mask_dtype"], strict=True)]
        row = {"step": title, "compiled from": _members(variants)}
        row = made.setdefault((title, row["compiled from"]), row)
        amounts, first = (
            table.get((device, *cell, *variant), {})
            for variant in ((remedy, mask), (REFERENCE, "bool"))
        )
        row[f"{device.upper()}, compiled, not run"] = ", ".join(_texts(amounts, first))
        for gpu in results.gpus:
            timed = results.compared("step_ratio", workload=workload, step=step, jit=jit,
                                     device=gpu, remedy=remedy, mask_dtype=mask)  # fmt: skip
            row[f"timed on {gpu.upper()}"] = summary(timed)
    return [*made.values()]


def _texts(amounts: Any, first: Any) -> Iterator[str]:
    """Yield each count of a program, with how many more or fewer than in the `first` program."""
    for name in (name for name in _COUNTS if name in amounts):
        in_bytes, more = name == "bytes_moved", amounts[name] - first.get(name, amounts[name])
        text = f"{size(amounts[name])} moved" if in_bytes else counted(amounts[name], name[:-1])
        amount = size(abs(more)) if in_bytes else f"{abs(more):,.0f}"
        yield f"{text} ({amount} {'more' if more > 0 else 'fewer'})" if more else text
