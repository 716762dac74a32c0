"""What a model predicts and how it trains, and how far two models are apart in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from remedies.feed import Feed
from remedies.problem import reason
from remedies.state.arrays import Arrays, share_apart
from remedies.state.inventory import take

# Sums are added up in an order that follows the names of layers, which Keras numbers anew on load.
_TOLERANCE, _HALF = 1e-5, 1e-2
ROUNDING = 1e-6  # by which two runs of one step may differ
STEPS = 2  # the second shows what the first one did


@dataclass(frozen=True)
class Behaviour:
    """What a model does: predictions, what each of `STEPS` steps logs, and its state after them."""

    outputs: Arrays | None = None  # None where the model predicts nothing
    logs: tuple[Mapping[str, float], ...] = ()
    after: Mapping[str, np.ndarray] = field(default_factory=dict)
    problem: str = ""  # why it does not predict or train, in one line


def behave(model: Any, fed: Feed, *, train: bool = True) -> Behaviour:
    """Predict and train `model` on its batch; it is changed by that."""
    try:
        outputs = fed.outputs(model)
    except Exception as error:
        return Behaviour((), problem=f"the model cannot be called: {reason(error, 200)}")
    if not (train and fed.trains):
        return Behaviour(outputs)
    if not model.compiled:
        return Behaviour(outputs, problem="the model cannot be trained: it is not compiled")
    try:
        logs = tuple(fed.fit(model, STEPS))
    except Exception as error:
        return Behaviour(outputs, problem=f"the next training step raises {reason(error, 200)}")
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
    differ = apart(before, after, tolerance, 20 * tolerance, 0.02)
    return next((differ[name] for name in differ if name not in {"predictions", *chance}), "")


def apart(
    left: Behaviour, right: Behaviour, outputs: float, logs: float, weights: float
) -> dict[str, str]:
    """Say what of two runs differs: ``predictions``, a value that steps log, or ``training``.

    Each may differ by a part of its size: predictions by `outputs`, what is logged by `logs`, and
    all weights after the steps together by `weights`.
    """
    differ = {"problem": right.problem} if right.problem and not left.problem else {}
    if share := share_apart(left.outputs or (), right.outputs or (), outputs):
        differ["predictions"] = f"{max(share, 0.01):.0%} of the outputs differ"
    for number, (ours, theirs) in enumerate(zip(left.logs, right.logs, strict=False), 1):
        step = f"training step {number}"
        if ours.keys() != theirs.keys():
            differ["logs"] = f"{step} logs {', '.join(theirs)} in place of {', '.join(ours)}"
        for name in sorted(ours.keys() & theirs.keys(), key=lambda name: name != "loss"):
            mine, other = ours[name], theirs[name]
            if not np.isclose(mine, other, logs, logs, equal_nan=True):
                differ.setdefault(name, f"{name} of {step} is {other:.6g}, not {mine:.6g}")
    pairs = [(value, right.after.get(path)) for path, value in left.after.items()]
    wide = [
        (a.astype("complex128"), b.astype("complex128"))
        for a, b in pairs
        if b is not None and a.shape == b.shape
    ]
    distance = sum(np.sum(np.abs(a - b) ** 2) for a, b in wide) ** 0.5
    if distance > weights * sum(np.sum(np.abs(a) ** 2) for a, _ in wide) ** 0.5 + ROUNDING:
        differ["training"] = "the weights after training differ"
    return differ
