"""What a model is fed, and how it is driven: through `fit` and `predict`, as its user does."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from remedies.libraries import of_framework
from remedies.patching import patched
from remedies.state.arrays import host, leaves, mapped
from remedies.state.preserve import level


@dataclass(frozen=True)
class Feed:
    """One batch, and the way of feeding it that this model takes.

    Each of `x`, `y` and `sample_weight` is a structure of arrays or tensors, or None.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None
    as_dataset: bool = False  # fed as a `tf.data.Dataset` of one element
    eager: bool = True
    spread: bool = False  # several arguments to `call`
    call: tuple[Any, ...] = ()  # what `call` gets: positional and keyword arguments
    trains: bool = False  # whether `fit` works on it
    predicts: str = ""  # ``predict`` or ``call`` (a plain call), whichever works first
    problem: str = ""  # why it does not train or predict, in one line

    def fit(self, model: Any, steps: int = 1) -> list[dict[str, float]]:
        """Train `steps` times on the batch and return what each step logged."""
        level()
        with self._running(model):
            history = model.fit(**self._arguments(training=True), epochs=steps, verbose=0).history
        logged = {name: np.asarray(values, "float64") for name, values in history.items()}
        return [
            {name: float(np.mean(values[step])) for name, values in logged.items()}
            for step in range(steps)
        ]

    def outputs(self, model: Any) -> tuple[np.ndarray, ...] | None:
        """Return the predictions' leaves, or None where the model predicts nothing."""
        if not self.predicts:
            return None
        return tuple(map(_dense, leaves(self.prediction(model))))

    def prediction(self, model: Any) -> Any:
        """Return what `model` predicts, unchanged."""
        level()
        with self._running(model):
            if self.predicts == "predict":
                return model.predict(**self._arguments(training=False), verbose=0)
            args, kwargs = self.call
            quiet = {"training": False} if "training" in kwargs else {}
            return model(*tensors(args), **{**tensors(kwargs), **quiet})

    def _arguments(self, *, training: bool) -> dict[str, Any]:
        if self.as_dataset:
            return {"x": self._dataset}
        size = {"batch_size": max(1, batch_size(self.x))}
        if not training:
            return {"x": self.x, **size}
        given = {"x": self.x, "y": self.y, "sample_weight": self.sample_weight}
        return {**given, **size, "shuffle": False}

    @cached_property
    def _dataset(self) -> Any:
        import keras
        import tensorflow as tf

        parts = keras.utils.pack_x_y_sample_weight(self.x, self.y, self.sample_weight)
        return tf.data.Dataset.from_tensors(parts)

    @contextmanager
    def _running(self, model: Any) -> Iterator[None]:
        functions = ("train_function", "test_function", "predict_function")
        names = ("_run_eagerly", "_jit_compile", *functions)
        before = {name: vars(model)[name] for name in names if name in vars(model)}
        # Traced steps cost seconds each; what a file keeps does not depend on how steps run.
        model.run_eagerly = self.eager
        vars(model).update(dict.fromkeys(functions))
        try:
            with spreading(type(model)) if self.spread else nullcontext():
                yield
        finally:
            vars(model).update(before)


def _dense(leaf: Any) -> np.ndarray:
    """Return a tensor of any kind, ragged and sparse ones too, as an array."""
    import tensorflow as tf

    if isinstance(leaf, tf.RaggedTensor):
        leaf = leaf.to_tensor()
    if isinstance(leaf, tf.SparseTensor):
        leaf = tf.sparse.to_dense(leaf)
    return host(leaf)


def batch_size(x: Any) -> int:
    """Return the length of the first leaf's leading dimension, or 1."""
    shapes = (getattr(leaf, "shape", ()) for leaf in leaves(x) if leaf is not None)
    sizes = (tuple(shape)[:1] for shape in shapes)
    return next((int(size[0]) for size in sizes if size and size[0]), 1)


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


def input_code(x: Any, name: str = "") -> str:
    """Return the code that makes the inputs of a functional model that takes `x`."""
    import keras

    if isinstance(x, dict):
        parts = (f"{key!r}: {input_code(part, key)}" for key, part in x.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(input_code, x))}]"
    dtype = str(getattr(x.dtype, "name", x.dtype))
    dtype = "string" if dtype == "object" else keras.backend.standardize_dtype(dtype)
    named = f", name={name!r}" if name else ""
    return f'keras.Input({tuple(x.shape)[1:]}, dtype="{dtype}"{named})'
