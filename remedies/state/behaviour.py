"""What a model predicts and how it trains, and how far two models are apart in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from remedies.feed import Feed
from remedies.state.arrays import Arrays
from remedies.state.inventory import take

# Sums are added up in an order that follows the names of layers, which Keras numbers anew on load.
_TOLERANCE, _HALF = 1e-5, 1e-2
STEPS = 2  # the second shows what the first one did


@dataclass(frozen=True)
class Behaviour:
    """What a model does: predictions, what each of `STEPS` steps logs, and its state after them."""

    outputs: Arrays | None = None
    logs: tuple[Mapping[str, float], ...] = ()
    after: Mapping[str, np.ndarray] = field(default_factory=dict)


def behave(model: Any, fed: Feed) -> Behaviour:
    """Predict and train `model` on its batch; it is changed by that."""
    outputs = fed.outputs(model)
    if not fed.trains:
        return Behaviour(outputs)
    logs = tuple(fed.fit(model, STEPS))
    after = {path: item.value for path, item in take(model).items() if item.kind == "weight"}
    return Behaviour(outputs, logs, after)


def tolerance_of(model: Any) -> float:
    """Return how far apart two results of one model may lie, for the precision it computes in."""
    names = (getattr(layer, "compute_dtype", "") for layer in model._flatten_layers())
    half = any("16" in str(name) or "8" in str(name) for name in names)
    return _HALF if half else _TOLERANCE


def unlike(
    before: Behaviour, after: Behaviour, tolerance: float, chance: Collection[str] = ()
) -> str:
    """Say how the training steps differ, `chance` left out; empty if they do not."""
    for number, (left, right) in enumerate(zip(before.logs, after.logs, strict=False), 1):
        if left.keys() != right.keys():
            return f"training step {number} logs {', '.join(right)} in place of {', '.join(left)}"
        for name in sorted(left.keys() - chance, key=lambda name: name != "loss"):
            ours, theirs, far = left[name], right[name], 20 * tolerance
            if not np.isclose(ours, theirs, rtol=far, atol=far, equal_nan=True):
                return f"{name} of training step {number} is {theirs:.6g}, not {ours:.6g}"
    if "training" in chance:
        return ""
    paths = before.after.keys() & after.after.keys()
    pairs = [(before.after[path], after.after[path]) for path in sorted(paths)]
    wide = [(a.astype("float64"), b.astype("float64")) for a, b in pairs if a.shape == b.shape]
    apart = sum(float(np.sum((a - b) ** 2)) for a, b in wide if a.dtype.kind == "f") ** 0.5
    size = sum(float(np.sum(a**2)) for a, _ in wide if a.dtype.kind == "f") ** 0.5
    return "the weights after training differ" if apart > 0.02 * size + 1e-6 else ""
