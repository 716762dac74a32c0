"""The top of the page: what to do, six rows of remedies and the heat map of situations."""

import difflib
import textwrap
from typing import Any

from remedies import REMEDIES, WORKLOADS
from remedies.registry import code
from reports.parts import Code, Note, Section, Table
from reports.recommendation import recommend
from reports.results import EVERYTHING, Results, cells, summary, times
from reports.vocabulary import BRIEF, CONTROL, CORE, HARM_WORDS, REFERENCE, STEPS, prose
from reports.wording import NOTHING, counted, listed, shared

RECOMMENDED = "recommended"
_COLUMNS: list[tuple[str, str, dict[str, str]]] = [
    *((label, "step_ratio", {"mask_dtype": "bool", "step": step}) for step, label in STEPS.items()),
    *((label, f"{label}_ratio", {}) for label in ("save", "load")),
]


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
        row = {"remedy": name, "lines you change": results.lines(remedy) or NOTHING}
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
