"""The top of the page: the one remedy that the results recommend, by one rule, and six rows."""

import ast
import difflib
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from remedies import REMEDIES, WORKLOADS
from remedies.intervals import Word
from remedies.registry import preference
from reports import figures
from reports.parts import Code, Figure, Section, Table
from reports.results import EVERYTHING, UNKNOWN, Results, cells, summary
from reports.vocabulary import (
    ACTIONS,
    BRIEF,
    CONTROL,
    CORE,
    HARM,
    REFERENCE,
    STEPS,
    WHY,
    prose,
)
from reports.wording import NOTHING, between, counted, listed, seconds, span

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
    remedy = min(whole, key=lambda name: _rank(results, name))
    text = ACTIONS.get(remedy, f"write it as {remedy} does")
    lines = _lines(results, remedy)
    change = f", {lines} to change" if lines else ""
    trips = results.trips_of(remedy).reset_index()
    models = results.axis("workload", "weights_lost")
    reason = (
        f"In the plain case, saved and loaded twice, all weights, the optimizer's state and the "
        f"compile settings come back, in {counted(len(models), 'test model')} ({cells(trips)})"
    )
    harms = results.situations.get(remedy, pd.Series()).dropna()
    if harmed := int((harms > 0).sum()):
        reason += f"; in {harmed} of {len(harms)} situations tried {_harm(harms)}, as listed next"
    elif len(harms):
        reason += f", and in {counted(len(harms), 'situation')} tried"
    return Recommendation(
        remedy,
        f"{text[:1].upper()}{text[1:]} ({remedy}{change}).",
        f"{reason}.",
        [*filter(None, [WHY.get(remedy)]), _why(results, remedy, whole)],
        _lost(results, remedy),
        _cost(results, remedy),
    )


def _harm(harms: Any) -> str:
    return (
        "something is still lost or an error is raised"
        if (harms == 1).any()
        else ("something is still lost")
    )


def _lines(results: Results, remedy: str) -> str:
    """Return how many lines `remedy` changes in a test model: ``1 to 2 lines``."""
    own = results.metric("recipe_lines", remedy=remedy)["value"]
    return f"{span(own)} line{'' if own.max() == 1 else 's'}" if len(own) else ""


def _why(results: Results, remedy: str, whole: list[str]) -> str:
    """Return why `remedy` and none of the others that keep everything in the plain case."""
    others = sorted((name for name in whole if name != remedy), key=lambda n: _rank(results, n))
    if not others:
        return f"{remedy} alone keeps everything in the plain case."
    fewer = (
        "the fewest lines"
        if _rank(results, others[0])[0] > _rank(results, remedy)[0]
        else ("no more lines than any other, and costs no more")
    )
    lines = {name: _lines(results, name).partition(" line")[0] for name in (remedy, *others)}
    sizes = ", ".join(f"{name} {own}" for name, own in lines.items() if own)
    text = f"Of the {len(whole)} remedies that keep everything in the plain case, {remedy} changes "
    text += fewer + f" of a model ({sizes})" * bool(sizes)
    best = max(others, key=lambda name: results.survived[name])
    if results.survived[best] > results.survived[remedy]:
        tried = results.situations[best].count()
        text += f"; {best} is whole in more situations, {results.survived[best]} of {tried}"
    return f"{text}."


def _rank(results: Results, remedy: str) -> tuple[float, ...]:
    """Return its rank; the cost is the share that a step is shown to cost."""
    lines = results.metric("recipe_lines", remedy=remedy).drop_duplicates("workload", keep="last")
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    rows = rows[rows["word"].isin(["slower", "python"]) & (rows["low"] > 0)]
    shares = rows["ratio"] / rows["seconds"].where(rows["seconds"] > 0)
    shares = shares.where(rows["unit"] == "seconds", rows["ratio"] - 1).dropna()
    changed = lines["value"].sum() if len(lines) else math.inf
    return preference(remedy, changed, max(shares, default=0.0), results.survived[remedy])


def _cost(results: Results, remedy: str) -> list[str]:
    """Return what a step costs on each device, and whether that was run or only compiled."""
    made = []
    for device in results.timed:
        rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool", device=device)
        mine = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool", device=device)
        text = f"against {REFERENCE}'s steps: {summary(rows)}"
        if {*rows["word"], *mine["word"]} == {"same step"} and len(mine):
            text = (
                "a training or predict step costs nothing more, exactly. It is that of the model "
            )
            text += "as it is: the same program, the same Python calls"
        made.append(
            f"On the {device.upper()} (run): {text} ({cells(rows.drop(columns='device'))})."
        )
    programs: dict[str, list[str]] = {}
    for device in results.compiled:
        where = {"device": device, "mask_dtype": "bool"}
        rows = results.metric("program_differs", remedy=remedy, **where)
        mine = results.metric("program_differs", remedy=CONTROL, **where)
        text = f"{results.programs(remedy=remedy, device=device)} as {REFERENCE}'s"
        if len(mine) and not rows["value"].any() and not mine["value"].any():
            text = "the compiled program is exactly that of the model as it is"
        scope = cells(rows.drop(columns="device"))
        programs.setdefault(f"{text} ({scope})", []).append(device.upper())
    for text, names in programs.items():
        made.append(f"On {listed(names)} (compiled, not run, so not timed): {text}.")
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
        f"Save and load: in the table, against {REFERENCE} and not against your model as it is "
        f"({CONTROL}), which leaves weights out, so that how fast it loads is no result."
    )
    return made


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


