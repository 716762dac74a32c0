"""The one remedy that the results recommend, by one rule."""

from __future__ import annotations

import ast
import difflib
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from remedies import REMEDIES, WORKLOADS
from remedies.intervals import Word
from reports.parts import Code
from reports.results import EVERYTHING, UNKNOWN, Results, cells, summary
from reports.vocabulary import ACTIONS, CONTROL, HARM, REFERENCE
from reports.wording import listed, span

MOST_LOST = 6


@dataclass(frozen=True)
class Recommendation:
    """What to do; `remedy` is empty where the results support none.

    `reason` says what "everything" covers, `lost` what the remedy does not keep, the worst first,
    and `cost` what its steps cost, and what is known of GPUs.
    """

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
    remedy = min(
        whole,  # of equals the first in their order
        key=lambda name: (_lines(results, name), _share(results, name), -survived(results, name)),
    )
    text = ACTIONS.get(remedy, f"write it as {remedy} does")
    own = results.metric("recipe_lines", remedy=remedy)["value"]
    change = f", {span(own)} line{'' if own.max() == 1 else 's'} to change" if len(own) else ""
    trips = results.trips_of(remedy).reset_index()
    reason = (
        "It keeps the weights, the optimizer's state and the compile settings through two saves "
        f"and loads of {listed(results.axis('workload', 'weights_lost'))} "
        f"({cells(trips.drop(columns='workload'))})"
    )
    if remedy in results.situations:
        known = results.situations[remedy].count()
        reason += f", and the model in {survived(results, remedy)} of {known} situations tried"
    return Recommendation(
        remedy,
        f"{text[:1].upper()}{text[1:]} ({remedy}{change}).",
        f"{reason}.",
        _lost(results, remedy),
        [_cost(results, remedy), results.gpu],
    )


def _lines(results: Results, remedy: str) -> float:
    rows = results.metric("recipe_lines", remedy=remedy).drop_duplicates("workload", keep="last")
    return float(rows["value"].sum()) if len(rows) else math.inf


def _share(results: Results, remedy: str) -> float:
    """Return the largest share of a step that `remedy` is shown to cost, fed bool masks."""
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    slower = rows[rows["word"] == Word.SLOWER.value]
    python = rows[(rows["word"] == Word.PYTHON.value) & (rows["low"] > 0) & (rows["seconds"] > 0)]
    return max([*(slower["ratio"] - 1), *(python["ratio"] / python["seconds"])], default=0.0)


def survived(results: Results, remedy: str) -> int:
    """Return in how many situations `remedy` keeps the model."""
    table = results.situations
    return int((table[remedy] == 0).sum()) if remedy in table else 0


def _cost(results: Results, remedy: str) -> str:
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    mine = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    if not len(rows):
        return "What its steps cost was not measured."
    where = f"On {listed(sorted({*rows['device']})).upper()} a training or predict step"
    scope = cells(rows.drop(columns="device"))
    if {*rows["word"], *mine["word"]} == {Word.SAME_STEP.value} and len(mine):
        return (
            f"{where}: nothing, exactly ({scope}). It is the step of the model that you have "
            "(control): an equal program, equal Python calls."
        )
    return f"{where}, against {REFERENCE}'s: {summary(rows)} ({scope})."


def _lost(results: Results, remedy: str) -> list[str]:
    made = []
    table = results.situations
    if remedy not in table:
        return ["Not known: these results hold no situation but the plain save and load."]
    harmed = table[table[remedy] > 0].sort_values(remedy, ascending=False, kind="stable")
    for name, harms in harmed.iterrows():
        better = [other for other in results.remedies if harms.get(other) == 0]
        helps = f"{listed(better)} keep{'s' * (len(better) == 1)} it"
        harm = HARM[min(3, int(harms[remedy]))]
        made.append(
            f"{results.situation(str(name))}: {harm}; {helps if better else 'no remedy keeps it'}."
        )
    more = len(made) - MOST_LOST
    made = [*made[:MOST_LOST], *([f"and {more} more, below."] if more > 0 else [])]
    floats = results.compared("step_ratio", remedy=remedy, mask_dtype="float32")
    if (floats["word"] == Word.SLOWER.value).any():
        made.append(f"Time, where masks are fed as float32: {summary(floats)}. Feed bool masks.")
    return made or ["Nothing in the situations tried."]


def diff(remedy: str) -> Code | None:
    """Return what `remedy` changes in the first workload's control, from the recipe files."""
    workload, folder = next((name, each.folder) for name, each in WORKLOADS.items())
    if remedy not in REMEDIES:
        return None
    control, changed = (_plain(folder / f"{name}.py") for name in (CONTROL, remedy))
    edits = [*difflib.unified_diff(control, changed, n=1, lineterm="")][2:]
    text = "\n".join("" if edit.startswith("@@") else edit for edit in edits)
    text = re.sub(r"(\n .*|\n)+$", "", text).strip("\n")  # nothing after the last change
    return Code(f"The change, in the {workload} model", text)


def _plain(path: Path) -> list[str]:
    """Return a recipe's lines of code alone, its class as `Model`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node):
            node.body = node.body[1:]
    own = "".join(part.title() for part in path.stem.split("_"))
    code = re.sub(rf"\b{own}\b", "Model", ast.unparse(tree)).replace("'", '"')
    return [line for line in code.splitlines() if line]
