"""What the results say about the article's claims."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from remedies import REFERENCE
from remedies.intervals import DECIDED, Word
from reports.judge import cells, summary
from reports.results import CONTROL, EVERYTHING, UNKNOWN, Part, Results, Section, losses
from reports.wording import BASELINE, counted, listed, prose

HOLDS, FAILS, OPEN = "holds", "does not hold", "not established"
FUNCTIONAL = "functional_bool_input"
Finding = tuple[str, str]
_NOT_MEASURED: Finding = (OPEN, "Not measured here.")


def claims(results: Results) -> Section:
    """Return the section on the claims."""
    rows = []
    for claim in prose("claims"):
        outcome, evidence = _JUDGES[claim.partition(".")[0]](results)
        rows.append({"claim": claim, "outcome": outcome, "evidence": evidence})
    counts = Counter(row["outcome"] for row in rows)
    answer = (
        "The article is the text that described the fault and proposed three remedies. Of its "
        f"{len(rows)} claims, quoted here, {counts[HOLDS]} hold and {counts[FAILS]} do not hold as "
        "they are written."
    )
    answer += f" These results do not establish the other {counts[OPEN]}." * (counts[OPEN] > 0)
    return Section("claims", "The article's claims", answer, [Part("table", "", rows)])


def _trips(text: str, some: list[str], none: list[str], results: Results) -> Finding:
    trips = results.trips_of(CONTROL)
    if trips.reindex(columns=some + none).isna().all().any():
        return _NOT_MEASURED
    true = (trips[some] > 0).all(axis=1) & (trips[none] == 0).all(axis=1)
    lost = "; ".join(losses(trips)[:2]) or "nothing is lost"
    scope = f"{counted(len(true), 'round trip')} ({cells(trips.reset_index())})"
    evidence = f"{text} in {true.sum()} of {scope}. Of the control: {lost}."
    return (HOLDS if true.all() else FAILS), evidence


def _whole(remedy: str, results: Results) -> Finding:
    state, scope = results.keeps(remedy), cells(results.trips_of(remedy).reset_index())
    if state == UNKNOWN:
        return _NOT_MEASURED
    text = f"Keeps the model through two saves and loads: {state} ({scope})."
    return (HOLDS if state == EVERYTHING else FAILS), text


def _functional(results: Results) -> Finding:
    outcome, text = _whole(FUNCTIONAL, results)
    if not results.metric("functional_as_written_raises")["value"].any():
        return outcome, text
    return FAILS, f"As it is written, tf.where raises on a KerasTensor. In a layer: {text}"


def _cost(remedy: str, true: Word, results: Results) -> Finding:
    """Judge that all steps of `remedy`, fed bool masks, have the word `true`."""
    rows = results.compared("step_ratio", remedy=remedy)
    bools, floats = (rows[rows["mask_dtype"] == dtype] for dtype in ("bool", "float32"))
    if not len(bools):
        return _NOT_MEASURED
    scope = f"{counted(len(bools), 'step')}; {cells(bools)}"
    text = f"Fed bool masks, against {BASELINE}: {summary(bools)} ({scope}). "
    text += f"Fed float32 masks: {summary(floats)}."
    words = {*bools["word"]}
    return (HOLDS if words == {true} else FAILS if words <= DECIDED else OPEN), text


def _keras_where(results: Results) -> Finding:
    own, control = results.keeps(REFERENCE), results.keeps(CONTROL)
    if UNKNOWN in (own, control):
        return _NOT_MEASURED
    rows = results.compared("step_ratio", remedy=CONTROL, mask_dtype="bool")
    text = f"ops_where keeps: {own}; tf.where: {control}. The control's steps: {summary(rows)}."
    better = own == EVERYTHING != control and Word.FASTER not in {*rows["word"]}
    return (HOLDS if better else FAILS), text


def _survives_most(results: Results) -> Finding:
    survived, most = results.survived, results.survived.max()
    if FUNCTIONAL not in results.situations:
        return _NOT_MEASURED
    best = [*survived[survived == most].index]
    text = f"Keeps the model in the most situations, {most} of {len(results.situations)}"
    return (HOLDS if FUNCTIONAL in best else FAILS), f"{text}: {listed(best)}."


_TRIPS = {  # what is said, and the counts of the control's round trips: above 0, and 0
    "C1": ("It loads with no error and loses weights", ["weights_lost"], ["load_raised"]),
    "C2": ("Both warnings appear", ["build_warnings", "optimizer_warnings"], []),
    "C3": ("Only the optimizer loses state", ["optimizer_variables_lost"], ["weights_lost"]),
    "C4": ("Keras called it on a float mask", ["mask_rebuilt_as_float"], []),
    "C5": ("The rebuild raised, and Keras went on,", ["rebuild_raised"], []),
    "C13": ("Some kind of state is lost with no warning", ["silent_defects"], []),
}
_JUDGES: dict[str, Callable[[Results], Finding]] = {
    **{name: partial(_trips, *claim) for name, claim in _TRIPS.items()},
    "C6": partial(_whole, "build_from_config"),
    "C7": partial(_whole, "tf_cast"),
    "C8": _functional,
    "C9": partial(_cost, "tf_cast", Word.SLOWER),
    "C10": partial(_cost, FUNCTIONAL, Word.FASTER),
    "C11": _keras_where,
    "C12": _survives_most,
}
