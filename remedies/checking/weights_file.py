"""What a ``.weights.h5`` file keeps of a model, or brings back into one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from remedies.checking.findings import Cause, Report, names
from remedies.problem import reason
from remedies.state.archive import absent, arrays_in, missing, saved
from remedies.state.difference import STATE, Difference
from remedies.state.inventory import take
from remedies.state.preserve import scratch
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
    kinds = [item.kind for item in take(model).values()]
    counts = {kind: kinds.count(kind) for kind in STATE}
    trip = Trip("weights file", counts, lost, outputs_changed=None)
    advice = (Cause("not_in_file", why, do=(do,)),) if lost else ()
    return Report(type(model).__name__, (trip,), advice)


@scratch()
def check_weights(path: str, model: Any, name: str) -> Report:
    """Load a ``.weights.h5`` file into `model` and report what did not come in.

    Raises `BadInputError` for a file that cannot be read.
    """
    held = arrays_in(Path(path))
    trip = Trip("load_weights", dict.fromkeys(STATE, len(held)), outputs_changed=None)
    try:
        model.load_weights(path)
    except Exception as error:
        why, do = "The weights do not fit this model.", f"make it as it was saved: {reason(error)}"
        failure = Failure("loading", reason(error, 600), None, error)
        cause = Cause("error", why, do=(do,))
        return Report(name, (replace(trip, failure=failure),), (cause,))
    lost = missing(model, held)
    inner = [key for key in lost if key.startswith("optimizer")]
    why = f"{len(lost)} arrays of the file are not in the model: {', '.join(lost[:3])}."
    do = "before load_weights, call the model on a batch"
    if inner:
        do += " and model.optimizer.build(model.trainable_variables)"
    cause = Cause("optimizer" if len(inner) == len(lost) else "children_not_built", why, do=(do,))
    kinds = {key: "optimizer" if key in inner else "weight" for key in lost}
    differences = tuple(Difference(key, kind, True) for key, kind in kinds.items())
    return Report(name, (replace(trip, differences=differences),), (cause,) if lost else ())
