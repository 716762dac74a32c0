"""From what a user gives to the one batch that a model is driven on, and how the model takes it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from remedies.feed import Feed, spread
from remedies.libraries import of_framework
from remedies.problem import BadInputError, reason
from remedies.rescuing.stand_ins import inputs_for
from remedies.state.arrays import leaves, mapped
from remedies.state.preserve import Snapshot
from remedies.state.rebuild import observe

_MOST = 256


def feed(model: Any, x: Any, y: Any, weights: Any, name: str, snapshot: Snapshot) -> Feed:
    """Find out how `model` takes what its user gave; it is put back as it was.

    Raises `BadInputError` where it can neither be trained nor called on that.
    """
    if x is None:
        return _made_up(model, snapshot)
    try:
        fed = _batch(x, y, weights)
    except Exception as error:  # what reads it may be the user's own code
        raise BadInputError(f"{name}: its data cannot be read: {reason(error)}") from error
    fed = _trying(model, fed, snapshot)
    if not fed.trains and model.compiled:
        raise BadInputError(f"{name}: cannot be trained on what it is given: {fed.problem}")
    if not fed.trains and not fed.predicts:
        raise BadInputError(f"{name}: cannot be called on its inputs: {fed.problem}")
    return fed


def _made_up(model: Any, snapshot: Snapshot) -> Feed:
    fed, problem = Feed(None), ""
    try:
        for inputs in itertools.islice(inputs_for(model), 8):
            fed = _trying(model, Feed(_arrays(inputs)), snapshot)
            if fed.trains or (fed.predicts and not model.compiled):
                return fed
            problem = problem or fed.problem
    except BadInputError as error:
        problem = str(error)
    return replace(fed, problem=problem)


def _batch(x: Any, y: Any, weights: Any) -> Feed:
    import keras
    import tensorflow as tf

    if isinstance(x, keras.utils.PyDataset):
        element = x[0]
    elif isinstance(x, tf.data.Dataset) or hasattr(x, "__next__"):
        element = next(iter(x), None)
    else:
        x, y, weights = (mapped(_narrow, _arrays(part)) for part in (x, y, weights))
        first = next((tuple(getattr(leaf, "shape", ())) for leaf in leaves(x)), ())
        if not first or (first[0] or 0) <= _MOST:
            return Feed(x, y, weights)
        parts = keras.utils.pack_x_y_sample_weight(x, y, weights)
        element = next(iter(tf.data.Dataset.from_tensor_slices(parts).batch(_MOST)))
    if element is None:
        raise ValueError("the data set is empty")
    return Feed(*map(_arrays, keras.utils.unpack_x_y_sample_weight(element)))


def _arrays(structure: Any) -> Any:
    """Return lists of numbers or texts as arrays, NumPy's texts as string tensors.

    Other lists become tuples: a data set takes a list for one tensor.
    """
    import tensorflow as tf

    if isinstance(structure, dict):
        return {key: _arrays(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        if structure and all(isinstance(part, (str, bytes, int, float)) for part in structure):
            return _arrays(np.asarray(structure))
        return tuple(map(_arrays, structure))
    if isinstance(structure, np.ndarray) and structure.dtype.kind in "USO" and structure.size:
        return tf.constant(structure.tolist())
    return structure


def _narrow(leaf: Any) -> Any:
    """Return arrays of float64 as `fit` takes them."""
    import keras

    wide = isinstance(leaf, np.ndarray) and leaf.dtype == np.float64
    return leaf.astype(keras.config.floatx()) if wide else leaf


def _trying(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    """Return `fed` in the way in which `model` can be trained and called on it, or why not."""
    if fed.x is not None:
        fed = replace(fed, call=spread(type(model), fed.x))
    ways = [fed, replace(fed, spread=True), replace(fed, eager=False)]
    own = not of_framework(type(model))
    problem = ""
    for way in [way for way in ways if model.compiled and (own or not way.spread)]:
        with observe([type(model)]) as calls:
            why = _problem(way.fit, model, snapshot)
        if not why:
            given = [c.given for c in calls if c.owner is model and c.method == "call"]
            fed = replace(way, trains=True, call=given[0] if given else way.call)
            break
        problem = problem or why
    why = "no data" if fed.x is None else _problem(fed.prediction, model, snapshot)
    fed = replace(fed, predicts=not why, problem=fed.problem if fed.trains else problem or why)
    if model.compiled and not fed.trains and fed.y is None and fed.predicts:
        return _with_targets(model, fed, snapshot)
    return fed


def _problem(drive: Callable[[Any], Any], model: Any, snapshot: Snapshot) -> str:
    """Return why `model` cannot be driven so, in one line, empty if it can; it is put back."""
    try:
        drive(model)
    except Exception as error:
        return reason(error)
    finally:
        snapshot.restore()
    return ""


def _with_targets(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    """Return `fed` with targets made up that the loss takes, or why it takes none."""
    outputs, values = fed.prediction(model), np.random.default_rng(0)
    snapshot.restore()
    problem = fed.problem
    for targets in (
        mapped(lambda output: values.random(output.shape).astype("float32"), outputs),
        mapped(lambda output: np.zeros(output.shape[:1], "int32"), outputs),
    ):
        trial = replace(fed, y=_arrays(targets))
        problem = _problem(trial.fit, model, snapshot)
        if not problem:
            return replace(trial, trains=True, problem="")
    return replace(fed, problem=f"no targets were accepted ({problem}); give (model, x, y)")
