"""The one remedy that the results recommend, by a rule that is written down here."""

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
from reports.results import Kept, Results, cells, losses, summary
from reports.vocabulary import CONTROL, HARM, REFERENCE, action
from reports.wording import listed, span

RULE = (
    "Among the remedies that keep everything through two saves and loads in every workload "
    "measured, the one that changes the fewest lines of the control's recipes; of those, the one "
    "that costs the least in a step fed bool masks; of those, the one that keeps the model in the "
    "most situations."
)
MOST_LOST = 6


@dataclass(frozen=True)
class Recommendation:
    """What to do.

    Attributes
    ----------
    remedy : str
        Empty where the results support none.
    sentence, reason : str
        To act on, and why, with what "everything" covers.
    lost : list of str
        What it does not keep, the worst first, and which remedy does.
    cost : list of str
        What a step costs where it was timed, and what is known of GPUs.
    """

    remedy: str
    sentence: str
    reason: str
    lost: list[str] = field(default_factory=list)
    cost: list[str] = field(default_factory=list)


def recommend(results: Results) -> Recommendation:
    """Apply `RULE`."""
    kept = {name: results.kept(name) for name in results.remedies if name != CONTROL}
    whole = [name for name, state in kept.items() if state is Kept.WHOLE]
    if not whole:
        return Recommendation("", "No remedy can be recommended.", _none(results, kept))
    remedy = min(
        whole,  # of equals the first in their order
        key=lambda name: (_lines(results, name), _share(results, name), -survived(results, name)),
    )
    text = action(remedy)
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
        [*_cost(results, remedy), results.gpu],
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


def _none(results: Results, kept: dict[str, Kept]) -> str:
    if all(state is Kept.UNKNOWN for state in kept.values()):
        return "These results hold no save and load."
    reasons = []
    for name, state in kept.items():
        if state is Kept.LOST:
            reasons.append(f"{name} loses state ({losses(results.trips_of(name))[0]})")
        elif state is Kept.ONCE:
            reasons.append(f"{name} loses state in the second save and load")
    return f"None keeps everything in every workload measured: {'; '.join(reasons)}."


def _cost(results: Results, remedy: str) -> list[str]:
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    mine = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    devices = listed(results.timed).replace("cpu", "CPU") or "no device"
    if not len(rows):
        return ["What its steps cost was not measured."]
    if {*rows["word"], *mine["word"]} == {Word.SAME_STEP.value} and len(mine):
        return [
            f"Steps ({cells(rows)}): nothing, exactly. Its training and predict steps are those "
            "of the model that you have (control): equal programs, equal Python calls."
        ]
    return [f"Steps on {devices}, against {REFERENCE}'s: {summary(rows)} ({cells(rows)})."]


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
    text = "\n".join("" if edit.startswith("@@") else edit for edit in edits).strip("\n")
    return Code(f"The change, in the {workload} model", text)


def _plain(path: Path) -> list[str]:
    """Return a recipe's lines without docstrings, comments and blanks, its class as `Model`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [""] * (
                (first.end_lineno or first.lineno) - first.lineno + 1
            )
    own = "".join(part.title() for part in path.stem.split("_"))
    kept = (line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return [re.sub(rf"\b{own}\b", "Model", line) for line in kept]
