"""The article's claims, and what the results say about each."""

from __future__ import annotations

from collections.abc import Callable

from remedies.intervals import Word
from reports.answer import keeps
from reports.parts import Section, Table
from reports.results import Kept, Results, cells, losses, summary
from reports.vocabulary import CLAIMS, CONTROL, REFERENCE
from reports.wording import counted, listed

HOLDS, FAILS, OPEN = "holds", "does not hold", "not established"
Finding = tuple[str, str]
_NOTHING: Finding = (OPEN, "Not measured here.")
FUNCTIONAL = "functional_bool_input"

# What is true of each of the control's round trips where a claim holds: counts above 0 and at 0.
_TRIPS = {
    "C1": (("weights_lost",), ("load_raised",), "It loads without an error and loses weights"),
    "C2": (("build_warnings", "optimizer_warnings"), (), "Both warnings appear"),
    "C3": (("optimizer_variables_lost",), ("weights_lost",), "Only the optimizer loses state"),
    "C4": (("mask_rebuilt_as_float",), (), "Keras called it on a float mask"),
    "C5": (("rebuild_raised",), (), "The rebuild raised, and Keras went on,"),
    "C13": (("silent_defects",), (), "Some kind of state is lost with no warning"),
}


def claims(results: Results) -> Section:
    """Return the section on the claims."""
    found = {name: _judge(results, name) for name in CLAIMS}
    counts = [
        sum(each[0] == outcome for each in found.values()) for outcome in (HOLDS, FAILS, OPEN)
    ]
    answer = (
        f"Of the article's {len(found)} claims {counts[0]} hold, {counts[1]} do not hold as they "
        f"are written, and {counts[2]} are not established by these results."
    )
    rows = [
        {"claim": f"{name}. {CLAIMS[name]}", "outcome": outcome, "evidence": evidence}
        for name, (outcome, evidence) in found.items()
    ]
    return Section("claims", "The article's claims", answer, [Table("", rows)])


def _judge(results: Results, name: str) -> Finding:
    return _trips(results, *_TRIPS[name]) if name in _TRIPS else _OTHERS[name](results)


def _trips(results: Results, some: tuple[str, ...], none: tuple[str, ...], text: str) -> Finding:
    trips = results.trips_of(CONTROL)
    if not all(name in trips and trips[name].notna().any() for name in (*some, *none)):
        return _NOTHING
    true = (trips[[*some]] > 0).all(axis=1) & (trips[[*none]] == 0).all(axis=1)
    lost = "; ".join(losses(trips)[:2]) or "nothing"
    scope = f"{counted(len(true), 'round trip')} ({cells(trips.reset_index())})"
    outcome = HOLDS if true.all() else FAILS
    return outcome, f"{text} in {int(true.sum())} of {scope}. The control loses: {lost}."


def _whole(remedy: str) -> Callable[[Results], Finding]:
    def judged(results: Results) -> Finding:
        state = results.kept(remedy)
        if state is Kept.UNKNOWN:
            return _NOTHING
        scope = cells(results.trips_of(remedy).reset_index())
        text = f"Keeps the model through two saves and loads: {keeps(results, remedy)} ({scope})."
        return (HOLDS if state is Kept.WHOLE else FAILS), text

    return judged


def _c8(results: Results) -> Finding:
    outcome, text = _whole(FUNCTIONAL)(results)
    if results.metric("functional_as_written_raises")["value"].max() > 0:
        return FAILS, f"As it is written, tf.where raises on a KerasTensor. In a layer: {text}"
    return outcome, text


def _cost(results: Results, remedy: str, true: Word) -> Finding:
    """Judge a claim that all steps of `remedy` have the word `true`."""
    rows = results.compared("step_ratio", remedy=remedy, mask_dtype="bool")
    if not len(rows):
        return _NOTHING
    words = {*rows["word"]}
    scope = f"{counted(len(rows), 'step')}; {cells(rows)}"
    text = f"Fed bool masks, against {REFERENCE}'s steps: {summary(rows)} ({scope})."
    if words == {true.value}:
        return HOLDS, text
    return (OPEN if words & {Word.UNDECIDED.value, Word.UNRELIABLE.value} else FAILS), text


def _c9(results: Results) -> Finding:
    outcome, text = _cost(results, "tf_cast", Word.SLOWER)
    floats = results.compared("step_ratio", remedy="tf_cast", mask_dtype="float32")
    if len(floats):
        text += f" A float32 mask, against {REFERENCE} on a bool mask: {summary(floats)}."
    return outcome, text


def _c11(results: Results) -> Finding:
    states = results.kept(REFERENCE), results.kept(CONTROL)
    if Kept.UNKNOWN in states:
        return _NOTHING
    rows = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    cost = f" Its steps, the control's against them: {summary(rows)}." if len(rows) else ""
    better = states[0] is Kept.WHOLE and states[1] is not Kept.WHOLE
    text = f"ops_where keeps: {states[0].value}; tf.where: {states[1].value}.{cost}"
    return (HOLDS if better and Word.FASTER.value not in {*rows["word"]} else FAILS), text


def _c12(results: Results) -> Finding:
    table = results.situations
    if FUNCTIONAL not in table:
        return _NOTHING
    kept = (table == 0).sum()
    best = [*kept[kept == kept.max()].index]
    text = f"Keeps the model in the most situations, {kept.max()} of {len(table)}: {listed(best)}."
    pair, alone = results.kept("build_from_config_pair"), results.kept("build_from_config")
    if Kept.UNKNOWN not in (pair, alone):
        text += f" Of a subclass, build_from_config alone keeps: {alone.value}"
        text += f"; with get_build_config: {pair.value}."
    return (HOLDS if FUNCTIONAL in best else FAILS), text


_OTHERS: dict[str, Callable[[Results], Finding]] = {
    "C6": _whole("build_from_config"),
    "C7": _whole("tf_cast"),
    "C8": _c8,
    "C9": _c9,
    "C10": lambda results: _cost(results, FUNCTIONAL, Word.FASTER),
    "C11": _c11,
    "C12": _c12,
}
