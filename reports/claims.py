"""The article's claims, and what the results say about each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from remedies.intervals import Word
from reports.parts import Section, table
from reports.results import SECOND, Kept, Results, cells, losses, summary
from reports.vocabulary import CLAIMS, CONTROL, REFERENCE
from reports.wording import counted, listed

HOLDS, FAILS, OPEN = "holds", "does not hold", "not established"
Finding = tuple[str, str]
_NOTHING: Finding = (OPEN, "Not measured here.")


def claims(results: Results) -> Section:
    """Return the section on the claims."""
    rows = []
    counts = dict.fromkeys((HOLDS, FAILS, OPEN), 0)
    for name, text in CLAIMS.items():
        outcome, evidence = _JUDGES[name](results)
        counts[outcome] += 1
        rows.append({"claim": f"{name}. {text}", "outcome": outcome, "evidence": evidence})
    answer = (
        f"Of the article's {len(rows)} claims {counts[HOLDS]} hold, {counts[FAILS]} do not hold "
        f"as they are written, and {counts[OPEN]} are not established by these results."
    )
    return Section("claims", "The article's claims", answer, [table(rows, "claim", "")])


def _control(results: Results, *names: str) -> Any:
    """Return the control's round trips, if they were asked for `names`."""
    trips = results.trips_of(CONTROL)
    known = [name for name in names if name in trips and trips[name].notna().any()]
    return trips if len(trips) and len(known) == len(names) else None


def _always(trips: Any, true: Any, text: str) -> Finding:
    scope = cells(trips.reset_index())
    many = f"{text} in {int(true.sum())} of {counted(len(true), 'round trip')} ({scope})."
    return (HOLDS if true.all() else FAILS), many


def _c1(results: Results) -> Finding:
    trips = _control(results, "load_raised", "weights_lost")
    if trips is None:
        return _NOTHING
    quiet = (trips["load_raised"] == 0) & (trips["weights_lost"] > 0)
    lost = "; ".join(losses(trips)[:2])
    return _always(trips, quiet, f"The control loads without an error and loses state ({lost})")


def _c2(results: Results) -> Finding:
    trips = _control(results, "build_warnings", "optimizer_warnings")
    if trips is None:
        return _NOTHING
    both = (trips["build_warnings"] > 0) & (trips["optimizer_warnings"] > 0)
    return _always(trips, both, "Both warnings appear")


def _c3(results: Results) -> Finding:
    trips = _control(results, "weights_lost", "optimizer_variables_lost")
    if trips is None:
        return _NOTHING
    only = (trips["weights_lost"] == 0) & (trips["optimizer_variables_lost"] > 0)
    outcome, _ = _always(trips, only, "")
    return outcome, f"The control loses: {'; '.join(losses(trips)) or 'nothing'}."


def _c4(results: Results) -> Finding:
    trips = _control(results, "mask_rebuilt_as_float")
    if trips is None:
        return _NOTHING
    return _always(trips, trips["mask_rebuilt_as_float"] > 0, "Keras called it on a float mask")


def _c5(results: Results) -> Finding:
    trips = _control(results, "rebuild_raised")
    if trips is None:
        return _NOTHING
    return _always(trips, trips["rebuild_raised"] > 0, "The rebuild raised, and Keras went on,")


def _whole(remedy: str) -> Callable[[Results], Finding]:
    def judged(results: Results) -> Finding:
        state, trips = results.kept(remedy), results.trips_of(remedy)
        if state is Kept.UNKNOWN:
            return _NOTHING
        scope = cells(trips.reset_index())
        if state is Kept.WHOLE:
            return HOLDS, f"{remedy} keeps everything through two saves and loads ({scope})."
        if state is Kept.ONCE:
            most = counted(trips[SECOND].max(), "variable")
            return FAILS, f"Only once: the second save and load loses {most} ({scope})."
        return FAILS, f"{remedy} loses: {'; '.join(losses(trips))} ({scope})."

    return judged


def _c8(results: Results) -> Finding:
    outcome, text = _whole("functional_bool_input")(results)
    raises = results.metric("functional_as_written_raises")["value"]
    if not len(raises):
        return outcome, text
    if raises.max() > 0:
        return FAILS, f"As it is written, tf.where raises on a KerasTensor. In a layer: {text}"
    return outcome, text


def _cost(results: Results, rows: Any, true: Word, what: str) -> Finding:
    """Judge a claim that all `rows` have the word `true`."""
    if not len(rows):
        return _NOTHING
    words = set(rows["word"])
    scope = f"{what}: {summary(rows)} ({counted(len(rows), 'cell')}; {cells(rows)})."
    if words == {true.value}:
        return HOLDS, scope
    if words & {Word.UNDECIDED.value, Word.UNRELIABLE.value}:
        return OPEN, scope
    return FAILS, scope


def _c9(results: Results) -> Finding:
    rows = results.compared("step_ratio", remedy="tf_cast", mask_dtype="bool")
    outcome, text = _cost(results, rows, Word.SLOWER, f"A bool mask, against {REFERENCE}")
    floats = results.compared("step_ratio", remedy="tf_cast", mask_dtype="float32")
    if len(floats):
        text += f" A float32 mask, against {REFERENCE} on a bool mask: {summary(floats)}."
    return outcome, text


def _c10(results: Results) -> Finding:
    rows = results.compared("step_ratio", remedy="functional_bool_input", mask_dtype="bool")
    return _cost(results, rows, Word.FASTER, f"The functional model, against {REFERENCE}")


def _c11(results: Results) -> Finding:
    states = results.kept(REFERENCE), results.kept(CONTROL)
    if Kept.UNKNOWN in states:
        return _NOTHING
    rows = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    cost = f" Its steps, the control's against them: {summary(rows)}." if len(rows) else ""
    kept = f"ops_where keeps: {states[0].value}; tf.where: {states[1].value}.{cost}"
    better = states[0] is Kept.WHOLE and states[1] is not Kept.WHOLE
    return (HOLDS if better and Word.FASTER.value not in set(rows["word"]) else FAILS), kept


def _c12(results: Results) -> Finding:
    table = results.situations
    if "functional_bool_input" not in table:
        return _NOTHING
    kept = {name: int((table[name] == 0).sum()) for name in table}
    best = [name for name, count in kept.items() if count == max(kept.values())]
    text = f"{listed(best)} keeps the model in {max(kept.values())} of {len(table)} situations."
    pair, alone = results.kept("build_from_config_pair"), results.kept("build_from_config")
    if Kept.UNKNOWN not in (pair, alone):
        text += f" Of a subclass, build_from_config alone keeps: {alone.value}"
        text += f"; with get_build_config: {pair.value}."
    return (HOLDS if "functional_bool_input" in best else FAILS), text


def _c13(results: Results) -> Finding:
    trips = _control(results, "load_raised", "silent_defects")
    if trips is None:
        return _NOTHING
    silent = trips["silent_defects"] > 0
    return _always(trips, silent, "The control loses some kind of state with no warning")


_JUDGES: dict[str, Callable[[Results], Finding]] = {
    "C1": _c1, "C2": _c2, "C3": _c3, "C4": _c4, "C5": _c5,
    "C6": _whole("build_from_config"), "C7": _whole("tf_cast"), "C8": _c8,
    "C9": _c9, "C10": _c10, "C11": _c11, "C12": _c12, "C13": _c13,
}  # fmt: skip