def diff(remedy: str, folded: bool = False) -> list[Code]:
    """Return what `remedy` changes in the first workload's control, from the recipe files."""
    workload, folder = next((name, each.folder) for name, each in WORKLOADS.items())
    if remedy not in REMEDIES:
        return []
    control, changed = (_code(folder / f"{name}.py") for name in (CONTROL, remedy))
    edits = [*difflib.unified_diff(control, changed, n=1, lineterm="")][2:]
    text = "\n".join("" if edit.startswith("@@") else edit for edit in edits)
    text = re.sub(r"(\n .*|\n)+$", "", text).strip("\n")  # nothing after the last change
    inner = min(
        (len(line) - len(line[1:].lstrip()) for line in text.splitlines() if line), default=1
    )
    text = "\n".join(line[:1] + line[inner:] for line in text.splitlines())  # a telephone is narrow
    title = f"The code of {remedy}" if folded else "The change"
    return [Code(f"{title}, in the test model {workload}", text, folded)]


def _code(path: Path) -> list[str]:
    """Return a recipe's lines without comments and docstrings, its class as `Model`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match getattr(node, "body", None):
            case [ast.Expr(ast.Constant()), *_] as body:
                del body[0]
    own = "".join(part.title() for part in path.stem.split("_"))
    code = re.sub(rf"\b{own}\b", "Model", ast.unparse(tree)).replace("'", '"')
    return [line for line in code.splitlines() if line]


def answer(results: Results) -> Section:
    """Return the section that opens the page."""
    choice = recommend(results)
    parts: list[Any] = []
    if choice.remedy:
        parts = [["What you still lose:", *choice.lost], *diff(choice.remedy)]
        parts += [
            ["Why this helps, and why this remedy:", *choice.why],
            ["Is this your case?:", *prose("warnings")],
        ]
        parts += [["What it costs:", *choice.cost]]
    parts += [overview(results, choice.remedy)] if results.remedies else []
    others = (name for name in results.remedies if name not in (CONTROL, choice.remedy))
    parts += [code for name in others for code in diff(name, folded=True)]
    parts += figure(results)
    return Section("answer", "What to do", choice.sentence, parts, choice.reason)


def overview(results: Results, first: str = "") -> Table:
    """Return the table of remedies, the recommended one `first`."""
    rows = []
    for remedy in sorted(results.remedies, key=lambda name: name != first):
        lines = results.metric("recipe_lines", remedy=remedy)["value"]
        name = f"{remedy}: {BRIEF[remedy]}" if remedy in BRIEF else remedy
        name += f" ({RECOMMENDED})" if remedy == first else ""
        row = {"remedy": name, "lines you change": span(lines) if len(lines) else NOTHING}
        harms = results.situations.get(remedy, pd.Series()).dropna()
        kept = results.keeps(remedy)
        kept += " in the plain case" if kept == EVERYTHING else ""
        some = f"; not whole in {(harms > 0).sum()} of {len(harms)} situations"
        row["keeps the model"] = kept + some * (len(harms) > 0)
        for label, metric, where in _COLUMNS:
            own = results.compared(metric, **where)
            row[label] = summary(own[own["remedy"] == remedy])
            if label == "load" and kept.startswith("no:") and row[label] != NOTHING:
                row[label] += " (no result: it leaves weights out)"
            if remedy == REFERENCE and metric != "step_ratio" and (own["seconds"] > 0).any():
                times = own.loc[own["seconds"] > 0, "seconds"]
                row[label] = f"takes {between(seconds(times.min()), seconds(times.max()))}"
        if cards := results.compiled:
            texts = {card.upper(): results.programs(remedy=remedy, device=card) for card in cards}
            joined = "; ".join(f"{card}: {text}" for card, text in texts.items())
            same = len({*texts.values()}) == 1
            row[f"on {listed(texts)}, compiled, not run"] = texts[min(texts)] if same else joined
        rows.append(row)
    pictured = "" if results.situations.empty else "; the situations are in the figure below"
    caption = (
        f"Plain case: saved and loaded twice{pictured}. Costs are "
        f"against {REFERENCE} fed a bool mask; in square brackets: a 99 % interval. A case: one "
        "test model, batch size and device, with or without XLA. Same step, exactly: the compiled "
        "program and the Python calls around it are equal, so they cost the same."
    )
    return Table(caption, rows)


def figure(results: Results) -> list[Figure]:
    """Return the figure of the answer: the core situations, where there are any."""
    table = results.situations
    core = table.loc[[name for name in CORE if name in table.index]]
    if core.empty:
        return []
    kept = (f"{name} in {(core[name] == 0).sum()}" for name in core)
    title = f"What is kept in {len(core)} situations?"
    alt = f"A table of remedies and situations, as under Situations. Kept by {', '.join(kept)}."
    rows = [(results.situation(str(name)), harms) for name, harms in core.iterrows()]
    return [Figure("answer", title, alt, figures.situations, rows)]
