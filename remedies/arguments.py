"""How a model's `call` takes what it is fed: one structure, or several arguments."""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager
from typing import Any

from remedies.libraries import of_framework
from remedies.patching import patched
from remedies.state import mapped


def parameters(cls: type) -> dict[str, inspect.Parameter]:
    """Return the parameters of `cls.call` that carry data, in order."""
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return {
        name: parameter
        for name, parameter in _all(cls).items()
        if parameter.kind in kinds
        and name != "training"
        and (name != "mask" or parameter.default is parameter.empty)
    }


def needs_training(cls: type) -> bool:
    """Whether `cls.call` requires ``training``, which Keras does not pass when it rebuilds."""
    parameter = _all(cls).get("training")
    return parameter is not None and parameter.default is parameter.empty


def _all(cls: type) -> dict[str, inspect.Parameter]:
    signature = inspect.signature(cls.call)  # type: ignore[attr-defined]
    return dict(list(signature.parameters.items())[1:])


def spread(cls: type, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and keyword arguments that `inputs` are for `cls.call`.

    A tuple is several arguments where `call` requires several; so is a dict whose keys are
    parameters of `call`. Anything else is one argument.
    """
    if of_framework(cls):
        return (inputs,), {}
    training = {"training": False} if needs_training(cls) else {}
    names = parameters(cls)
    required = [name for name, each in names.items() if each.default is each.empty]
    keywords = any(parameter.kind is parameter.KEYWORD_ONLY for parameter in names.values())
    fits = isinstance(inputs, (tuple, list)) and len(required) <= len(inputs) <= len(names)
    if fits and len(required) > 1 and not keywords:
        return tuple(inputs), training
    if isinstance(inputs, dict) and len(inputs) > 1 and {*required} <= {*inputs} <= {*names}:
        return (), inputs | training
    return (inputs,), training


def spreading(cls: type) -> AbstractContextManager[None]:
    """Let `fit`, `predict` and their like feed several arguments to instances of `cls`.

    Keras hands `call` one structure, so a model with two arguments could not be checked at all.
    """
    original = cls.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args, named = spread(cls, args[0])
            kwargs = {**named, **kwargs}
        return original(self, *args, **kwargs)

    return patched(cls, {"__call__": call})


def tensors(structure: Any) -> Any:
    """Return a nested structure of arrays as tensors of the same dtypes.

    Keras 3.0 turns a NumPy bool array that a model is called on into float32, and no tensor.
    """
    import keras
    import tensorflow as tf

    def tensor(leaf: Any) -> Any:
        if _is_ready(leaf):
            return leaf
        if getattr(getattr(leaf, "dtype", None), "kind", "") in ("U", "S", "O"):
            return tf.constant(leaf.tolist())
        return keras.ops.convert_to_tensor(leaf)

    return mapped(tensor, structure)


def _is_ready(leaf: Any) -> bool:
    import tensorflow as tf

    kinds = (bool, tf.Tensor, tf.RaggedTensor, tf.SparseTensor)
    return leaf is None or isinstance(leaf, kinds)


def _dtype(leaf: Any) -> str:
    import keras

    name = getattr(leaf.dtype, "name", leaf.dtype)
    return "string" if name == "object" else str(keras.backend.standardize_dtype(name))


def input_code(x: Any, name: str = "") -> str:
    """Return the code that writes a `keras.Input` of the true dtype for each array in `x`."""
    if isinstance(x, dict):
        parts = [f'"{key}": {input_code(part, str(key))}' for key, part in x.items()]
        return "{" + ", ".join(parts) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(map(input_code, x)) + "]"
    named = f', name="{name}"' * bool(name)
    return f'keras.Input({tuple(x.shape)[1:]}, dtype="{_dtype(x)}"{named})'
