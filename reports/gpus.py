"""On GPUs: what was compiled for cards that are not here, and what was timed on those that are."""

from collections.abc import Iterator
from typing import Any

from remedies.registry import PLACEBO
from reports.costs import members
from reports.parts import Note, Section, Table
from reports.results import Results, summary
from reports.vocabulary import JITS, REFERENCE, STEPS
from reports.wording import NOTHING, counted, listed, shared, size

COMPILER = "jax-cuda13-pjrt"
_STEP = ["workload", "batch", "step", "jit"]
_COUNTS = ("compares", "converts", "fusions", "kernels")
_LIMITS = (
    "Whether two steps are one program for the card: with XLA, at the default batch size.",
    "Nothing about time, about the Python around a step, or about steps without XLA.",
    "Nothing about the kernels that a real card chooses by trying them, or takes from cuBLAS and "
    "cuDNN.",
)
_CAPTION = (
    "The distinct programs; in brackets, how each differs from that of "
    f"{REFERENCE} on a bool mask. "
    "A compare tests values, as the cast of a float mask does (is it 0?); a convert changes a "
    "dtype; a fusion is several operations in one kernel, and a kernel one call on the card; bytes "
    "moved are what they read and write (a float32 mask has 4 a value, a bool one has 1). More of "
    "them is more work for the card; how much time that takes is not known."
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
    limits = Note([*_LIMITS, *compiler], "What compiling alone says")
    return Section("gpus", "On GPUs", answer, [limits, Table(_CAPTION, _distinct(results, rows))])


def _groups(rows: Any) -> str:
    """Say into how many distinct programs the steps fall, and whether the remedy has a bearing."""
    programs = rows.drop_duplicates(["device", *_STEP, "text"]).groupby("device").size()
    texts = [
        f"{text} for {cards}" + " each" * (" and " in cards)
        for text, cards in shared(
            (
                device.upper(),
                f"{counted(len(own), 'step')} became {counted(programs[device], 'program')}",
            )
            for device, own in rows.groupby("device")
        ).items()
    ]
    apart = rows.groupby(["device", *_STEP, "mask_dtype"])["text"].nunique()
    if (apart == 1).all():
        return f"{'; '.join(texts)}: one for each workload, step and mask dtype, in any remedy."
    named = [
        f"{key[1]} {key[3]}, {key[-1]} mask, {key[0].upper()}" for key in apart[apart > 1].index
    ]
    return f"{'; '.join(texts)}. The remedy has a bearing in {listed(named)}."


def _confirmed(results: Results, rows: Any) -> str:
    """Say how often the steps of a GPU that was run fall into the groups that were compiled for."""
    texts = ""
    for gpu in (name for name in results.timed if name != "cpu"):
        own = _grouped(results.metric("program_differs", device=gpu, jit="xla"))
        for device, made in rows.groupby("device"):
            both = [(groups, own[key]) for key, groups in _grouped(made).items() if key in own]
            equal = sum(item == other for item, other in both)
            texts += f" On {gpu.upper()}, {equal} of {len(both)} steps have the groups of "
            texts += f"{device.upper()}."
    return texts


def _grouped(rows: Any) -> dict[Any, Any]:
    """Return (workload, batch, step) -> the sets of variants that are one program."""
    rows = rows[rows["remedy"] != PLACEBO]
    return {
        key: {frozenset(zip(each["remedy"], each["mask_dtype"], strict=True))
              for _, each in own.groupby("text")}
        for key, own in rows.groupby(_STEP)
    }  # fmt: skip


def _distinct(results: Results, rows: Any) -> list[dict[str, str]]:
    """Return a row for each distinct program, with what is compiled to it and what it holds."""
    frame = results.run.frame
    keys = ["device", *_STEP, "remedy", "mask_dtype"]
    counts = frame[frame["metric"].isin([*_COUNTS, "bytes_moved"])]
    table = counts.pivot_table(index=keys, columns="metric", values="value", aggfunc="last")
    made: dict[tuple[str, str], dict[str, str]] = {}
    for (device, *step, _), own in rows.groupby(["device", *_STEP, "text"], sort=False):
        title = (_titled(step), members(own))
        row = made.setdefault(title, dict(zip(("step", "compiled from"), title, strict=True)))
        remedy, mask_dtype = own[["remedy", "mask_dtype"]].iloc[0]
        amounts, first = (
            table.loc[key].dropna() if (key := (device, *step, *variant)) in table.index else {}
            for variant in ((remedy, mask_dtype), (REFERENCE, "bool"))
        )
        row[f"{device.upper()}, compiled, not run"] = ", ".join(_texts(amounts, first)) or NOTHING
        for gpu in (name for name in results.timed if name != "cpu"):
            where = dict(zip(_STEP[0::2], step[0::2], strict=True)) | {"jit": step[3]}
            timed = results.compared(
                "step_ratio", device=gpu, remedy=remedy, mask_dtype=mask_dtype, **where
            )
            row[f"timed on {gpu.upper()}"] = summary(timed)
    return [*made.values()]


def _titled(step: list[Any]) -> str:
    """Return the name of a step for a reader; XLA is named where it is off, as it mostly is on."""
    workload, _, name, jit = step
    off = "" if jit == "xla" else f", {JITS.get((jit,), jit)}"
    return f"{workload}, {STEPS.get(name, name)}{off}"


def _texts(amounts: Any, first: Any) -> Iterator[str]:
    """Yield each count of a program, with how many more or fewer than in the `first` program."""
    for name in (name for name in (*_COUNTS, "bytes_moved") if name in amounts):
        in_bytes, more = name == "bytes_moved", amounts[name] - first.get(name, amounts[name])
        text = f"{size(amounts[name])} moved" if in_bytes else counted(amounts[name], name[:-1])
        amount = size(abs(more)) if in_bytes else f"{abs(more):,.0f}"
        yield f"{text} ({amount} {'more' if more > 0 else 'fewer'})" if more else text
