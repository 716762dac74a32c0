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
from reports import figures
from reports.parts import Code, Figure, Section, Table
from reports.results import EVERYTHING, SECOND, UNKNOWN, Results, cells, summary
from reports.vocabulary import ACTIONS, CONTROL, HARM, REFERENCE, STEPS
from reports.wording import NOTHING, listed, span

MOST_LOST = 6
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
    remedy = min(whole, key=lambda name: _rank(results, name))  # of equals the first in order
    text = ACTIONS.get(remedy, f"write it as {remedy} does")
    own = results.metric("recipe_lines", remedy=remedy)["value"]
    change = f", {span(own)} line{'' if own.max() == 1 else 's'} to change" if len(own) else ""
    trips = results.trips_of(remedy).reset_index()
    reason = (
        "It keeps the weights, the optimizer's state and the compile settings through two saves "
        f"and loads of {listed(results.axis('workload', 'weights_lost'))} "
        f"({cells(trips.drop(columns='workload'))})"
    )
    if tried := int(results.situations.get(remedy, pd.Series()).count()):
        reason += f", and the model in {results.survived[remedy]} of {tried} situations tried"
    return Recommendation(
        remedy,
        f"{text[:1].upper()}{text[1:]} ({remedy}{change}).",
        f"{reason}.",
        _lost(results, remedy),
        [_cost(results, remedy), results.gpu],
    )


def _rank(results: Results, remedy: str) -> tuple[float, float, int]:
    """Return the lines changed, the share that a step is shown to cost, and minus what survives."""
    lines = results.metric("recipe_lines", remedy=remedy).drop_duplicates("workload", keep="last")
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    rows = rows[rows["word"].isin(["slower", "python"]) & (rows["low"] > 0)]
    shares = rows["ratio"] / rows["seconds"].where(rows["seconds"] > 0)
    shares = shares.where(rows["unit"] == "seconds", rows["ratio"] - 1).dropna()
    changed = lines["value"].sum() if len(lines) else math.inf
    return changed, max(shares, default=0.0), -results.survived[remedy]


def _cost(results: Results, remedy: str) -> str:
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    mine = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    if not len(rows):
        return "What its steps cost was not measured."
    where = f"On {listed(sorted({*rows['device']})).upper()} a training or predict step"
    scope = cells(rows.drop(columns="device"))
    if {*rows["word"], *mine["word"]} != {"same step"} or not len(mine):
        return f"{where}, against {REFERENCE}'s: {summary(rows)} ({scope})."
    why = "that of the model that you have (control): an equal program, equal Python calls"
    return f"{where}: nothing, exactly ({scope}). It is {why}."


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
    floats = results.compared("step_ratio", remedy=remedy, mask_dtype="float32")
    if (floats["word"] == Word.SLOWER.value).any():
        made.append(f"Time, where masks are fed as float32: {summary(floats)}. Feed bool masks.")
    return made or ["Nothing in the situations tried."]


def diff(remedy: str) -> list[Code]:
    """Return what `remedy` changes in the first workload's control, from the recipe files."""
    workload, folder = next((name, each.folder) for name, each in WORKLOADS.items())
    if remedy not in REMEDIES:
        return []
    control, changed = (_code(folder / f"{name}.py") for name in (CONTROL, remedy))
    edits = [*difflib.unified_diff(control, changed, n=1, lineterm="")][2:]
    text = "\n".join("" if edit.startswith("@@") else edit for edit in edits)
    text = re.sub(r"(\n .*|\n)+$", "", text).strip("\n")  # nothing after the last change
    return [Code(f"The change, in the {workload} model", text)]


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
        lost = ["What you still lose with it:", *choice.lost]
        parts = [*diff(choice.remedy), ["What it costs:", *choice.cost], lost]
    parts += [overview(results)] if results.remedies else []
    parts += figure(results)
    return Section("answer", "What to do", choice.sentence, parts, choice.reason)


def overview(results: Results) -> Table:
    """Return the table of remedies."""
    rows = []
    for remedy in results.remedies:
        lines = results.metric("recipe_lines", remedy=remedy)["value"]
        row = {"remedy": remedy, "lines you change": span(lines) if len(lines) else NOTHING}
        row["keeps the model"] = results.keeps(remedy)
        for label, metric, where in _COLUMNS:
            row[label] = summary(results.compared(metric, remedy=remedy, **where))
            if remedy == REFERENCE and len(results.compared(metric)):
                row[label] = "the reference"
        for device in results.compiled:
            row[f"{device}, compiled only"] = results.programs(remedy=remedy, device=device)
        rows.append(row)
    caption = (
        f"Times against {REFERENCE}'s, steps with bool masks; ranges are 99 % intervals. “Same "
        "step, exactly” needs no clock: the compiled program and the Python calls around it are "
        "equal. What loses state may load faster: it loads less."
    )
    return Table(caption, rows)


def figure(results: Results) -> list[Figure]:
    """Return the figure of the answer, where there is something to show."""
    rows = []
    for remedy in results.remedies:
        steps = results.compared("step_ratio", remedy=remedy, mask_dtype="bool", step="train")
        rows.append((remedy, returned(results.trips_of(remedy)), steps))
    shown = "; ".join(f"{name}: {share:.0%}" for name, share, _ in rows if share is not None)
    title = "How much of the model comes back, and what does a training step cost?"
    alt = (
        "Share of weights and optimizer variables that come back from the worst of two saves and "
        f"loads: {shown}. Beside it the cost of a training step, as in the table."
    )
    return [Figure("answer", title, alt, figures.answer, rows)] if shown else []


def returned(trips: Any) -> float | None:
    """Return the share of weights and optimizer variables that the worst round trip brings back."""
    saved = trips.columns.intersection(["weights_saved", "optimizer_variables_saved"])
    if not len(trips) or not len(saved):
        return None
    total = trips[saved].sum(axis=1)
    gone = trips.filter(regex=r"^(weights|optimizer_variables)_(lost|changed)$").sum(axis=1)
    if SECOND in trips:
        gone = gone.combine(trips[SECOND].fillna(0), max)
    return float((1 - gone / total.where(total > 0)).clip(0, 1).min())
