"""The claims about what a round trip keeps, each judged by one small function."""

from __future__ import annotations

from typing import Any

from reports import fidelity
from reports.evidence import Evidence
from reports.fidelity import Kept
from reports.findings import Finding, Outcome, holds, nothing, partly
from reports.vocabulary import AS_WRITTEN, CONTROL, DEFECTS, REFERENCE, SECOND
from reports.wording import counted, listed, number

STATE = list(DEFECTS)[:5]


def _trips(evidence: Evidence, remedy: str, *metrics: str) -> Any:
    """Return the round trips of `remedy` in which all `metrics` were measured."""
    trips = evidence.trips
    return trips[(trips["remedy"] == remedy)].dropna(subset=list(metrics))


def _range(values: Any) -> str:
    low, high = values.min(), values.max()
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _of(count: int, rows: Any) -> str:
    return f"in {count} of {counted(len(rows), 'round trip')} of {rows['remedy'].iloc[0]}"


def c1(evidence: Evidence) -> Finding:
    """Return whether the control's loss comes with warnings and without an error."""
    rows = _trips(evidence, CONTROL, "load_raised", "build_warnings", "optimizer_warnings", *STATE)
    if rows.empty:
        return nothing("round trips of the control")
    warned = rows["build_warnings"] + rows["optimizer_warnings"]
    lost = (rows[STATE] != 0).any(axis=1)
    true = (rows["load_raised"] == 0) & (warned > 0) & lost
    why = (
        f"Loading raised {_of(int((rows['load_raised'] != 0).sum()), rows)}; it gave "
        f"{_range(warned)} warnings a load, and state was lost {_of(int(lost.sum()), rows)}."
    )
    return partly(true, rows, why)


def c2(evidence: Evidence) -> Finding:
    """Return whether both warnings are given, once each."""
    rows = _trips(evidence, CONTROL, "build_warnings", "optimizer_warnings")
    if rows.empty:
        return nothing("round trips of the control")
    true = (rows["build_warnings"] == 1) & (rows["optimizer_warnings"] == 1)
    why = (
        f"Both warnings, once each, {_of(int(true.sum()), rows)} "
        f"({_range(rows['build_warnings'])} about the build config, "
        f"{_range(rows['optimizer_warnings'])} about the optimizer)."
    )
    return partly(true, rows, why)


def c3(evidence: Evidence) -> Finding:
    """Return whether the optimizer's state is all that is lost."""
    rows = _trips(evidence, CONTROL, "weights_lost", "weights_changed", "optimizer_variables_lost")
    if rows.empty:
        return nothing("round trips of the control")
    optimizer = ["optimizer_variables_lost", "optimizer_variables_changed"]
    of_optimizer = (rows[optimizer] > 0).any(axis=1)
    of_weights = (rows[["weights_lost", "weights_changed"]] > 0).any(axis=1)
    worst = rows.loc[rows["weights_lost"].idxmax()]
    said = f"{fidelity.amount(worst, optimizer[0])} optimizer variables are lost"
    if of_weights.any():
        weights = (
            f"{fidelity.amount(worst, 'weights_lost')} weights are lost too"
            if worst["weights_lost"]
            else "weights are changed too"
        )
        why = f"It understates: {weights}, {_of(int(of_weights.sum()), rows)}; {said}."
    else:
        why = f"{said[0].upper()}{said[1:]} and no weights, {_of(int(of_optimizer.sum()), rows)}."
    return partly(of_optimizer & ~of_weights, rows, why)


def c4(evidence: Evidence) -> Finding:
    """Return whether Keras rebuilds the model with a float mask."""
    rows = _trips(evidence, CONTROL, "mask_rebuilt_as_float")
    if rows.empty:
        return nothing("how Keras rebuilds the control")
    true = rows["mask_rebuilt_as_float"] > 0
    return partly(true, rows, f"The bool mask came back as a float {_of(int(true.sum()), rows)}.")


def c5(evidence: Evidence) -> Finding:
    """Return whether the rebuild then fails."""
    rows = _trips(evidence, CONTROL, "mask_rebuilt_as_float", "rebuild_raised")
    if rows.empty:
        return nothing("how Keras rebuilds the control")
    true = (rows["mask_rebuilt_as_float"] > 0) & (rows["rebuild_raised"] > 0)
    why = f"With a float mask, call raised during the rebuild {_of(int(true.sum()), rows)}."
    other = _trips(evidence, REFERENCE, "mask_rebuilt_as_float", "rebuild_raised")
    other = other[other["mask_rebuilt_as_float"] > 0]
    if len(other):
        raised = int((other["rebuild_raised"] > 0).sum())
        why += f" Rebuilt with a float mask too, it raised {_of(raised, other)}."
    return partly(true, rows, why)


