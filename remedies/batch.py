"""From what a user gives to the one batch that a model is driven on, and how the model takes it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from remedies.feed import Feed, batch_size
from remedies.libraries import of_framework
from remedies.problem import BadInputError, reason
from remedies.rescuing.stand_ins import inputs_for
from remedies.state.arrays import mapped
from remedies.state.preserve import Snapshot
from remedies.state.rebuild import observe

_MOST = 256


def feed(model: Any, x: Any, y: Any, weights: Any, name: str, snapshot: Snapshot) -> Feed:
    """Find out how `model` takes what its user gave; it is put back as it was.

    Raises `BadInputError` where it can neither be trained nor called on that.
    """
    if x is None:
        return _made_up(model, name, snapshot)
    fed = _batch(x, y, weights)
    fed = _trying(model, fed, snapshot)
    if not fed.trains and model.compiled:
        raise BadInputError(f"{name}: cannot be trained on what it is given: {fed.problem}")
    if not fed.trains and not fed.predicts:
        raise BadInputError(f"{name}: cannot be called on its inputs: {fed.problem}")
    return fed


def _made_up(model: Any, name: str, snapshot: Snapshot) -> Feed:
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

    if isinstance(x, tf.data.Dataset):
        element = next(iter(x), None)
    elif hasattr(x, "__getitem__") and isinstance(x, keras.utils.PyDataset):
        element = x[0]
    elif hasattr(x, "__next__"):
        element = next(x, None)
    else:
        return _cut(Feed(*(mapped(_narrow, _arrays(part)) for part in (x, y, weights))))
    if element is None:
        raise BadInputError("the data set that was given is empty")
    x, y, weights = map(_arrays, keras.utils.unpack_x_y_sample_weight(element))
    return Feed(x, y, weights, as_dataset=True)


def _cut(fed: Feed) -> Feed:
    import keras
    import tensorflow as tf

    if batch_size(fed.x) <= _MOST:
        return fed
    parts = keras.utils.pack_x_y_sample_weight(fed.x, fed.y, fed.sample_weight)
    return _batch(tf.data.Dataset.from_tensor_slices(parts).batch(_MOST), None, None)


def _arrays(structure: Any) -> Any:
    """Return lists of numbers or texts as arrays, NumPy's texts as string tensors.

    Other lists become tuples: a data set takes a list for one tensor.
    """
    import tensorflow as tf

    if isinstance(structure, dict):
        return {key: _arrays(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        scalars = all(isinstance(part, (str, bytes, int, float)) for part in structure)
        if structure and scalars:
            return _arrays(np.asarray(structure))
        return tuple(map(_arrays, structure))
    if isinstance(structure, np.ndarray) and structure.dtype.kind in "USO":
        return tf.constant(structure.tolist()) if structure.size else structure
    return structure


def _narrow(leaf: Any) -> Any:
    """Return arrays of float64 as `fit` takes them."""
    import keras

    wide = isinstance(leaf, np.ndarray) and leaf.dtype == np.float64
    return leaf.astype(keras.config.floatx()) if wide else leaf


def _trying(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    if fed.x is not None:
        fed = replace(fed, call=((fed.x,), {}))
    problem = ""
    for trial in _ways(model, fed):
        try:
            with observe([type(model)]) as calls:
                trial.fit(model)
        except Exception as error:
            problem = problem or reason(error)
            continue
        finally:
            snapshot.restore()
        given = [c.given for c in calls if c.owner is model and c.method == "call"]
        fed = replace(trial, trains=True, call=given[0] if given else trial.call)
        break
    predicts, why = _predicting(model, fed, snapshot)
    fed = replace(fed, predicts=predicts, problem=problem or why)
    if model.compiled and not fed.trains and fed.y is None and fed.predicts and not fed.as_dataset:
        return _with_targets(model, fed, snapshot)
    return fed


def _ways(model: Any, fed: Feed) -> Iterator[Feed]:
    if not model.compiled:
        return
    # A data set of one element is fed in a fraction of the time that arrays take.
    yield replace(fed, as_dataset=True)
    if not fed.as_dataset:
        yield fed
    if not of_framework(type(model)):
        yield replace(fed, as_dataset=True, spread=True)
    yield replace(fed, eager=False)


def _predicting(model: Any, fed: Feed, snapshot: Snapshot) -> tuple[str, str]:
    """Return how `model` predicts, or an empty text and why it does not."""
    why = ""
    for how in ("predict", "call") if fed.x is not None else ():
        try:
            replace(fed, predicts=how).outputs(model)
        except Exception as error:  # a model may have no call, or none that takes this
            why = why or reason(error)
            continue
        finally:
            snapshot.restore()
        return how, ""
    return "", why


def _with_targets(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    """Return `fed` with targets made up that the loss takes, or why it takes none."""
    try:
        outputs = fed.prediction(model)
    finally:
        snapshot.restore()
    values = np.random.default_rng(0)
    problem = fed.problem
    for targets in (
        mapped(lambda output: values.random(output.shape).astype("float32"), outputs),
        mapped(lambda output: np.zeros(output.shape[:1], "int32"), outputs),
    ):
        trial = replace(fed, y=_arrays(targets))
        try:
            trial.fit(model)
        except Exception as error:
            problem = reason(error)
        else:
            return replace(trial, trains=True, problem="")
        finally:
            snapshot.restore()
    return replace(fed, problem=f"no targets were accepted ({problem}); give (model, x, y)")
