"""Inputs made from what is known of a model: shapes, and dtypes that are tried."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from remedies.archive import opened
from remedies.arrays import mapped
from remedies.feed import parameters, spread, tensors
from remedies.inventory import is_functional
from remedies.problem import BadInputError, reason

DTYPES = ("float32", "int32", "bool", "string")
# Lengths to try for what a model leaves open; most tables and windows take the first.
_SIZES = (32, 8, 2, 16, 64, 1)
_TRIES = 3**6
_LARGEST = 1 << 28


def shapes_of(build_config: Any) -> Any:
    """Return the structure of input shapes that a build config records, or None.

    Leaves are tuples of int or None. Several arguments come as a dict by argument name.
    """
    if not isinstance(build_config, Mapping):
        return None
    several = build_config.get("shapes_dict")
    try:
        if "input_shape" in build_config:
            return _tuples(build_config["input_shape"])
        if isinstance(several, Mapping):
            return {key.removesuffix("_shape"): _tuples(shape) for key, shape in several.items()}
    except TypeError:
        pass  # a file can say anything here; what is no shape is as good as none
    return None


def _tuples(shapes: Any) -> Any:
    if isinstance(shapes, Mapping):
        return {key: _tuples(shape) for key, shape in shapes.items()}
    if _is_shape(shapes):
        return tuple(shapes)
    if isinstance(shapes, (list, tuple)):
        return tuple(map(_tuples, shapes))
    raise TypeError(f"{shapes!r} is no shape")


def _is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        size is None or (isinstance(size, int) and not isinstance(size, bool) and size >= 0)
        for size in value
    )


def for_arguments(cls: type, shapes: Any) -> Any:
    """Return `shapes` for every argument that `cls.call` requires.

    Keras records the first one's only; the others are taken to be of the same shape.
    """
    required = [name for name, each in parameters(cls).items() if each.default is each.empty]
    several = _is_shape(shapes) and len(required) > 1
    return dict.fromkeys(required, shapes) if several else shapes


def leaves(shapes: Any) -> list[tuple[int | None, ...]]:
    """Return the shapes in a structure of them, in Keras' tree order (dict keys sorted)."""
    if _is_shape(shapes):
        return [shapes]
    parts = [shapes[key] for key in sorted(shapes)] if isinstance(shapes, Mapping) else shapes
    return [leaf for part in parts or () for leaf in leaves(part)]


def draw(shapes: Any, dtypes: Iterator[str], size: int = 2, seed: int = 0) -> Any:
    """Return random arrays of `shapes`, each with the next of `dtypes`; unknown sizes are `size`.

    Floats lie in 0 to 1, integers are 0 or 1, so that they index any table; texts are words.
    """
    if isinstance(shapes, Mapping):
        return {key: draw(shapes[key], dtypes, size, seed + 1) for key in sorted(shapes)}
    if not _is_shape(shapes):
        return tuple(draw(shape, dtypes, size, seed + 1) for shape in shapes)
    full = (shapes[0] or 2, *(size if n is None else n for n in shapes[1:])) if shapes else ()
    if math.prod(full) > _LARGEST:
        raise BadInputError(f"inputs of shape {shapes} are too large to make up; give a sample")
    values, dtype = np.random.default_rng(seed + len(full)).random(full), next(dtypes)
    if dtype == "string":
        import tensorflow as tf

        return tf.where(tf.constant(values) < 0.5, "red car", "blue")
    floats = dtype.startswith(("float", "bfloat", "complex"))
    return (values if floats else values < 0.5).astype(dtype)


def candidates(shapes: Any) -> Iterator[Any]:
    """Yield inputs of `shapes` with every choice of dtypes, those with most floats first."""
    leaf_shapes = leaves(shapes)
    choices = itertools.islice(itertools.product(DTYPES, repeat=len(leaf_shapes)), 3**9)
    unknown = any(None in shape[1:] for shape in leaf_shapes)
    for dtypes in sorted(choices, key=lambda some: sum(name != "float32" for name in some)):
        for size in _SIZES if unknown else (2,):
            yield draw(shapes, iter(dtypes), size)


