"""What of a model's state, settings and results differs in the model that a file gives back."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from remedies.feed import Feed
from remedies.libraries import of_user
from remedies.problem import reason
from remedies.state.arrays import Arrays, equal, share_apart
from remedies.state.inventory import Inventory, Item, take

STATE = ("weight", "optimizer", "plain")
# Sums are added up in an order that follows the names of layers, which Keras numbers anew on load.
_TOLERANCE, _HALF = 1e-5, 1e-2
ROUNDING = 1e-6  # by which two runs of one step may differ
STEPS = 2  # the second shows what the first one did


@dataclass(frozen=True)
class Difference:
    """One thing of the model that a trip lost or changed; path and kind as an `Item` has them."""

    path: str
    kind: str
    lost: bool  # whether the loaded model lacks it; else its value differs
    before: Any = None
    after: Any = None
    owner: Any = field(default=None, repr=False)  # what holds it in the model


def unequal(before: Inventory, after: Inventory) -> tuple[Difference, ...]:
    """Return what differs; but not Python values of library classes, which is no loss by itself."""
    import keras

    differences = []
    for path, item in before.items():
        other = after.get(path)
        if item.variable is not None and other is not None and other.variable is None:
            other = None  # what a layer is not built of is None in it
        value = None if other is None else other.value
        if item.kind in ("metric", "seed") or (other is not None and equal(item.value, value)):
            continue
        if item.kind == "attribute":
            # What a layer held that was not built at all is no value that changed.
            flag = f"{item.path.rpartition('.')[0]}.trainable"
            gone = flag in before and flag not in after
            counts = not (gone or _only_numbered(item.value, value))
            # A loss that is lost is a compile setting; what a loss was given is none.
            loss = other is not None and isinstance(item.owner, keras.losses.Loss)
            counts = counts and (loss or of_user(type(item.owner)))
        elif item.kind in STATE or item.kind == "setting":
            counts = _in_use(item, value)
        elif other is None:
            counts = False
        elif item.kind == "trainable":
            # The flag of what only holds layers is nothing by itself: theirs decide.
            trained = [len(each.owner.trainable_variables) for each in (item, other)]
            counts = trained[0] != trained[1]
        else:
            # A model's own policy computes nothing: its layers' policies do.
            counts = bool(item.owner.weights) and not isinstance(item.owner, keras.Model)
        if counts:
            owner = item.owner
            entry = Difference(item.path, item.kind, other is None, item.value, value, owner)
            differences.append(entry)
    return tuple(differences)


def _in_use(item: Item, after: Any) -> bool:
    """Whether a variable or an optimizer's setting was in use, and can be compared."""
    if item.kind in ("optimizer", "setting") and not getattr(item.owner, "built", True):
        return False
    return item.kind != "setting" or after is None or len(item.value) == len(after)


def _only_numbered(before: Any, after: Any) -> bool:
    """Whether two texts differ in their number alone: names, which Keras counts up."""
    texts = [text for text in (before, after) if isinstance(text, str)]
    return len(texts) == 2 and len({text.rstrip("0123456789_") for text in texts}) == 1


def unequal_settings(model: Any, loaded: Any) -> tuple[tuple[str, ...], bool]:
    """Return the names of the compile settings that differ in `loaded`; whether it lacks all."""
    if not model.compiled:
        return (), False
    before = model.get_compile_config() or {}
    try:
        after = (loaded.get_compile_config() if loaded.compiled else None) or {}
    except Exception:
        after = {}
    lost = not loaded.compiled or bool(before and not after)
    names = sorted(before.keys() | after.keys())
    differ = [name for name in names if _nameless(before.get(name)) != _nameless(after.get(name))]
    return tuple(differ) or ("all",) * lost, lost


def _nameless(config: Any) -> Any:
    """Return a config without the names that Keras counts up."""
    if isinstance(config, dict):
        return {key: _nameless(part) for key, part in config.items() if key != "name"}
    if isinstance(config, (list, tuple)):
        return [_nameless(part) for part in config]
    return config


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


def apart(
    left: Behaviour, right: Behaviour, outputs: float, logs: float, weights: float
) -> dict[str, str]:
    """Say what of two runs differs: ``predictions``, a value that steps log, or ``training``.

    The numbers are the parts of their size by which outputs, logs and weights may differ.
    """
    differ = {"problem": right.problem} if right.problem and not left.problem else {}
    if share := share_apart(left.outputs or (), right.outputs or (), outputs):
        differ["predictions"] = f"{max(share, 0.01):.0%} of the outputs differ"
    for number, (ours, theirs) in enumerate(zip(left.logs, right.logs, strict=False), 1):
        step = f"training step {number}"
        for name in sorted(ours.keys() | theirs.keys(), key=lambda name: name != "loss"):
            mine, other = ours.get(name, np.nan), theirs.get(name, np.nan)
            if not np.isclose(mine, other, logs, logs, equal_nan=True):
                differ.setdefault(name, f"{name} of {step} is {other:.6g}, not {mine:.6g}")
    pairs = ((value, right.after.get(path)) for path, value in left.after.items())
    alike = [(a, b) for a, b in pairs if b is not None and a.shape == b.shape]
    distance = _length(a.astype("complex128") - b.astype("complex128") for a, b in alike)
    if distance > weights * _length(a.astype("complex128") for a, _ in alike) + ROUNDING:
        differ["training"] = "the weights after training differ"
    return differ


def _length(arrays: Iterable[np.ndarray]) -> float:
    return math.hypot(*(float(np.linalg.norm(array)) for array in arrays))
