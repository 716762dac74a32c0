"""Inputs made from what is known of a model: shapes, and dtypes that are tried."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from remedies.feed import called, parameters
from remedies.problem import BadInputError, reason
from remedies.state.archive import opened
from remedies.state.arrays import mapped
from remedies.state.inventory import is_functional
from remedies.target import made_by

DTYPES = ("float32", "int32", "bool", "string")
# Lengths to try for what a model leaves open; most tables and windows take the first.
_SIZES = (32, 8, 2, 16, 64, 1)
_TRIES = 3**6
_LARGEST = 1 << 28


def shapes_of(build_config: Any) -> Any:
    """Return the structure of input shapes that a build config records, or None.

    Leaves are `tf.TensorShape`s. Several arguments come as a dict by argument name.
    """
    if not isinstance(build_config, Mapping):
        return None
    several = build_config.get("shapes_dict")
    try:
        if "input_shape" in build_config:
            return _shapes(build_config["input_shape"])
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


def _is_shape(value: Any) -> bool:
    import tensorflow as tf

    return isinstance(value, tf.TensorShape)


def draw(shape: Any, dtype: str, size: int = 2, seed: int = 0) -> Any:
    """Return a random array of `shape`, unknown sizes being `size`.

    Floats lie in 0 to 1, integers are 0 or 1, so that they index any table; texts are words.
    """
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
    """Return inputs of `shapes` that `model` can be called on, trying dtypes per leaf.

    Raises `BadInputError`, with the last reason, where none of `DTYPES` per input works.
    """
    names = parameters(type(model)).items()
    required = [name for name, each in names if each.default is each.empty]
    if _is_shape(shapes) and len(required) > 1:
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


def inputs_for(model: Any) -> Iterator[Any]:
    """Yield inputs for a live model, from its `keras.Input`s or from its recorded shapes.

    Raises `BadInputError` where neither is known, or no dtypes work.
    """
    if is_functional(model):
        open_ = any(None in tuple(leaf.shape)[1:] for leaf in model.inputs)
        for size in _SIZES if open_ else (2,):
            like = functools.partial(_like, size=size)
            yield mapped(like, getattr(model, "_inputs_struct", model.inputs))
        return
    shapes = shapes_of(model.get_build_config())
    if shapes is None:
        raise BadInputError(
            "the model records no input shapes; return (model, x, y) from the factory, "
            "or give --sample FILE.npz for a file"
        )
    yield discover(model, shapes)


def _like(tensor: Any, size: int) -> Any:
    import tensorflow as tf

    array = draw(tensor.shape, str(tensor.dtype), size)
    return tf.sparse.from_dense(array) if getattr(tensor, "sparse", False) else array


def load_sample(place: str | Path, shapes: Any = None) -> Any:
    """Return a sample: from an ``.npz`` file, or from a function (``file.py:name``) that makes one.

    The file's keys are the model's input names (or the argument names of `call`); ``arr_0``,
    ``arr_1`` ... are a tuple; a single array may have any key where `shapes` is what the model
    records. Python objects in it are refused. Raises `BadInputError` for what is no such file, and
    for a function that is not there or raises.
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
    numbered = all(key.startswith("arr_") for key in sample)
    if len(sample) == 1 and (numbered or "x" in sample or _is_shape(shapes)):
        return next(iter(sample.values()))
    unnamed = numbered or isinstance(shapes, tuple)
    return tuple(sample.values()) if unnamed else sample
