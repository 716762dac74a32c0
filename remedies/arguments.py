"""How a structure of inputs becomes the arguments of a model's `call`."""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from remedies.libraries import of_framework, parameters
from remedies.state.methods import patched


def asked(cls: Any) -> tuple[list[str], list[str]]:
    """Return the names of the parameters of `cls.call` that carry data; and of those required."""
    names = parameters(cls.call)
    names.pop("training", None)
    return [*names], [name for name, each in names.items() if each.default is each.empty]


def needs_training(cls: Any) -> bool:
    """Whether `cls.call` requires ``training``, which Keras does not pass when it rebuilds."""
    parameter = parameters(cls.call).get("training")
    return parameter is not None and parameter.default is parameter.empty


def spread(cls: Any, inputs: Any, least: int = 2) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and keyword arguments that `inputs` are for `cls.call`.

    A tuple is several where `call` requires `least`, and a dict whose keys are its parameters.
    """
    if of_framework(cls):
        return (inputs,), {}
    training = {"training": False} if needs_training(cls) else {}
    names, required = asked(cls)
    fits = isinstance(inputs, (tuple, list)) and len(required) <= len(inputs) <= len(names)
    if fits and len(inputs) > 1 and len(required) >= least:
        return tuple(inputs), training
    if isinstance(inputs, dict) and len(inputs) > 1 and {*required} <= {*inputs} <= {*names}:
        return (), inputs | training
    return (inputs,), training


def called(model: Any, inputs: Any, **options: Any) -> Any:
    """Return what `model` gives for `inputs`, spread over its arguments."""
    args, kwargs = spread(type(model), tensors(inputs))
    return model(*args, **(kwargs | options))


def spreading(cls: type) -> AbstractContextManager[None]:
    """Let `fit`, which hands `call` one structure, feed several arguments to instances of `cls`."""
    original = cls.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args, named = spread(cls, args[0], least=1)
            kwargs = named | kwargs
        return original(self, *args, **kwargs)

    return patched(cls, {"__call__": call})


def tensors(structure: Any) -> Any:
    """Return what a user gives as tensors, as `fit` takes it; a list of numbers or texts is one."""
    import keras
    import tensorflow as tf

    if isinstance(structure, dict):
        return {key: tensors(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        plain = structure and all(isinstance(part, (str, bytes, int, float)) for part in structure)
        return tensors(np.asarray(structure)) if plain else tuple(map(tensors, structure))
    if isinstance(structure, (type(None), bool, tf.Tensor, tf.RaggedTensor, tf.SparseTensor)):
        return structure
    dtype = getattr(structure, "dtype", None)
    if getattr(dtype, "kind", "f") in "USO" and structure.size:
        return tf.constant(structure.tolist())
    if isinstance(structure, np.ndarray) and dtype == np.float64:
        structure = structure.astype(keras.config.floatx())
    # Keras 3.0 itself would turn a NumPy bool array into float32, and into no tensor.
    return keras.ops.convert_to_tensor(structure)
