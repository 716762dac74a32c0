"""The one batch that a model is driven on: its user's, or made up from what is known of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from remedies.feed import Feed, called, parameters, spread, tensors
from remedies.libraries import of_framework
from remedies.problem import BadInputError, reason
from remedies.state.archive import opened
from remedies.state.arrays import leaves, mapped
from remedies.state.inventory import is_functional
from remedies.state.methods import observe
from remedies.state.preserve import Snapshot
from remedies.target import made_by

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
            fed = _trying(model, Feed(tensors(inputs)), snapshot)
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
        x, y, weights = map(tensors, (x, y, weights))
        element = keras.utils.pack_x_y_sample_weight(x, y, weights)
        sizes = [tuple(getattr(leaf, "shape", ()))[:1] for leaf in leaves(x)][:1]
        if any(size and (size[0] or 0) > _MOST for size in sizes):
            element = next(iter(tf.data.Dataset.from_tensor_slices(element).batch(_MOST)))
    if element is None:
        raise ValueError("the data set is empty")
    return Feed(*map(tensors, keras.utils.unpack_x_y_sample_weight(element)))


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
    why = (
        "no data"
        if fed.x is None
        else _problem(replace(fed, predicts=True).outputs, model, snapshot)
    )
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
        trial = replace(fed, y=tensors(targets))
        problem = _problem(trial.fit, model, snapshot)
        if not problem:
            return replace(trial, trains=True, problem="")
    return replace(fed, problem=f"no targets were accepted ({problem}); give (model, x, y)")


def shapes_of(build_config: Any) -> Any:
    """Return the structure of shapes (several arguments by name) that a build config records."""
    config = build_config if isinstance(build_config, Mapping) else {}
    several = config.get("shapes_dict")
    try:
        if "input_shape" in config:
            return _shapes(config["input_shape"])
        if isinstance(several, Mapping):
            return {key.removesuffix("_shape"): _shapes(shape) for key, shape in several.items()}
    except TypeError:
        pass  # a file can say anything here; what is no shape is as good as none
    return None


def _shapes(parts: Any) -> Any:
    import tensorflow as tf

    if isinstance(parts, Mapping):
        return {key: _shapes(part) for key, part in parts.items()}
    if not isinstance(parts, (list, tuple)):
        raise TypeError(f"{parts!r} is no shape")
    if all(size is None or (type(size) is int and size >= 0) for size in parts):
        return tf.TensorShape(parts)
    return tuple(map(_shapes, parts))


def draw(shape: Any, dtype: str, size: int = 2, seed: int = 0) -> Any:
    """Return a random array: floats in 0 to 1, integers 0 or 1, as for any table, or words."""
    sizes = [size if n is None else n for n in shape]
    if sizes:
        sizes[0] = shape[0] or 2  # the batch
    if math.prod(sizes) > _LARGEST:
        raise BadInputError(f"inputs of shape {shape} are too large to make up; give a sample")
    values = np.random.default_rng(seed).random(tuple(sizes))
    if dtype == "string":
        import tensorflow as tf

        return tf.where(tf.constant(values) < 0.5, "red car", "blue")
    floats = dtype.startswith(("float", "bfloat", "complex"))
    return (values if floats else values < 0.5).astype(dtype)


def candidates(shapes: Any) -> Iterator[Any]:
    """Yield inputs of `shapes` with every choice of dtypes, those with most floats first."""
    import tensorflow as tf

    parts = tf.nest.flatten(shapes)
    choices = itertools.islice(itertools.product(DTYPES, repeat=len(parts)), 3**9)
    unknown = any(None in list(shape)[1:] for shape in parts)
    for dtypes in sorted(choices, key=lambda some: sum(name != "float32" for name in some)):
        for size in _SIZES if unknown else (2,):
            numbered = enumerate(zip(parts, dtypes, strict=True))
            drawn = [draw(shape, dtype, size, seed) for seed, (shape, dtype) in numbered]
            yield tf.nest.pack_sequence_as(shapes, drawn)


def discover(model: Any, shapes: Any) -> Any:
    """Return inputs of `shapes` that `model` can be called on, trying `DTYPES` for each leaf."""
    names = parameters(type(model)).items()
    required = [name for name, each in names if each.default is each.empty]
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


def inputs_for(model: Any, build_config: Any = None) -> Iterator[Any]:
    """Yield inputs for a live model, from its `keras.Input`s or from the shapes that it records."""
    if is_functional(model):
        unknown = any(None in tuple(leaf.shape)[1:] for leaf in model.inputs)
        for size in _SIZES if unknown else (2,):
            inputs = getattr(model, "_inputs_struct", model.inputs)
            yield mapped(lambda leaf: _like(leaf, size), inputs)  # noqa: B023 - used at once
        return
    shapes = shapes_of(build_config or model.get_build_config())
    if shapes is None:
        raise BadInputError(
            "the model records no input shapes; return (model, x, y) from the factory, or for a "
            "file (was it saved after a bad load?) give --sample FILE.npz"
        )
    yield discover(model, shapes)


def _like(tensor: Any, size: int) -> Any:
    import tensorflow as tf

    array = draw(tensor.shape, str(tensor.dtype), size)
    return tf.sparse.from_dense(array) if getattr(tensor, "sparse", False) else array


def load_sample(place: str | Path) -> Any:
    """Return a sample: from an ``.npz`` file, or from a function (``file.py:name``) that makes one.

    The file's keys are the model's input names, or the argument names of `call`; ``arr_0``,
    ``arr_1`` ... are a tuple, and one array alone is ``arr_0`` or ``x``. Raises `BadInputError` for
    what is no such file or holds Python objects, and for a function that is not there or raises.
    """
    path = Path(place)
    if ".py:" in path.name:
        return made_by(str(place))
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
