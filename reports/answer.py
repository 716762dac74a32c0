"""The top of the page: the remedy that the results recommend, its price, and all in a table."""

import difflib
import math
import textwrap
from collections.abc import Iterator
from functools import partial

from remedies import REFERENCE, REMEDIES, WORKLOADS
from remedies.intervals import Word
from remedies.registry import code, preference
from reports.judge import cells, shares, summary, times
from reports.results import CONTROL, EVERYTHING, Part, Results, Section
from reports.wording import HARM, NOTHING, SITUATIONS, STEPS, counted, listed, prose, shared

_CELLS = ("kept", "raises", "warns", "silent")  # of harm, as wide as a word
_BRIEF = {  # beside a remedy's name
    "control": "the model as it is",
    "build_from_config": "one method more",
    "build_from_config_pair": "two methods more",
    "tf_cast": "cast the mask",
    "functional_bool_input": "a functional model",
    "ops_where": "keras.ops.where",
}
_REFUSED = (
    "When Keras loads the file, it calls the model with a float32 mask in place of the bool one; "
    "tf.where refuses that mask, and"
)
_WHY = {  # it helps, beside the change
    "tf_cast": f"{_REFUSED} the cast lets that call pass. On bool masks it changes nothing else.",
    "ops_where": f"{_REFUSED} keras.ops.where casts it.",
}
_CURES = {  # where no remedy helps
    "weights_called": "optimizer.build(model.trainable_variables) before load_weights keeps all"
}
LOST = "What you still lose"
_COSTS: dict[str, tuple[str, dict[str, str]]] = {
    label: ("step_ratio", {"mask_dtype": "bool", "step": step}) for step, label in STEPS.items()
} | {"save": ("save_ratio", {}), "load": ("load_ratio", {})}


def ranked(results: Results) -> list[str]:
    """Return the remedies that keep all, in the order of the rule in templates/method.txt."""
    others = [name for name in REMEDIES if name != CONTROL]
    whole = [name for name in others if results.keeps(name) == EVERYTHING]
    return sorted(whole, key=partial(_rank, results))


def _rank(results: Results, remedy: str) -> tuple[float, ...]:
    changed = results.metric("recipe_lines", remedy=remedy).drop_duplicates("workload", keep="last")
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    rows = rows[rows["word"].isin([Word.SLOWER.value, Word.PYTHON.value]) & (rows["low"] > 0)]
    cost = max(shares(rows, "ratio").dropna(), default=0.0)
    lines = changed["value"].sum() if len(changed) else math.inf
    return preference(lines, cost, results.survived[remedy])


def answer(results: Results) -> Section:
    """Return the section that opens the page."""
    best = ranked(results)
    remedy = best[0] if best else ""
    table = [overview(results, remedy)] if results.remedies else []
    states = (f"{name} ({results.keeps(name)})" for name in results.remedies if name != CONTROL)
    sentence = "No remedy can be recommended."
    detail = f"None is known to keep everything in every workload: {'; '.join(states)}."
    if best:
        sentence, detail = _sentence(results, remedy)
        table.insert(0, diff(results, remedy))
        table.insert(1, Part("note", LOST, _lost(results, remedy)))
        table.append(Part("note", "Why this helps, and why this remedy", [*_why(results, best)]))
    if results.harms(CONTROL).get("rescued") == 0:
        table.append(Part("note", "If the file is there already", prose("unchanged")))
    others = [name for name in results.remedies if name in {*REMEDIES} - {CONTROL, remedy}]
    folded = [diff(results, name, folded=True) for name in others]
    return Section("answer", "What to do", sentence, [*table, *heat(results), *folded], detail)


def _sentence(results: Results, remedy: str) -> tuple[str, str]:
    lines = results.lines(remedy)
    change = f", {lines} line{'' if lines == '1' else 's'} to change" if lines else ""
    models = counted(results.metric("weights_lost")["workload"].nunique(), "test model")
    texts = [
        f"Saved as .keras and loaded, twice over, {models} came back with all weights, the "
        "optimizer's state and the compile settings."
    ]
    for device in results.timed:
        fed = {"mask_dtype": "bool", "device": device}
        words = [results.compared("step_ratio", remedy=r, **fed)["word"] for r in (remedy, CONTROL)]
        if all({*own} == {Word.SAME_STEP} for own in words):
            text = f"On the {device.upper()} a step on bool masks costs what it did, exactly."
            texts.append(text)
    harms = results.harms(remedy)
    if harmed := (harms > 0).sum():
        count = counted(len(harms), "situation")
        texts.append(f"In {harmed} of the {count} below it still loses something.")
    return f"{REMEDIES[remedy].idea.rstrip('.')} ({remedy}{change}).", " ".join(texts)


def _lost(results: Results, remedy: str) -> list[str]:
    rows = results.metric("situation_harm", remedy=remedy)
    states = dict(zip(rows["situation"], rows["text"], strict=True))
    harms = results.harms(remedy)
    made = [] if len(harms) else ["Not known: these results hold no situation."]
    for name, worst in harms[harms > 0].sort_values(ascending=False, kind="stable").items():
        better = [other for other in results.remedies if results.harms(other).get(name) == 0]
        helps = f"{listed(better)} {'keep' if len(better) > 1 else 'keeps'} all"
        helps = helps if better else _CURES.get(name, "no remedy keeps all")
        harm = f"{listed(states[name].split(', '))} {HARM[min(3, int(worst))]}".lstrip()
        harm = harm.replace("outputs lost", "other outputs")
        made.append(f"{SITUATIONS.get(name, name)}: {harm}; {helps}.")
    return made or ["Nothing in the situations tried."]


