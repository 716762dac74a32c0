"""The top of the page: the one remedy that the results recommend, by one rule, and six rows."""

import difflib
import math
import textwrap
from dataclasses import dataclass, field
from typing import Any

from remedies import REMEDIES, WORKLOADS
from remedies.intervals import Word
from remedies.registry import code
from reports.parts import Code, Note, Section, Table
from reports.results import EVERYTHING, UNKNOWN, Results, cells, summary, times
from reports.vocabulary import BRIEF, CONTROL, CORE, HARM, HARM_WORDS, REFERENCE, STEPS, WHY, prose
from reports.wording import NOTHING, counted, listed, shared, span

MOST_LOST = 6
RECOMMENDED = "recommended"
_COLUMNS: list[tuple[str, str, dict[str, str]]] = [
    *((label, "step_ratio", {"mask_dtype": "bool", "step": step}) for step, label in STEPS.items()),
    *((label, f"{label}_ratio", {}) for label in ("save", "load")),
]


@dataclass(frozen=True)
class Recommendation:
    """What to do and why, what is still lost and what it costs; `remedy` is empty where none is."""

    remedy: str
    sentence: str
    reason: str
    why: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    cost: list[str] = field(default_factory=list)


def recommend(results: Results) -> Recommendation:
    """Apply the rule, which is written in templates/method.txt."""
    kept = {name: results.keeps(name) for name in results.remedies if name != CONTROL}
    whole = [name for name, state in kept.items() if state == EVERYTHING]
    if not whole:
        why = "; ".join(f"{name} ({state})" for name, state in kept.items() if state != UNKNOWN)
        why = f"None keeps everything in every workload measured: {why}." if why else ""
        why = why or "These results hold no save and load."
        return Recommendation("", "No remedy can be recommended.", why)
    whole.sort(key=lambda name: _rank(results, name))  # of equals the first in order
    remedy = whole[0]
    idea = REMEDIES[remedy].idea if remedy in REMEDIES else f"Write it as {remedy} does."
    lines = _lines(results, remedy)
    change = f", {lines} line{'' if lines == '1' else 's'} to change" if lines else ""
    models = results.axis("workload", "weights_lost")
    reason = (
        f"In the plain case, saved and loaded twice, all weights, the optimizer's state and the "
        f"compile settings come back, in {counted(len(models), 'test model')} "
        f"({cells(results.trips_of(remedy).reset_index())})"
    )
    harms = results.harms(remedy)
    if harmed := (harms > 0).sum():
        raised = " or an error is raised" if 1 in {*harms} else ""
        reason += f"; in {harmed} of {len(harms)} situations tried something is still lost{raised}"
        reason += ", as listed next"
    elif len(harms):
        reason += f", and in {counted(len(harms), 'situation')} tried"
    return Recommendation(
        remedy,
        f"{idea.rstrip('.')} ({remedy}{change}).",
        f"{reason}.",
        [*filter(None, [WHY.get(remedy)]), _why(results, whole)],
        _lost(results, remedy),
        _cost(results, remedy),
    )


def _lines(results: Results, remedy: str) -> str:
    """Return how many lines `remedy` changes in a test model: ``1 to 2``."""
    own = results.metric("recipe_lines", remedy=remedy)["value"]
    return span(own) if len(own) else ""


def _why(results: Results, whole: list[str]) -> str:
    """Return why the first of the remedies that keep everything in the plain case, the best."""
    remedy, *others = whole
    if not others:
        return f"{remedy} alone keeps everything in the plain case."
    first, second = (_rank(results, name)[0] for name in whole[:2])
    fewer = "the fewest lines"
    if first == second:
        fewer = "no more lines than any other, and costs no more"
    lines = {name: _lines(results, name) for name in whole}
    sizes = ", ".join(f"{name} {own}" for name, own in lines.items() if own)
    text = f"Of the {len(whole)} remedies that keep everything in the plain case, {remedy} changes "
    text += fewer + f" of a model ({sizes})" * bool(sizes)
    best = max(others, key=lambda name: results.survived[name])
    if results.survived[best] > results.survived[remedy]:
        tried = results.harms(best).count()
        text += f"; {best} is whole in more situations, {results.survived[best]} of {tried}"
    return f"{text}."


