"""What of a model's state, settings and results differs in the model that a file gives back."""

import contextlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from remedies.feed import Feed
from remedies.libraries import of_user
from remedies.problem import reason
from remedies.state.inventory import Inventory, Item, layers, take

STATE = ("weight", "optimizer", "plain")
Arrays = tuple[np.ndarray, ...]
ROUNDING = 1e-6  # by which two runs of one step may differ


@dataclass(frozen=True)
class Difference:
    """One thing of the model that a trip lost or changed; path and kind as an `Item` has them."""

    path: str
    kind: str
    lost: bool  # whether the loaded model lacks it; else its value differs
    before: Any = None
    after: Any = None
    owner: Any = field(default=None, repr=False)  # what holds it in the model


def unequal(before: Inventory, after: Inventory) -> Iterator[Difference]:
    """Yield what differs; but not Python values of library classes, which is no loss by itself."""
    for path, item in before.items():
        other = after.get(path)
        if other is not None and item.variable is not None and other.variable is None:
            other = None  # what a layer is not built of is None in it
        value = None if other is None else other.value
        if other is not None and equal(item.value, value):
            continue
        # What a layer held that was not built at all is no value that changed.
        flag = f"{item.path.rpartition('.')[0]}.trainable"
        gone = item.kind == "attribute" and flag in before and flag not in after
        if not gone and _counts(item, other, value):
            yield Difference(item.path, item.kind, other is None, item.value, value, item.owner)


def _counts(item: Item, other: Item | None, value: Any) -> bool:
    """Whether it is a loss that `item` came back as `other`, of another value."""
    import keras

    owner, kind = item.owner, item.kind
    if kind == "attribute":
        texts = [text for text in (item.value, value) if isinstance(text, str)]
        if len(texts) == 2 and len({text.rstrip("0123456789_") for text in texts}) == 1:
            return False  # a name, which Keras counts up
        # A loss that is lost is a compile setting; what a loss was given is none.
        return of_user(type(owner)) or (other is not None and isinstance(owner, keras.losses.Loss))
    if kind == "optimizer":
        return bool(owner.built)
    if kind == "setting":  # compared where both have a value for each variable
        return value is None or len(item.value) == len(value)
    if kind == "trainable":
        # The flag of what only holds layers is nothing by itself: theirs decide.
        counts = (len(each.owner.trainable_variables) for each in (item, other or item))
        return len({*counts}) == 2
    if kind == "policy":
        # A model's own computes nothing: its layers' do.
        return bool(other and owner.weights) and not isinstance(owner, keras.Model)
    return kind in STATE


def unequal_settings(model: Any, loaded: Any) -> tuple[tuple[str, ...], bool]:
    """Return the names of the compile settings that differ in `loaded`; whether it lacks all."""
    if not model.compiled:
        return (), False
    before: dict[str, Any] = model.get_compile_config() or {}
    after: dict[str, Any] = {}
    with contextlib.suppress(Exception):
        after = loaded.get_compile_config() or {}
    lost = not loaded.compiled or bool(before and not after)
    names = sorted(before.keys() | after.keys())
    differ = [name for name in names if _nameless(before.get(name)) != _nameless(after.get(name))]
    return tuple(differ) or ("all",) * lost, lost


def _nameless(config: Any) -> str:
    """Return a config as text, without the names that Keras counts up."""
    return re.sub(r'"name": "[^"]*"', "", json.dumps(config, sort_keys=True, default=str))


@dataclass
class Behaviour:
    """What a model does: predictions, what each training step logs, and its weights after them."""

    outputs: Arrays | None = None  # None where the model predicts nothing
    logs: Sequence[Mapping[str, float]] = ()
    after: Mapping[str, np.ndarray] = field(default_factory=dict)
    problem: str = ""  # why it does not predict or train, in one line
    tolerance: float = 0.0  # how far apart two results may lie, for the precision it computes in


def behave(model: Any, fed: Feed, *, train: bool = True) -> Behaviour:
    """Predict and train `model` on its batch; it is changed by that."""
    computed = [getattr(each, "compute_dtype", "") for each in (model, *layers(model).values())]
    half = any("16" in str(name) or "8" in str(name) for name in computed)
    # Sums are added up in an order that follows the names of layers, which Keras numbers anew.
    seen, stage = Behaviour(tolerance=1e-2 if half else 1e-5), "the model cannot be called:"
    try:
        seen.outputs, stage = fed.outputs(model), "the next training step raises"
        if train and fed.trains and not model.compiled:
            seen.problem = "the model cannot be trained: it is not compiled"
        elif train and fed.trains:
            seen.logs = fed.fit(model, 2)  # the second step shows what the first one did
            held = take(model).items()
            seen.after = {path: item.value for path, item in held if item.kind == "weight"}
    except Exception as error:
        seen.problem = f"{stage} {reason(error, 200)}"
    return seen


def apart(left: Behaviour, right: Behaviour, limits: Sequence[float] = ()) -> dict[str, str]:
    """Say what of two runs differs: ``predictions``, a value that steps log, or ``training``.

    `limits` are the parts of their size by which outputs, logs and weights may differ.
    """
    outputs, logs, weights = limits or (left.tolerance, 20 * left.tolerance, 0.02)
    differ = {"problem": right.problem} if right.problem and not left.problem else {}
    if share := share_apart(left.outputs or (), right.outputs or (), outputs):
        differ["predictions"] = f"{max(share, 0.01):.0%} of the outputs differ"
    for number, (ours, theirs) in enumerate(zip(left.logs, right.logs, strict=False), 1):
        for name in sorted(ours.keys() | theirs.keys(), key=lambda name: name != "loss"):
            mine, other = ours.get(name, np.nan), theirs.get(name, np.nan)
            if not np.isclose(mine, other, logs, logs, equal_nan=True):
                what = f"{name} of training step {number} is {other:.6g}, not {mine:.6g}"
                differ.setdefault(name, what)
    distance = size = 0.0
    for path in [path for path in left.after if path in right.after]:
        a, b = (run.after[path].astype("complex128") for run in (left, right))
        if a.shape == b.shape:
            distance = math.hypot(distance, np.linalg.norm(a - b))
            size = math.hypot(size, np.linalg.norm(a))
    if distance > weights * size + ROUNDING:
        differ["training"] = "the weights after training differ"
    return differ


def equal(left: Any, right: Any) -> bool:
    """Whether two plain values, or two arrays with all their bits, are the same."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        left, right = np.asarray(left), np.asarray(right)
        same = left.shape == right.shape and left.dtype == right.dtype
        return same and bool(np.all((left == right) | ((left != left) & (right != right))))
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right or (left != left and right != right))


def share_apart(left: Arrays, right: Arrays, tolerance: float = 0.0) -> float:
    """Return the share (0 to 1) of the values in `left` that `right` lacks in that place."""
    if len(left) < len(right):
        return 1.0
    total = sum(array.size for array in left)
    near = sum(_near(a, b, tolerance) for a, b in zip(left, right, strict=False))
    return 1 - near / total if total else 0.0


def _near(left: np.ndarray, right: np.ndarray, tolerance: float) -> int:
    if left.shape != right.shape or left.dtype != right.dtype:
        return 0
    if left.dtype.kind in "OSUb":
        return int(np.sum(left == right))
    a, b = left.astype("complex128"), right.astype("complex128")  # it holds every number
    scale = np.max(np.abs(a), where=np.isfinite(a), initial=1.0)
    return int(np.sum(np.isclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True)))
