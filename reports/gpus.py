"""On GPUs: what was compiled for cards that are not here, and what was timed on those that are."""

from collections.abc import Iterator
from typing import Any

from remedies.registry import PLACEBO
from reports.costs import members
from reports.parts import Section, Table
from reports.results import Results, cells, summary
from reports.vocabulary import JITS, STEPS
from reports.wording import NOTHING, counted, listed, size

COMPILER = "jax-cuda13-pjrt"
_STEP = ["workload", "batch", "step", "jit"]
_COUNTS = ("compares", "converts", "fusions", "kernels")
_LIMITS = (
    "Compiled, not run, says:",
    "Whether two steps are one program for the card: with XLA, at the default batch size.",
    "Nothing about time, about the Python around a step, or about steps without XLA.",
    "Nothing about the kernels that a real card chooses by trying them, or takes from cuBLAS and "
    "cuDNN.",
)


def gpus(results: Results) -> Section:
    """Return the section on GPUs."""
    rows = _programs(results)
    answer = f"Steps were timed on {listed(results.timed) or 'no device'}. {results.gpu}"
    if not len(rows):
        return Section("gpus", "On GPUs", answer)
    answer += f" {_groups(rows)}{_confirmed(results, rows)}"
    parts: list[Any] = [
        [*_LIMITS],
        *_made(results, rows),
        *_floats(results),
        *_distinct(results, rows),
    ]
    return Section("gpus", "On GPUs", answer, parts)


def _programs(results: Results) -> Any:
    """Return a row for each step that was compiled and not run."""
    rows = results.metric("program_differs")
    return rows[rows["device"].isin(results.compiled) & (rows["remedy"] != PLACEBO)]


def _groups(rows: Any) -> str:
    """Say into how many distinct programs the steps fall, and whether the remedy has a bearing."""
    cards: dict[str, list[str]] = {}
    for device, own in rows.groupby("device"):
        distinct = len(own[[*_STEP, "text"]].drop_duplicates())
        text = f"{counted(len(own), 'step')} became {counted(distinct, 'program')}"
        cards.setdefault(text, []).append(device)
    texts = [f"{text} for {listed(names)}" + " each" * (len(names) > 1)
             for text, names in cards.items()]  # fmt: skip
    apart = rows.groupby(["device", *_STEP, "mask_dtype"])["text"].nunique()
    if (apart == 1).all():
        return f"{'; '.join(texts)}: one for each workload, step and mask dtype, in any remedy."
    named = [f"{key[1]} {key[3]}, {key[-1]} mask, {key[0]}" for key in apart[apart > 1].index]
    return f"{'; '.join(texts)}. The remedy has a bearing in {listed(named)}."


def _confirmed(results: Results, rows: Any) -> str:
    """Say how often the steps of a GPU that was run fall into the groups that were compiled for."""
    texts = ""
    for gpu in (name for name in results.timed if name != "cpu"):
        own = _grouped(results.metric("program_differs", device=gpu, jit="xla"))
        for device, made in rows.groupby("device"):
            both = [(groups, own[key]) for key, groups in _grouped(made).items() if key in own]
            equal = sum(item == other for item, other in both)
            texts += f" On {gpu}, {equal} of {len(both)} steps have the groups of {device}."
    return texts


def _grouped(rows: Any) -> dict[Any, Any]:
    """Return (workload, batch, step) -> the sets of variants that are one program."""
    rows = rows[rows["remedy"] != PLACEBO]
    return {
        key: {frozenset(zip(each["remedy"], each["mask_dtype"], strict=True))
              for _, each in own.groupby("text")}
        for key, own in rows.groupby(_STEP)
    }  # fmt: skip


def _made(results: Results, rows: Any) -> Iterator[Table]:
    made = []
    for device, own in rows.groupby("device"):
        facts = [results.run.facts.get(name, {}) for name in dict.fromkeys(own["machine"])]
        versions = sorted({each[COMPILER] for each in facts if COMPILER in each})
        made.append(
            {
                "card": f"{device}: compiled, not run",
                "steps": f"{len(own)} ({cells(own.drop(columns='device'))})",
                "distinct programs": str(len(own[[*_STEP, "text"]].drop_duplicates())),
                "fed bool masks": results.programs(device=device),
                "compiler": f"XLA in {COMPILER} {listed(versions)}" if versions else NOTHING,
            }
        )
    yield Table("What was compiled, for which cards, and by what.", made)


def _floats(results: Results) -> Iterator[Table]:
    """Yield what a float mask adds to the program of tf_cast; beside it times, where there are."""
    made = []
    names = (*_COUNTS, "bytes_moved")
    for key, bool_mask in _table(results, names, "bool").items():
        float_mask = _table(results, names, "float32").get(key)
        if float_mask is None:
            continue
        device, *step = key
        row = {"step": f"{_titled(step)}, {device}"}
        for name in names:
            ends = (bool_mask.get(name), float_mask.get(name))
            if None not in ends:
                row[name.replace("_", " ")] = " to ".join(f"{end:,.0f}" for end in ends)
        for gpu in (name for name in results.timed if name != "cpu"):
            where = dict(zip(("workload", "step", "jit"), (step[0], *step[2:]), strict=True))
            timed = results.compared("step_ratio", device=gpu, mask_dtype="float32", **where)
            row[f"timed on {gpu}"] = summary(timed)
        made.append(row)
    if made:
        yield Table(
            "What changes in the program of tf_cast if its mask is float32, not bool.", made
        )


def _table(results: Results, names: tuple[str, ...], mask_dtype: str) -> dict[Any, Any]:
    """Return (device, workload, batch, step) -> count by name, of tf_cast."""
    rows = results.run.frame
    rows = rows[rows["metric"].isin(names) & rows["device"].isin(results.compiled)]
    rows = rows[(rows["remedy"] == "tf_cast") & (rows["mask_dtype"] == mask_dtype)]
    return {
        key: dict(zip(own["metric"], own["value"], strict=True))
        for key, own in rows.groupby(["device", *_STEP], sort=False)
    }


def _titled(step: list[Any]) -> str:
    """Return the name of a step for a reader; XLA is named where it is off, as it mostly is on."""
    workload, _, name, jit = step
    off = "" if jit == "xla" else f", {JITS.get((jit,), jit)}"
    return f"{workload}, {STEPS.get(name, name)}{off}"


def _distinct(results: Results, rows: Any) -> Iterator[Table]:
    """Yield each distinct program with the remedies and mask dtypes that are compiled to it."""
    names = [*_COUNTS, "bytes_moved"]
    frame = results.run.frame
    keys = ["device", *_STEP, "remedy", "mask_dtype"]
    counts = frame[frame["metric"].isin(names)].set_index([*keys, "metric"])["value"]
    made: dict[tuple[str, str], dict[str, str]] = {}
    for (device, *step, _), own in rows.groupby(["device", *_STEP, "text"], sort=False):
        variants = members(own[["remedy", "mask_dtype"]].itertuples(index=False))
        title = _titled(step)
        row = made.setdefault((title, variants), {"step": title, "compiled from": variants})
        first = tuple(own[keys].iloc[0])
        current = {name: counts.get((*first, name)) for name in names}
        texts = [counted(current[name], name[:-1]) for name in _COUNTS if current[name] is not None]
        texts += [f"{size(current[names[-1]])} moved"] if current[names[-1]] is not None else []
        row[device] = ", ".join(texts) or NOTHING
    yield Table("The distinct programs.", [*made.values()], folded=True)
