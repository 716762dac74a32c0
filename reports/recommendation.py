"""The one remedy that the results recommend, by one rule, with its exceptions and its cost."""

import math
from dataclasses import dataclass, field

from remedies import REMEDIES
from remedies.registry import preference
from remedies.words import Word
from reports.results import EVERYTHING, UNKNOWN, Results, cells, summary
from reports.vocabulary import CONTROL, HARM, REFERENCE, WHY
from reports.wording import counted, listed, shared

MOST_LOST = 6


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
    whole.sort(key=lambda name: _rank(results, name))
    remedy = whole[0]
    idea = REMEDIES[remedy].idea if remedy in REMEDIES else f"Write it as {remedy} does."
    lines = results.lines(remedy)
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


def _why(results: Results, whole: list[str]) -> str:
    """Return why the first of the remedies that keep everything in the plain case, the best."""
    remedy, *others = whole
    if not others:
        return f"{remedy} alone keeps everything in the plain case."
    first, second = (_rank(results, name)[0] for name in whole[:2])
    fewer = "the fewest lines"
    if first == second:
        fewer = "no more lines than any other, and costs no more"
    lines = {name: results.lines(name) for name in whole}
    sizes = ", ".join(f"{name} {own}" for name, own in lines.items() if own)
    text = f"Of the {len(whole)} remedies that keep everything in the plain case, {remedy} changes "
    text += fewer + f" of a model ({sizes})" * bool(sizes)
    best = max(others, key=lambda name: results.survived[name])
    if results.survived[best] > results.survived[remedy]:
        tried = results.harms(best).count()
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