def _rank(results: Results, remedy: str) -> tuple[float, float, int]:
    """Return the lines changed, the share that a step is shown to cost, and minus what survives."""
    lines = results.metric("recipe_lines", remedy=remedy).drop_duplicates("workload", keep="last")
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    rows = rows[rows["word"].isin(["slower", "python"]) & (rows["low"] > 0)]
    shares = rows["ratio"] / rows["seconds"].where(rows["seconds"] > 0)
    shares = shares.where(rows["unit"] == "seconds", rows["ratio"] - 1).dropna()
    changed = lines["value"].sum() if len(lines) else math.inf
    return changed, max(shares, default=0.0), -results.survived[remedy]


def _cost(results: Results, remedy: str) -> list[str]:
    """Return what a step costs on each device, and whether that was run or only compiled."""
    made = []
    for device in results.timed:
        rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool", device=device)
        mine = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool", device=device)
        text = f"against {REFERENCE}'s steps: {summary(rows)}"
        if {*rows["word"], *mine["word"]} == {Word.SAME_STEP.value} and len(mine):
            text = "a training or predict step costs nothing more, exactly. It is that of the model"
            text += " as it is: the same program, the same Python calls"
        scope = cells(rows.drop(columns="device"))
        made.append(f"On the {device.upper()} (run): {text} ({scope}).")
    texts = shared((card.upper(), _program(results, remedy, card)) for card in results.compiled)
    made += [
        f"On {cards} (compiled, not run, so not timed): {text}." for text, cards in texts.items()
    ]
    if not {*results.timed, *results.compiled} - {"cpu"}:
        made.append("On a GPU (H100, A100): not known. None was run, and none was compiled for.")
    floats = results.compared("step_ratio", remedy=remedy, mask_dtype="float32")
    if not floats["word"].isin([Word.SAME_STEP.value, Word.SAME.value]).all():
        bools = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
        same = {*bools["word"]} == {Word.SAME_STEP.value}
        made.append(
            f"If you feed masks as float32, against {'the same model' if same else REFERENCE} "
            f"fed a bool mask: {summary(floats)}."
        )
    made.append(
        f"Save and load: in the table, against {REFERENCE}. The model as it is ({CONTROL}) leaves "
        "weights out, so how fast it loads is no result."
    )
    return made


def _program(results: Results, remedy: str, card: str) -> str:
    """Return how the programs of `remedy` for a card that was only compiled for differ."""
    own, control = (
        results.metric("program_differs", remedy=name, device=card, mask_dtype="bool")
        for name in (remedy, CONTROL)
    )
    text = f"{results.programs(remedy=remedy, device=card)} as {REFERENCE}'s"
    if len(control) and not own["value"].any() and not control["value"].any():
        text = "the compiled program is exactly that of the model as it is"
    return f"{text} ({cells(own.drop(columns='device'))})"


def _lost(results: Results, remedy: str) -> list[str]:
    made = []
    table = results.situations
    if remedy not in table:
        return ["Not known: these results hold no situation but the plain save and load."]
    harmed = table[table[remedy] > 0].sort_values(remedy, ascending=False, kind="stable")
    for name, harms in harmed.iterrows():
        better = [other for other in results.remedies if harms.get(other) == 0]
        helps = f"{listed(better) or 'no remedy'} {'keep' if len(better) > 1 else 'keeps'} it"
        harm = HARM[min(3, int(harms[remedy]))]
        made.append(f"{results.situation(str(name))}: {harm}; {helps}.")
    more = len(made) - MOST_LOST
    made = [*made[:MOST_LOST], *([f"and {more} more, below."] if more > 0 else [])]
    return made or ["Nothing in the situations tried."]


def diff(results: Results, remedy: str, folded: bool = False) -> list[Code]:
    """Return what `remedy` changes in the first workload's control, from the recipe files."""
    workload, folder = next((name, each.folder) for name, each in WORKLOADS.items())
    if remedy not in REMEDIES:
        return []
    control, changed = (code(folder / f"{name}.py") for name in (CONTROL, remedy))
    edits = [*difflib.unified_diff(control, changed, n=1, lineterm="")][3:]
    edits = ["" if edit.startswith("@@") else edit for edit in edits]
    while edits[-1][:1] in ("", " "):  # nothing after the last change
        del edits[-1]
    inner = textwrap.dedent("\n".join(edit[1:] for edit in edits)).replace("'", '"').split("\n")
    text = "\n".join(edit[:1] + rest for edit, rest in zip(edits, inner, strict=True))
    lines = results.metric("recipe_lines", remedy=remedy).groupby("workload")["value"].max()
    title = f"The code of {remedy}" if folded else "The change"
    title += f", in the test model {workload}"
    title += f": {counted(lines[workload], 'line')}" if workload in lines else ""
    others = listed(f"{n:.0f} in {name}" for name, n in lines.items() if name != workload)
    return [Code(f"{title} ({others})" if others else title, text, folded)]


