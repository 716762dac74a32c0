"""On GPUs: what was compiled for cards that are not here, and what was timed on those that are."""

from collections.abc import Iterator
from typing import Any

from remedies.registry import PLACEBO
from reports.costs import WORK, members
from reports.parts import Part, Section
from reports.results import Results, summary
from reports.wording import BASELINE, JITS, NOTHING, REFERENCE, STEPS, counted, listed, shared, size

COMPILER = "jax-cuda13-pjrt"
_STEP = ["workload", "batch", "step", "jit"]
_COUNTS = ("compares", "converts", "fusions", "kernels", "bytes_moved")
_FIRST = (REFERENCE, "bool")
_LIMITS = (
    "Whether two steps are one program for the card: with XLA, at the default batch size.",
    "Nothing about time, about the Python around a step, or about steps without XLA.",
    "Nothing about the kernels that a real card chooses by trying them, or takes from cuBLAS and "
    "cuDNN.",
)
_CAPTION = (
    f"The distinct programs; in brackets, how each differs from that of {BASELINE}. {WORK} for the "
    "card; how much time that takes is not known. A fusion is several operations in one kernel, "
    "and a kernel one call on the card. A float32 mask has 4 bytes a value, a bool one has 1."
)


def gpus(results: Results) -> Section:
    """Return the section on GPUs."""
    rows = results.metric("program_differs")
    rows = rows[rows["device"].isin(results.compiled) & (rows["remedy"] != PLACEBO)]
    devices = listed(map(str.upper, results.timed)) or "no device"
    answer = f"Steps were timed on {devices}. {results.gpu}"
    if not len(rows):
        return Section("gpus", "On GPUs", answer)
    answer += f" {_groups(rows)}{_confirmed(results, rows)}"
    facts = [results.run.facts.get(name, {}) for name in dict.fromkeys(rows["machine"])]
    versions = listed(sorted({each[COMPILER] for each in facts if COMPILER in each}))
    compiler = [f"The compiler was XLA in {COMPILER} {versions}."] if versions else []
    limits = Part("note", "What compiling alone says", [*_LIMITS, *compiler])
    table = Part("table", _CAPTION, _distinct(results, rows))
    return Section("gpus", "On GPUs", answer, [limits, table])


def _groups(rows: Any) -> str:
    """Say into how many distinct programs the steps fall, and whether the remedy has a bearing."""
    pairs = []
    for device, own in rows.groupby("device"):
        programs = len(own.drop_duplicates([*_STEP, "text"]))
        steps = own.groupby(["remedy", "mask_dtype"]).size()
        each = f"{counted(len(own), 'step')} ({steps.max()} of each remedy on each mask it takes)"
        pairs.append((device.upper(), f"{each} became {counted(programs, 'program')}"))
    text = "; ".join(f"for {cards}, {text}" for text, cards in shared(pairs).items())
    text = text[0].upper() + text[1:]
    apart = rows.groupby(["device", *_STEP, "mask_dtype"])["text"].nunique()
    if (apart == 1).all():
        return f"{text}: one for each workload, step and mask dtype, in any remedy."
    named = [
        f"{key[1]} {key[3]}, {key[-1]} mask, {key[0].upper()}" for key in apart.index[apart > 1]
    ]
    return f"{text}. The remedy has a bearing in {listed(named)}."


def _confirmed(results: Results, rows: Any) -> str:
    """Say how often the steps of a GPU that was run fall into the groups that were compiled for."""
    texts = ""
    for gpu in (name for name in results.timed if name != "cpu"):
        own = _grouped(results.metric("program_differs", device=gpu, jit="xla"))
        for device, made in rows.groupby("device"):
            compiled, run = _grouped(made).align(own, join="inner")
            texts += f" On {gpu.upper()}, {(compiled == run).sum()} of {len(run)} steps have the "
            texts += f"groups of {device.upper()}."
    return texts


def _grouped(rows: Any) -> Any:
    """Return for each (workload, batch, step) the sets of variants that are one program."""
    rows = rows[rows["remedy"] != PLACEBO]
    rows = rows.assign(variant=[*zip(rows["remedy"], rows["mask_dtype"], strict=True)])
    programs = rows.groupby([*_STEP, "text"])["variant"].agg(frozenset)
    return programs.groupby(level=_STEP).agg(frozenset)


def _distinct(results: Results, rows: Any) -> list[dict[str, str]]:
    """Return a row for each distinct program, with what is compiled to it and what it holds."""
    keys = ["device", *_STEP, "remedy", "mask_dtype"]
    counts = results.run.frame[results.run.frame["metric"].isin(_COUNTS)]
    counts = counts.pivot_table(index=keys, columns="metric", values="value", aggfunc="last")
    table = {key: amounts.dropna() for key, amounts in counts.iterrows()}
    made: dict[tuple[str, str], dict[str, str]] = {}
    for (device, *step, _), own in rows.groupby(["device", *_STEP, "text"], sort=False):
        workload, _, name, jit = step
        off = "" if jit == "xla" else f", {JITS.get((jit,), jit)}"
        title = f"{workload}, {STEPS.get(name, name)}{off}"
        variants = [*zip(own["remedy"], own["mask_dtype"], strict=True)]
        row = made.setdefault((title, members(variants)), {"step": title})
        row["compiled from"] = members(variants)
        amounts, first = (
            table.get((device, *step, *variant), {}) for variant in (variants[0], _FIRST)
        )
        texts = _texts(amounts, first)
        row[f"{device.upper()}, compiled, not run"] = ", ".join(texts) or NOTHING
        for gpu in (name for name in results.timed if name != "cpu"):
            where = {"workload": workload, "step": name, "jit": jit, "device": gpu}
            where |= dict(zip(("remedy", "mask_dtype"), variants[0], strict=True))
            row[f"timed on {gpu.upper()}"] = summary(results.compared("step_ratio", **where))
    return [*made.values()]


def _texts(amounts: Any, first: Any) -> Iterator[str]:
    """Yield each count of a program, with how many more or fewer than in the `first` program."""
    for name in (name for name in _COUNTS if name in amounts):
        in_bytes, more = name == "bytes_moved", amounts[name] - first.get(name, amounts[name])
        text = f"{size(amounts[name])} moved" if in_bytes else counted(amounts[name], name[:-1])
        amount = size(abs(more)) if in_bytes else f"{abs(more):,.0f}"
        yield f"{text} ({amount} {'more' if more > 0 else 'fewer'})" if more else text
