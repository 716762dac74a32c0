"""Nested structures of arrays: their leaves, copies of them on the host, and what differs."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]


def leaves(structure: Any) -> list[Any]:
    """Return the leaves of a nested structure, of a dict in the order of its keys."""
    import tensorflow as tf

    return list(tf.nest.flatten(structure))


def mapped(change: Callable[[Any], Any], structure: Any) -> Any:
    """Return a nested structure with `change` applied to every leaf."""
    import tensorflow as tf

    return tf.nest.map_structure(change, structure)


def host(variable: Any) -> np.ndarray:
    """Return a variable's or tensor's value as an array of its own."""
    import keras

    value = getattr(variable, "value", variable)
    value = value() if callable(value) else value
    return np.array(value.numpy() if hasattr(value, "numpy") else keras.ops.convert_to_numpy(value))


def hosts(variables: Iterable[Any]) -> Arrays:
    """Return the values of variables or tensors as arrays of their own."""
    return tuple(map(host, variables))


def equal(left: Any, right: Any) -> bool:
    """Whether two plain values, or two arrays with all their bits, are the same."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        left, right = np.asarray(left), np.asarray(right)
        if left.shape != right.shape or left.dtype != right.dtype:
            return False
        return bool(np.all((left == right) | ((left != left) & (right != right))))
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
