"""What a ``.weights.h5`` file keeps of a model, or brings back into one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from remedies.archive import arrays_in, digest_of
from remedies.difference import STATE, Difference
from remedies.findings import Cause, Report, names
from remedies.inventory import take
from remedies.problem import reason
from remedies.scratch import scratch
from remedies.trip import Failure, Trip


@scratch()
def try_weights(model: Any) -> Report:
    """Return the report on what a weights file of `model` does not hold."""
    held = set(_saved(model).values())
    items = [item for item in take(model).values() if item.kind in STATE]
    absent = tuple(
        Difference(item.path, item.kind, True, item.value, None, item.owner)
        for item in items
        if digest_of(item.value) not in held
    )
    what = names(list(absent))
    why = f"The weights file does not hold {what}: Keras does not track these variables."
    do = "make them with self.add_weight(...), or keep them in an attribute that Keras saves"
    advice = (Cause("not_in_file", why, do=(do,)),) if absent else ()
    kinds = [item.kind for item in items]
    saved = {kind: kinds.count(kind) for kind in STATE}
    trip = Trip("weights file", saved, absent, outputs_changed=None)
    return Report(type(model).__name__, (trip,), advice)


def _saved(model: Any) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        return arrays_in(path)


@scratch()
def check_weights(path: str, model: Any, name: str) -> Report:
    """Load a weights file into `model` and report what did not come in.

    Raises `BadInputError` for a file that cannot be read.
    """
    held = arrays_in(Path(path))
    try:
        model.load_weights(path)
    except Exception as error:
        trip = Trip("load_weights", {}, failure=Failure("loading", reason(error, 600), None, error))
        do = f"make the model as it was saved: {reason(error)}"
        why = "The weights do not fit this model."
        return Report(name, (trip,), (Cause("load_error", why, do=(do,)),))
    now = _saved(model)
    differences = tuple(
        Difference(key, "optimizer" if key.startswith("optimizer") else "weight", key not in now)
        for key, digest in held.items()
        if now.get(key) != digest
    )
    saved = dict.fromkeys(STATE, len(held))
    trip = Trip("load_weights", saved, differences, outputs_changed=None)
    return Report(name, (trip,), (_advice(differences),) if differences else ())


def _advice(differences: tuple[Difference, ...]) -> Cause:
    if all(difference.kind == "optimizer" for difference in differences):
        why = "The weights came back and the optimizer's variables did not: it is not built."
        do = "call model.optimizer.build(model.trainable_variables) before load_weights"
        return Cause("optimizer", why, do=(do,))
    first = differences[0].path
    why = f"{len(differences)} arrays of the file are not in the model, {first} first."
    do = "call the model on a batch before load_weights"
    return Cause("children_not_built", why, do=(do,))
