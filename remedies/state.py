"""What a compiled Keras model carries: read it, and compare two of them bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class State:
    """A model's state at one moment.

    Attributes
    ----------
    weights, optimizer : tuple of numpy.ndarray
        Values in Keras' own order (layers by attribute, then the optimizer's variables).
    iterations : int
        Training steps that the optimizer has counted.
    outputs : tuple of numpy.ndarray
        Predictions on the inputs that `snapshot` was given, each output's leaf in turn.
    compiled : mapping
        Compile settings, serialised.
    """

    weights: Arrays
    optimizer: Arrays
    iterations: int
    outputs: Arrays
    compiled: Mapping[str, Any]


def arrays(variables: Sequence[Any]) -> Arrays:
    """Copy the values of Keras variables (or tensors) to host memory."""
    return tuple(np.array(_host(variable)) for variable in variables)


def leaves(structure: Any) -> list[Any]:
    """Return the leaves of a nested structure in Keras' own order."""
    import keras

    if tree := getattr(keras, "tree", None):
        return list(tree.flatten(structure))
    import tensorflow as tf  # Keras 3.0 has no `tree`

    return list(tf.nest.flatten(structure))


def mapped(change: Callable[[Any], Any], structure: Any) -> Any:
    """Return a nested structure with `change` applied to every leaf."""
    import keras
    import tensorflow as tf

    return getattr(keras, "tree", tf.nest).map_structure(change, structure)


def _host(value: Any) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(value))


def snapshot(model: Any, inputs: Any) -> State:
    """Read everything a round trip should keep.

    Parameters
    ----------
    model : keras.Model
        Built; its weights are read *after* the prediction, as the user's next call would find them.
    inputs : structure of arrays
        One batch to predict on.
    """
    return carried(model, arrays(leaves(model.predict_on_batch(inputs))))


def carried(model: Any, outputs: Arrays) -> State:
    """Read all that `model` carries as it is, without calling it; `outputs` are taken as given."""
    optimizer = getattr(model, "optimizer", None)
    return State(
        weights=arrays(model.weights),
        optimizer=arrays(optimizer.variables) if optimizer else (),
        iterations=int(_host(optimizer.iterations)) if optimizer else 0,
        outputs=outputs,
        compiled=(model.get_compile_config() if model.compiled else None) or {},
    )


def same(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two arrays agree in shape, dtype and every bit that matters (NaN equals NaN)."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    return bool(np.all((left == right) | ((left != left) & (right != right))))


def differing(left: Arrays, right: Arrays) -> int:
    """Count the pairs, by position, that are not the `same`; unpaired ones do not count."""
    return sum(not same(a, b) for a, b in zip(left, right, strict=False))


def share_changed(left: Arrays, right: Arrays) -> float:
    """Return the share (0 to 1) of the values in `left` that `right` lacks in that place."""
    total = sum(array.size for array in left)
    if not total:
        return 0.0
    kept = sum(
        int(np.sum((a == b) | ((a != a) & (b != b))))
        for a, b in zip(left, right, strict=False)
        if a.shape == b.shape and a.dtype == b.dtype
    )
    return 1 - kept / total


def differing_settings(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the compile settings whose serialised values differ."""
    names = sorted(left.keys() | right.keys())
    return tuple(name for name in names if left.get(name) != right.get(name))
