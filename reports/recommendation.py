"""The one remedy that the results recommend, by a rule that is written down here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from remedies.intervals import Word
from reports.results import Kept, Results, cells, losses, summary
from reports.vocabulary import CONTROL, HARM, ORDER, REFERENCE, action
from reports.wording import listed, percent, span

RULE = (
    "Among the remedies that keep everything through two saves and loads in every workload "
    "measured, the one that changes the fewest lines of the control's recipes; of those, the one "
    "that costs the least in a step fed bool masks; of those, the one that keeps the model in the "
    "most situations."
)
MOST_EXCEPTIONS = 6


@dataclass(frozen=True)
class Recommendation:
    """What to do.

    Attributes
    ----------
    remedy : str
        Empty where the results support none.
    sentence : str
        To act on; or that there is no recommendation.
    reason : str
        Why, with what "everything" covers.
    exceptions : list of str
        Where it is not enough, and what is there.
    """

    remedy: str
    sentence: str
    reason: str
    exceptions: list[str]


def recommend(results: Results) -> Recommendation:
    """Apply `RULE`."""
    tried = [name for name in results.remedies if name != CONTROL]
    kept = {name: results.kept(name) for name in tried}
    whole = [name for name in tried if kept[name] is Kept.WHOLE]
    if not whole:
        return Recommendation("", "No remedy can be recommended.", _none(results, kept), [])
    remedy = min(
        whole,
        key=lambda name: (
            lines(results, name),
            cost(results, name),
            -survived(results, name),
            ORDER.index(name) if name in ORDER else math.inf,
        ),
    )
    sentence = _sentence(results, remedy)
    return Recommendation(remedy, sentence, _reason(results, remedy), exceptions(results, remedy))


def lines(results: Results, remedy: str) -> float:
    """Return the lines of all recipes that `remedy` changes; infinite where not counted."""
    rows = results.metric("recipe_lines")
    own = rows[rows["remedy"] == remedy].drop_duplicates(["workload"], keep="last")
    return float(own["value"].sum()) if len(own) else math.inf


def cost(results: Results, remedy: str) -> float:
    """Return the largest share of a step that `remedy` is shown to cost, fed bool masks."""
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    slower = rows[rows["word"] == Word.SLOWER.value]
    python = rows[(rows["word"] == Word.PYTHON.value) & (rows["low"] > 0) & (rows["seconds"] > 0)]
    shares = [*(slower["ratio"] - 1), *(python["ratio"] / python["seconds"])]
    return max(shares, default=0.0)


def survived(results: Results, remedy: str) -> int:
    """Return in how many situations `remedy` keeps the model."""
    if remedy not in results.situations:
        return 0
    return int((results.situations[remedy] == 0).sum())


def _none(results: Results, kept: dict[str, Kept]) -> str:
    if set(kept.values()) <= {Kept.UNKNOWN}:
        return "These results hold no save and load."
    reasons = []
    for name, state in kept.items():
        if state is Kept.LOST:
            [first, *_] = losses(results.trips_of(name))
            reasons.append(f"{name} loses state ({first})")
        elif state is Kept.ONCE:
            reasons.append(f"{name} loses state in the second save and load")
    return f"None keeps everything in every workload measured: {'; '.join(reasons)}."


def _sentence(results: Results, remedy: str) -> str:
    text = action(remedy)
    text = f"{text[:1].upper()}{text[1:]} ({remedy}"
    rows = results.metric("recipe_lines")
    own = rows.loc[rows["remedy"] == remedy, "value"]
    if len(own):
        text += f", {span(own)} line{'' if own.max() == 1 else 's'} to change"
    return f"{text})."


def _reason(results: Results, remedy: str) -> str:
    trips = results.trips_of(remedy).reset_index()
    text = (
        "It keeps the weights, the optimizer's state and the compile settings through two saves "
        f"and loads of {listed(results.axis('workload', 'weights_lost'))} "
        f"({cells(trips.drop(columns='workload'))})"
    )
    if remedy in results.situations:
        known = results.situations[remedy].dropna()
        text += f", and the model in {survived(results, remedy)} of {len(known)} situations tried"
    return f"{text}. {_cost(results, remedy)}"


def _cost(results: Results, remedy: str) -> str:
    if remedy == REFERENCE:
        rows = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
        if len(rows) and set(rows["word"]) == {Word.SAME_STEP.value}:
            return "Its steps are exactly those of the model that you have: it costs nothing."
        others = results.compared("step_ratio", mask_dtype="bool")
        others = others[~others["remedy"].isin([REFERENCE, CONTROL])]
        if not len(others):
            return "What its steps cost was not measured."
        faster = sorted(set(others.loc[others["word"] == Word.FASTER.value, "remedy"]))
        return (
            f"Of the other remedies {listed(faster)} is faster in some cells."
            if faster
            else "No other remedy is shown to be faster."
        )
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    if not len(rows):
        return "What its steps cost was not measured."
    if set(rows["word"]) == {Word.SAME_STEP.value}:
        return f"Its steps are exactly those of {REFERENCE}: it costs nothing beside it."
    largest = cost(results, remedy)
    if largest:
        return f"It costs at most {percent(largest)} of a step beside {REFERENCE}."
    return f"Its steps beside {REFERENCE}: {summary(rows)}."


def exceptions(results: Results, remedy: str) -> list[str]:
    """Return where `remedy` is not enough, the worst first, and which remedy is."""
    made = []
    table = results.situations
    if remedy in table:
        harmed = table[table[remedy] > 0].sort_values(remedy, ascending=False, kind="stable")
        for name, harms in harmed.iterrows():
            better = [other for other in results.remedies if harms.get(other) == 0]
            helps = f"{listed(better)} keep{'s' * (len(better) == 1)} it"
            if not better:
                helps = "no remedy keeps it"
            harm = HARM[min(3, int(harms[remedy]))]
            made.append(f"{results.situation(str(name))}: {harm}; {helps}.")
    more = len(made) - MOST_EXCEPTIONS
    made = [*made[:MOST_EXCEPTIONS], *([f"and {more} more, below."] if more > 0 else [])]
    floats = results.compared("step_ratio", remedy=remedy, mask_dtype="float32")
    if (floats["word"] == Word.SLOWER.value).any():
        made.append(
            f"Masks fed as float32: {summary(floats)} than with bool masks. Feed bool masks."
        )
    return made