def answer(results: Results) -> Section:
    """Return the section that opens the page."""
    choice = recommend(results)
    parts: list[Any] = []
    if choice.remedy:
        parts += [Note(choice.lost, "What you still lose"), *diff(results, choice.remedy)]
        parts += [Note(choice.why, "Why this helps, and why this remedy")]
    if results.harms(CONTROL).get("rescued") == 0:
        parts += [Note(prose("unchanged"), "Without changing the model")]
    parts += [Note(choice.cost, "What it costs")] if choice.remedy else []
    parts += [overview(results, choice.remedy)] if results.remedies else []
    parts += heat(results)
    others = (name for name in results.remedies if name not in (CONTROL, choice.remedy))
    parts += [each for name in others for each in diff(results, name, folded=True)]
    return Section("answer", "What to do", choice.sentence, parts, choice.reason)


def overview(results: Results, first: str = "") -> Table:
    """Return the table of remedies, the recommended one `first`."""
    rows = []
    for remedy in sorted(results.remedies, key=lambda name: name != first):
        name = f"{remedy}: {BRIEF[remedy]}" if remedy in BRIEF else remedy
        name += f" ({RECOMMENDED})" if remedy == first else ""
        row = {"remedy": name, "lines you change": _lines(results, remedy) or NOTHING}
        kept, harms = results.keeps(remedy), results.harms(remedy)
        row["keeps the model"] = kept + " in the plain case" * (kept == EVERYTHING)
        if len(harms):
            row["keeps the model"] += (
                f"; not whole in {(harms > 0).sum()} of {len(harms)} situations"
            )
        for label, metric, where in _COLUMNS:
            rows_of = results.compared(metric, **where)
            row[label] = summary(rows_of[rows_of["remedy"] == remedy])
            if label == "load" and kept.startswith("no:") and row[label] != NOTHING:
                row[label] += " (no result: it leaves weights out)"
            if remedy == REFERENCE and metric != "step_ratio" and (rows_of["seconds"] > 0).any():
                row[label] = f"takes {times(rows_of)}"
        if cards := results.compiled:
            texts = shared(
                (card.upper(), results.programs(remedy=remedy, device=card)) for card in cards
            )
            each = [f"{names}: {text}" for text, names in texts.items()]
            row[f"on {listed(map(str.upper, cards))}, compiled, not run"] = "; ".join(
                each if len(texts) > 1 else texts
            )
        rows.append(row)
    caption = (
        f"Plain case: saved and loaded twice. Costs are against {REFERENCE} fed a bool mask; in "
        "square brackets: a 99 % interval. Same step, exactly: the compiled program and the Python "
        "calls around it are equal, so they cost the same. Not measurable here: no slowdown was "
        f"shown, and a larger one than is given is ruled out. {_counts(results)}"
    )
    return Table(caption, rows)


def _counts(results: Results) -> str:
    """Return what is counted in a row of the overview, and on what it was measured."""
    pairs = []
    for label, metric, where in _COLUMNS:
        if len(own := results.compared(metric, **where)):
            own = max((rows for _, rows in own.groupby("remedy")), key=len)
            pairs.append((counted(len(own), label), cells(own)))
    texts = (f"{counts} ({scope})" for scope, counts in shared(pairs).items())
    return f"Of each remedy were measured: {'; '.join(texts)}." if pairs else ""


def heat(results: Results) -> list[Table]:
    """Return what each remedy keeps in the core situations, and folded in the others."""
    table = results.situations
    keras = listed(sorted({facts.get("keras", "?") for facts in results.run.facts.values()}))
    made = []
    for folded in (False, True):
        names = [name for name in table.index if (name not in CORE) is folded]
        kind = "other " * folded
        caption = (
            f"What is kept in {len(names)} {kind}situations, with Keras {keras}? "
            "Kept: the model comes back whole; raises: an error; warns: lost, with a warning; "
            "silent: lost with no warning."
        )
        rows = [
            {"situation": results.situation(str(name))}
            | {remedy: _word(harm) for remedy, harm in table.loc[name].items()}
            for name in names
        ]
        made += [Table(caption, rows, folded, "heat")] if rows else []
    return made


def _word(harm: float) -> str:
    return NOTHING if harm != harm else HARM_WORDS[min(3, int(harm))]
