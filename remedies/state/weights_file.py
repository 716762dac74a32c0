"""What a ``.weights.h5`` file keeps of a model, or brings back into one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from remedies.checking.findings import Cause, Report, names
from remedies.problem import reason
from remedies.scratch import scratch
from remedies.state.archive import absent, arrays_in, missing, saved
from remedies.state.difference import STATE, Difference
from remedies.state.inventory import take
from remedies.state.trip import Failure, Trip


@scratch()
def try_weights(model: Any) -> Report:
    """Return the report on what a file of the weights of `model` does not hold."""
    lost = tuple(
        Difference(item.path, item.kind, True, item.value, None, item.owner)
        for item in absent(model, saved(model), STATE)
    )
    why = f"The weights file does not hold {names(list(lost))}: Keras does not track these."
    do = "make them with self.add_weight(...), or keep them in an attribute that Keras saves"
    advice = (Cause("not_in_file", why, do=(do,)),) if lost else ()
    kinds = [item.kind for item in take(model).values()]
    counts = {kind: kinds.count(kind) for kind in STATE}
    trip = Trip("weights file", counts, lost, outputs_changed=None)
    return Report(type(model).__name__, (trip,), advice)


@scratch()
def check_weights(path: str, model: Any, name: str) -> Report:
    """Load a weights file into `model` and report what did not come in.

    Raises `BadInputError` for a file that cannot be read.
    """
    held = arrays_in(Path(path))
    counts = dict.fromkeys(STATE, len(held))
    try:
        model.load_weights(path)
    except Exception as error:
        failure = Failure("loading", reason(error, 600), None, error)
        do = f"make the model as it was saved: {reason(error)}"
        advice = Cause("load_error", "The weights do not fit this model.", do=(do,))
        return Report(name, (Trip("load_weights", counts, failure=failure),), (advice,))
    lost = tuple(
        Difference(key, "optimizer" if key.startswith("optimizer") else "weight", True)
        for key in missing(model, held)
    )
    trip = Trip("load_weights", counts, lost, outputs_changed=None)
    return Report(name, (trip,), (_advice(lost),) if lost else ())


def _advice(lost: tuple[Difference, ...]) -> Cause:
    if all(difference.kind == "optimizer" for difference in lost):
        why = "The weights came back and the optimizer's variables did not: it is not built."
        do = "call model.optimizer.build(model.trainable_variables) before load_weights"
        return Cause("optimizer", why, do=(do,))
    why = f"{len(lost)} arrays of the file are not in the model, {lost[0].path} first."
    do = "call the model on a batch before load_weights"
    return Cause("children_not_built", why, do=(do,))