def discover(model: Any, shapes: Any) -> Any:
    """Return inputs of `shapes` that `model` can be called on, trying dtypes per leaf.

    Raises `BadInputError`, with the last reason, where none of `DTYPES` per input works.
    """
    why = "no shapes are recorded"
    for inputs in itertools.islice(candidates(shapes), _TRIES):
        args, kwargs = spread(type(model), tensors(inputs))
        try:
            model(*args, **kwargs)
        except Exception as error:
            why = reason(error)
            continue
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
        tensor = getattr(model, "_inputs_struct", model.inputs)
        open_ = any(None in tuple(leaf.shape)[1:] for leaf in model.inputs)
        for size in _SIZES if open_ else (2,):
            yield mapped(functools.partial(_like, size=size), tensor)
        return
    shapes = shapes_of(model.get_build_config())
    if shapes is None:
        raise BadInputError(
            "the model records no input shapes; return (model, x, y) from the factory, "
            "or give --sample FILE.npz for a file"
        )
    yield discover(model, for_arguments(type(model), shapes))


def _like(tensor: Any, size: int) -> Any:
    array = draw(tuple(tensor.shape), iter((str(tensor.dtype),)), size)
    if getattr(tensor, "sparse", False):
        import tensorflow as tf

        return tf.sparse.from_dense(array)
    return array


def load_sample(place: str | Path, shapes: Any = None) -> Any:
    """Return a sample: from an ``.npz`` file, or from a function (``file.py:name``) that makes one.

    The file's keys are the model's input names (or the argument names of `call`); a single array
    may have any key; ``arr_0``, ``arr_1`` ... are a tuple. Python objects in it are refused.
    Raises `BadInputError` for what is no such file, for a function that is not there or raises,
    and for keys or shapes unlike those that the model records.
    """
    from remedies.target import made_by

    path = Path(place)
    if ".py:" in path.name:
        made = made_by(str(place))
        return made[0] if isinstance(made, tuple) and len(made) == 2 else made
    with opened(path, "a usable .npz sample"), np.load(path, allow_pickle=False) as arrays:
        sample = dict(arrays)
        if not all(isinstance(array, np.ndarray) for array in sample.values()):
            raise ValueError("it holds what is no array")
    if not sample:
        raise BadInputError(f"{path}: holds no arrays")
    if all(key.startswith("arr_") for key in sample):
        several = tuple(sample.values())
        return several if len(several) > 1 else several[0]
    return _arranged(sample, shapes, path)


def _arranged(sample: dict[str, np.ndarray], shapes: Any, path: Path) -> Any:
    single = len(sample) == 1
    if shapes is None or _is_shape(shapes):
        (key, array), *_ = sample.items()
        named = shapes is not None or key == "x"
        return _fitting(key, array, shapes, path) if single and named else sample
    if not isinstance(shapes, Mapping):
        return tuple(sample.values())
    if set(sample) != set(shapes):
        raise BadInputError(
            f"{path}: has the keys {', '.join(sorted(sample))}; "
            f"the model's inputs are {', '.join(sorted(map(str, shapes)))}"
        )
    return {key: _fitting(key, sample[key], shapes[key], path) for key in shapes}


def _fitting(key: str, array: np.ndarray, shape: Any, path: Path) -> np.ndarray:
    own, sizes = array.shape[1:], shape[1:] if _is_shape(shape) else (None,) * (array.ndim - 1)
    near = all(size in (None, have) for size, have in zip(sizes, own, strict=False))
    if len(own) != len(sizes) or not near:
        text = ", ".join("any" if size is None else str(size) for size in sizes)
        raise BadInputError(
            f"{path}: {key} has shape {array.shape}; the model takes (batch, {text})"
        )
    return array