def _whole(evidence: Evidence, remedy: str) -> tuple[Finding, Any]:
    rows = _trips(evidence, remedy, *DEFECTS)
    if rows.empty:
        return nothing(f"round trips of {remedy}"), rows
    clean = (rows[list(DEFECTS)] == 0).all(axis=1)
    why = f"No defect {_of(int(clean.sum()), rows)}"
    if not clean.all():
        why += f"; at worst {listed(fidelity.losses(fidelity.gravest(rows)))}"
    return partly(clean, rows, f"{why}."), rows


def c6(evidence: Evidence) -> Finding:
    """Return whether `build_from_config` keeps everything."""
    found, rows = _whole(evidence, "build_from_config")
    if found.outcome is not Outcome.HOLDS:
        return found
    again = rows.dropna(subset=[SECOND])
    if again.empty:
        more = "That is the first round trip; saving what was loaded again is not measured here."
        return Finding(found.outcome, f"{found.why} {more}")
    lost = again[again[SECOND] > 0]
    why = f"state was lost {_of(len(lost), again)} when what was loaded was saved and loaded again"
    if lost.empty:
        return Finding(found.outcome, f"{found.why} Likewise {why}.")
    amount = fidelity.amount(lost.loc[lost[SECOND].idxmax()], SECOND)
    why = f"the model is saved and loaded once: {why} (variables: {amount}). {found.why}"
    return Finding(Outcome.ONLY_IF, why)


def c7(evidence: Evidence) -> Finding:
    """Return whether `tf_cast` keeps everything."""
    return _whole(evidence, "tf_cast")[0]


def c8(evidence: Evidence) -> Finding:
    """Return whether the functional remedy keeps everything when written as in the article."""
    found, _ = _whole(evidence, "functional_bool_input")
    written = evidence.measured(AS_WRITTEN)["value"]
    if found.outcome is not Outcome.HOLDS:
        return found
    if not len(written):
        return Finding(found.outcome, f"{found.why} tf.where on keras.Input was not tried.")
    if not (written > 0).any():
        return Finding(found.outcome, f"{found.why} tf.where on keras.Input does not raise.")
    tries = f"{int((written > 0).sum())} of {counted(len(written), 'try', 'tries')}"
    tried = f"tf.where straight on keras.Input raised in {tries}"
    condition = "tf.where is wrapped in a Layer, or keras.ops.where is used"
    return Finding(Outcome.ONLY_IF, f"{condition}: {tried}. Written so: {found.why}")


def c11(evidence: Evidence) -> Finding:
    """Return whether `ops_where` keeps what `tf.where` loses."""
    found, rows = _whole(evidence, REFERENCE)
    control = _trips(evidence, CONTROL, *DEFECTS)
    if rows.empty or control.empty:
        return nothing("round trips of both ops_where and the control")
    lossy = (control[list(DEFECTS)] != 0).any(axis=1)
    why = f"{found.why} With tf.where, state was lost {_of(int(lossy.sum()), control)}."
    return Finding(found.outcome, why) if lossy.any() else holds(False, why)


def c12(evidence: Evidence) -> Finding:
    """Return whether only the functional remedy keeps complex models whole."""
    complex_ = {k: v for k, v in evidence.kept.items() if k[1] != "image"}
    mine = [v for k, v in complex_.items() if k[2] == "functional_bool_input"]
    if not mine or Kept.UNKNOWN in mine:
        return nothing("round trips of more complex models than the article's")
    lossy = sorted({k[2] for k, v in complex_.items() if v in (Kept.LOSSY, Kept.ONCE)})
    others = [name for name in lossy if name not in (CONTROL, "functional_bool_input")]
    whole = Kept.LOSSY not in mine
    why = (
        f"On {listed(sorted({k[1] for k in complex_}))}, functional_bool_input "
        f"{'is whole' if whole else 'loses state'}; remedies that lose state there: "
        f"{listed(others) or 'none'}."
    )
    return holds(whole and bool(others), why)


def c13(evidence: Evidence) -> Finding:
    """Return whether state is ever lost although loading does not raise."""
    rows = evidence.trips.dropna(subset=["load_raised", *STATE])
    if rows.empty:
        return nothing("round trips")
    lost = (rows[STATE] != 0).any(axis=1) & (rows["load_raised"] == 0)
    silent = rows["silent_defects"] > 0
    names = sorted({*rows.loc[lost | silent, "remedy"]})
    why = (
        f"State was lost although loading did not raise in {int(lost.sum())} of "
        f"{counted(len(rows), 'round trip')}, and in {int(silent.sum())} some of it without a "
        f"word about it ({listed(names) or 'no remedy'})."
    )
    return holds(bool((lost | silent).any()), why)
