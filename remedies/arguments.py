"""How a model's `call` takes what it is fed: one structure, or several arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_OWN = {"training", "mask"}


def parameters(cls: type) -> dict[str, inspect.Parameter]:
    """Return the parameters of `cls.call` that carry data, in order."""
    found = list(inspect.signature(cls.call).parameters.values())[1:]  # type: ignore[attr-defined]
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {
        one.name: one
        for one in found
        if one.kind in kinds and (one.name not in _OWN or one.default is one.empty)
    }


def spread(cls: type, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and keyword arguments that `inputs` are for `cls.call`.

    A tuple is several arguments where `call` requires several; so is a dict whose keys are
    parameters of `call`. Anything else is one argument.
    """
    if cls.__module__.partition(".")[0] == "keras":
        return (inputs,), {}
    names = parameters(cls)
    required = [name for name, one in names.items() if one.default is one.empty]
    if isinstance(inputs, (tuple, list)) and 1 < len(required) <= len(inputs) <= len(names):
        return tuple(inputs), {}
    if isinstance(inputs, dict) and len(inputs) > 1 and {*required} <= {*inputs} <= {*names}:
        return (), dict(inputs)
    return (inputs,), {}


@contextmanager
def spreading(cls: type) -> Iterator[None]:
    """Let `fit`, `predict` and their like feed several arguments to instances of `cls`.

    Keras hands `call` one structure, so a model with two arguments could not be checked at all.
    """
    original = cls.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args, named = spread(cls, args[0])
            kwargs = {**named, **kwargs}
        return original(self, *args, **kwargs)

    own = "__call__" in vars(cls)
    cls.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        if own:
            cls.__call__ = original  # type: ignore[method-assign]
        else:
            del cls.__call__


def mapped(change: Callable[[Any], Any], structure: Any) -> Any:
    """Return a nested structure with `change` applied to every leaf."""
    import keras
    import tensorflow as tf

    return getattr(keras, "tree", tf.nest).map_structure(change, structure)  # as in state.leaves


def tensors(structure: Any) -> Any:
    """Return a nested structure of arrays as tensors of the same dtypes.

    Keras 3.0 turns a NumPy bool array that a model is called on into float32, and no tensor.
    """
    import keras

    return mapped(keras.ops.convert_to_tensor, structure)