def _why(results: Results, best: list[str]) -> Iterator[str]:
    remedy, *others = best
    if remedy in _WHY:
        yield _WHY[remedy]
    if others:
        fewer = "changes the fewest lines"
        if _rank(results, remedy)[0] == _rank(results, others[0])[0]:
            fewer = "changes no more lines than any other, and costs no more"
        most = max(others, key=lambda name: results.survived[name])
        if results.survived[most] > results.survived[remedy]:
            fewer += f"; {most} keeps the model in more of the situations below"
        count = f"Of the {len(best)} remedies that keep everything, saved and loaded twice"
        yield f"{count}, {remedy} {fewer}."
    floats = results.compared("step_ratio", remedy=remedy, mask_dtype="float32")
    if not floats["word"].isin([Word.SAME_STEP.value, Word.SAME.value]).all():
        yield f"If you feed masks as float32 in place of bool, a step: {summary(floats)}."


def diff(results: Results, remedy: str, folded: bool = False) -> Part:
    """Return what `remedy` changes in the first workload's control, from the recipe files."""
    workload, folder = next((name, each.folder) for name, each in WORKLOADS.items())
    control, changed = (code(folder / f"{name}.py") for name in (CONTROL, remedy))
    edits = [*difflib.unified_diff(control, changed, n=1, lineterm="")][3:]
    edits = ["" if edit.startswith("@@") else edit for edit in edits]
    while edits[-1][:1] in ("", " "):  # nothing after the last change
        del edits[-1]
    inner = textwrap.dedent("\n".join(edit[1:] for edit in edits)).replace("'", '"').split("\n")
    text = "\n".join(edit[:1] + rest for edit, rest in zip(edits, inner, strict=True))
    lines = results.metric("recipe_lines", remedy=remedy).groupby("workload")["value"].max()
    sizes = shared((name, counted(amount, "line")) for name, amount in lines.items())
    texts = "; ".join(f"{amount} in {names}" for amount, names in sizes.items())
    title = f"The code of {remedy}" if folded else "The change"
    title += f", in the test model {workload} ({texts or 'not counted'})"
    return Part("code", title, text, folded)


def overview(results: Results, first: str = "") -> Part:
    """Return the table of remedies, the recommended one `first`."""
    rows = []
    for remedy in sorted(results.remedies, key=lambda name: name != first):
        marks = ["recommended"] * (remedy == first) + ["baseline"] * (remedy == REFERENCE)
        name = f"{remedy}: {_BRIEF[remedy]}" if remedy in _BRIEF else remedy
        name += f" ({', '.join(marks)})" if marks else ""
        keeps, harms = results.keeps(remedy), results.harms(remedy)
        if len(harms):
            keeps += f"; {(harms == 0).sum()} of {len(harms)} situations"
        lines = results.lines(remedy) or NOTHING
        row = {"remedy": name, "lines you change": lines, "keeps the model": keeps}
        for label, (metric, where) in _COSTS.items():
            judged = results.compared(metric, **where)
            row[label] = summary(judged[judged["remedy"] == remedy])
            if remedy == REFERENCE and not where and (judged["seconds"] > 0).any():
                row[label] = f"baseline: {times(judged)}"
        if cards := listed(map(str.upper, results.compiled)):
            programs = results.metric("program_differs", remedy=remedy, mask_dtype="bool")
            programs = programs[programs["device"].isin(results.compiled)]["value"]
            same = f"{(programs == 0).sum()} of {len(programs)} programs are the same"
            same = same if programs.any() else "same program, exactly"
            row[f"{cards}: compiled, not run"] = same if len(programs) else NOTHING
        rows.append(row)
    control = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    why = f": its steps are exactly those of the model as it is ({CONTROL}), and it loads whole"
    why = why if {*control["word"]} == {Word.SAME_STEP} else ""
    title = f"Every cost is a difference from one baseline, {REFERENCE} fed bool masks{why}."
    return Part("table", title, rows, below=_below(results))


def _below(results: Results) -> str:
    pairs = []
    for label, (metric, where) in _COSTS.items():
        if len(own := results.compared(metric, **where)):
            own = max((rows for _, rows in own.groupby("remedy")), key=len)
            pairs.append((counted(len(own), label), cells(own)))
    texts = (f"{counts} ({scope})" for scope, counts in shared(pairs).items())
    models = (
        f"{name}, {text[0].lower()}{text[1:].rstrip('.')}"
        for name in sorted({*results.run.frame["workload"]} - {""})
        if (text := WORKLOADS[name].description if name in WORKLOADS else "your own")
    )
    compared = f"Compared for each remedy: {'; '.join(texts)}. " if pairs else ""
    return (
        "Keeps everything: saved as .keras and loaded, twice over, with weights, optimizer state, "
        "compile settings, outputs and the next training step equal, bit for bit; then the "
        "situations below. Same step, exactly: equal compiled program and equal Python calls, so "
        "equal cost; nothing to time. "
        f"{compared}Test models: {'; '.join(models)}."
    )


def heat(results: Results) -> list[Part]:
    """Return what each remedy keeps in each situation, if any was measured."""
    table = results.situations
    keras = listed(sorted({facts.get("keras", "?") for facts in results.run.facts.values()}))
    caption = (
        f"What is kept in {len(table)} situations, with Keras {keras}? Kept: the model comes back "
        "whole; raises: an error; warns: lost, with a warning; silent: lost with no warning."
    )
    words = table.apply(lambda harms: harms.map(dict(enumerate(_CELLS))).fillna(NOTHING))
    rows = [{"situation": SITUATIONS.get(name, name), **row} for name, row in words.iterrows()]
    return [Part("heat", caption, rows)] if rows else []
