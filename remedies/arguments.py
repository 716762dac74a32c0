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
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {
        name: parameter
        for name, parameter in _all(cls).items()
        if parameter.kind not in variadic and name != "training"
    }


def needs_training(cls: type) -> bool:
    """Whether `cls.call` requires ``training``, which Keras does not pass when it rebuilds."""
    parameter = _all(cls).get("training")
    return parameter is not None and parameter.default is parameter.empty


def _all(cls: type) -> dict[str, inspect.Parameter]:
    signature = inspect.signature(cls.call)  # type: ignore[attr-defined]
    return dict(list(signature.parameters.items())[1:])


def spread(cls: type, inputs: Any, least: int = 2) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and keyword arguments that `inputs` are for `cls.call`.

    A tuple is several arguments where `call` requires at least `least`; so is a dict whose keys
    are parameters of `call`. Anything else is one argument.
    """
    if of_framework(cls):
        return (inputs,), {}
    training = {"training": False} if needs_training(cls) else {}
    names = parameters(cls)
    required = [name for name, each in names.items() if each.default is each.empty]
    keywords = any(parameter.kind is parameter.KEYWORD_ONLY for parameter in names.values())
    fits = isinstance(inputs, (tuple, list)) and len(required) <= len(inputs) <= len(names)
    if fits and len(inputs) > 1 and len(required) >= least and not keywords:
        return tuple(inputs), training
    if isinstance(inputs, dict) and len(inputs) > 1 and {*required} <= {*inputs} <= {*names}:
        return (), inputs | training
    return (inputs,), training


def spreading(cls: type) -> AbstractContextManager[None]:
    """Let `fit`, `predict` and their like feed several arguments to instances of `cls`.

    Keras hands `call` one structure, so a model with two arguments could not be checked at all.
    It is for models that do not take the structure as it is: the second argument may be optional.
    """
    original = cls.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args, named = spread(cls, args[0], least=1)
            kwargs = {**named, **kwargs}
        return original(self, *args, **kwargs)

    return patched(cls, {"__call__": call})


def tensors(structure: Any) -> Any:
    """Return a nested structure of arrays as tensors of the same dtypes.

    Keras 3.0 turns a NumPy bool array that a model is called on into float32, and no tensor.
    """
    import keras
    import tensorflow as tf

    ready = (bool, tf.Tensor, tf.RaggedTensor, tf.SparseTensor)

    def tensor(leaf: Any) -> Any:
        if leaf is None or isinstance(leaf, ready):
            return leaf
        if getattr(getattr(leaf, "dtype", None), "kind", "") in ("U", "S", "O"):
            return tf.constant(leaf.tolist())
        return keras.ops.convert_to_tensor(leaf)

    return mapped(tensor, structure)


def input_layers(x: Any) -> Any:
    """Return a `keras.Input` of the true dtype for each array in `x`: what `input_code` makes."""
    import keras

    return eval(input_code(x), {"keras": keras})  # noqa: S307 - our text


def input_code(x: Any, name: str = "") -> str:
    """Return the code that makes the inputs of a functional model that takes `x`."""
    import keras

    if isinstance(x, dict):
        parts = (f'"{key}": {input_code(part, key)}' for key, part in x.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(input_code, x))}]"
    dtype = str(getattr(x.dtype, "name", x.dtype))
    dtype = "string" if dtype == "object" else keras.backend.standardize_dtype(dtype)
    named = f', name="{name}"' if name else ""
    return f'keras.Input({tuple(x.shape)[1:]}, dtype="{dtype}"{named})'
