"""The one batch that a model is driven on: its user's, or made up from what is known of it."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from remedies.feed import Feed, asked, called, spread, tensors
from remedies.libraries import of_framework
from remedies.problem import BadInputError, reason
from remedies.state.archive import opened
from remedies.state.arrays import leaves, mapped
from remedies.state.inventory import is_functional
from remedies.state.methods import observe
from remedies.state.preserve import Snapshot
from remedies.target import factory_of

DTYPES = ("float32", "int32", "bool", "string")
_MOST, _LARGEST = 256, 1 << 28
# Lengths to try for what a model leaves open; most tables and windows take the first.
_SIZES = (32, 8, 2, 16, 64, 1)
_TRIES = 3**6


def feed(model: Any, x: Any, y: Any, weights: Any, name: str, snapshot: Snapshot) -> Feed:
    """Find out how `model` takes what its user gave; it is put back as it was.

    Raises `BadInputError` where it can neither be trained nor called on that.
    """
    if x is None:
        try:
            return _trying(model, Feed(tensors(inputs_for(model))), snapshot)
        except BadInputError as error:
            return Feed(None, problem=str(error))
    try:
        fed = _batch(x, y, weights)
    except Exception as error:  # what reads it may be the user's own code
        raise BadInputError(f"{name}: its data cannot be read: {reason(error)}") from error
    fed = _trying(model, fed, snapshot)
    if not (fed.trains if model.compiled else fed.predicts):
        how = "trained" if model.compiled else "called"
        raise BadInputError(f"{name}: cannot be {how} on what it is given: {fed.problem}")
    return fed


def _batch(x: Any, y: Any, weights: Any) -> Feed:
    import keras
    import tensorflow as tf

    if isinstance(x, keras.utils.PyDataset):
        element = x[0]
    elif isinstance(x, tf.data.Dataset) or hasattr(x, "__next__"):
        element = next(iter(x), None)
    else:
        x, y, weights = map(tensors, (x, y, weights))
        element = keras.utils.pack_x_y_sample_weight(x, y, weights)
        size = tuple(getattr(leaves(x)[0], "shape", ()))[:1]
        if size and (size[0] or 0) > _MOST:
            element = next(iter(tf.data.Dataset.from_tensor_slices(element).batch(_MOST)))
    if element is None:
        raise ValueError("the data set is empty")
    return Feed(*map(tensors, keras.utils.unpack_x_y_sample_weight(element)))


def _trying(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    """Return `fed` in the way in which `model` can be trained and called on it, or why not."""
    fed = replace(fed, call=spread(type(model), fed.x))
    ways = [fed, replace(fed, spread=True), replace(fed, eager=False)]
    own = not of_framework(type(model))
    problems = []
    for way in [way for way in ways if model.compiled and (own or not way.spread)]:
        with observe([type(model)]) as calls:
            problems.append(_problem(way.fit, model, snapshot))
        if not problems[-1]:
            given = [c.given for c in calls if c.owner is model and c.method == "call"]
            fed = replace(way, trains=True, call=given[0] if given else way.call)
            break
    problems.append(_problem(replace(fed, predicts=True).outputs, model, snapshot))
    problem = "" if fed.trains else problems[0]
    fed = replace(fed, predicts=not problems[-1], problem=problem)
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
        trial = replace(fed, y=tensors(targets))
        problem = _problem(trial.fit, model, snapshot)
        if not problem:
            return replace(trial, trains=True, problem="")
    return replace(fed, problem=f"no targets were accepted ({problem}); give (model, x, y)")


def inputs_for(model: Any, build_config: Any = None) -> Any:
    """Return inputs that a live model can be called on, by trying.

    They are like its `keras.Input`s, or of the shapes that it records: then with every choice of
    `DTYPES`. Raises `BadInputError` where it records none, or accepts none of them.
    """
    shapes = getattr(model, "_inputs_struct", model.inputs) if is_functional(model) else None
    if shapes is None:
        shapes = recorded(build_config or model.get_build_config())
        _, required = asked(type(model))
        if len(required) > 1 and not isinstance(shapes, (dict, tuple)):
            # Keras records the first argument's shape only: the others are taken to be like it.
            shapes = dict.fromkeys(required, shapes)
    why = "no shapes are recorded"
    for inputs in itertools.islice(candidates(shapes), _TRIES):
        try:
            called(model, inputs)
        except Exception as error:
            why = reason(error)
        else:
            return inputs
    raise BadInputError(
        f"no input dtypes were found under which the model can be called (last try: {why}); "
        "give real inputs: --sample FILE.npz, or return (model, x, y) from the factory"
    )


def recorded(config: Any) -> Any:
    """Return the structure of shapes (several arguments by name) that a build config records."""
    try:
        if "input_shape" in config:
            return _shapes(config["input_shape"])
        several = config["shapes_dict"].items()
        return {key.removesuffix("_shape"): _shapes(shape) for key, shape in several}
    except (AttributeError, LookupError, TypeError):  # a file can say anything here
        raise BadInputError(
            "the model records no input shapes; return (model, x, y) from the factory, or for a "
            "file (was it saved after a bad load?) give --sample FILE.npz"
        ) from None


def _shapes(parts: Any) -> Any:
    import tensorflow as tf

    if isinstance(parts, Mapping):
        return {key: _shapes(part) for key, part in parts.items()}
    if not isinstance(parts, (list, tuple)):
        raise TypeError(f"{parts!r} is no shape")
    if all(size is None or (type(size) is int and size >= 0) for size in parts):
        return tf.TensorShape(parts)
    return tuple(map(_shapes, parts))


def candidates(parts: Any) -> Iterator[Any]:
    """Yield inputs of shapes with every choice of dtypes, those with most floats first.

    A part that is no shape but a `keras.Input` has a dtype.
    """
    import tensorflow as tf

    several = tf.nest.flatten(parts)
    dtypes_of = ([str(part.dtype)] if hasattr(part, "dtype") else DTYPES for part in several)
    choices = itertools.islice(itertools.product(*dtypes_of), 3**9)
    unknown = any(None in _shape(part)[1:] for part in several)
    for dtypes in sorted(choices, key=lambda some: sum(name != "float32" for name in some)):
        for size in _SIZES if unknown else (2,):
            numbered = enumerate(zip(several, dtypes, strict=True))
            drawn = [_draw(part, dtype, size, seed) for seed, (part, dtype) in numbered]
            yield tf.nest.pack_sequence_as(parts, drawn)


def _shape(part: Any) -> list[int | None]:
    return list(getattr(part, "shape", part))


def _draw(part: Any, dtype: str, size: int, seed: int) -> Any:
    """Return a random array: floats in 0 to 1, integers 0 or 1, as for any table, or words."""
    import tensorflow as tf

    shape = _shape(part)
    sizes = [n or (size if axis else 2) for axis, n in enumerate(shape)]  # the first is the batch
    if math.prod(sizes) > _LARGEST:
        raise BadInputError(f"inputs of shape {shape} are too large to make up; give a sample")
    values = np.random.default_rng(seed).random(sizes)
    if dtype == "string":
        return tf.where(tf.constant(values) < 0.5, "red car", "blue")
    floats = dtype.startswith(("float", "bfloat", "complex"))
    array = (values if floats else values < 0.5).astype(dtype)
    return tf.sparse.from_dense(array) if getattr(part, "sparse", False) else array


def load_sample(place: str | Path) -> Any:
    """Return a sample: from an ``.npz`` file, or from a function (``file.py:name``) that makes one.

    The file's keys are the model's input names, or the argument names of `call`; ``arr_0``,
    ``arr_1`` ... are a tuple, and one array alone is ``arr_0`` or ``x``. Raises `BadInputError` for
    what is no such file or holds Python objects, and for a function that is not there or raises.
    """
    path = Path(place)
    if ".py:" in path.name:
        return factory_of(str(place))()
    with opened(path, "a usable .npz sample"), np.load(path, allow_pickle=False) as arrays:
        sample = dict(arrays)
        if not all(isinstance(array, np.ndarray) for array in sample.values()):
            raise ValueError("it holds what is no array")
    if not sample:
        raise BadInputError(f"{path}: holds no arrays")
    first, *others = sample.values()
    if not all(key == "x" or key.startswith("arr_") for key in sample):
        return sample
    return (first, *others) if others else first
