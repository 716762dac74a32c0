"""What a model is fed, and how it is driven: through `fit`, as its user does, and by calls."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from remedies.libraries import of_framework, overrides, parameters
from remedies.state.arrays import host, leaves
from remedies.state.methods import patched
from remedies.state.preserve import level

_FUNCTIONS = ("train_function", "test_function", "predict_function")


@dataclass(frozen=True)
class Feed:
    """One batch, and the way of feeding it that this model takes.

    Each of `x`, `y` and `sample_weight` is a structure of `tensors`, or None.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None
    eager: bool = True
    spread: bool = False  # several arguments to `call`
    call: tuple[Any, ...] = ()  # what `call` gets: positional and keyword arguments
    trains: bool = False  # whether `fit` works on it
    predicts: bool = False  # whether a call works on it
    problem: str = ""  # why it does not train or predict, in one line

    def fit(self, model: Any, steps: int = 1) -> list[dict[str, float]]:
        """Train `steps` times on the batch and return what each step logged."""
        import keras
        import tensorflow as tf

        level()
        names = ("_run_eagerly", "_jit_compile", *_FUNCTIONS)
        before = {name: vars(model)[name] for name in names if name in vars(model)}
        # Traced steps cost seconds each; what a file keeps does not depend on how steps run.
        model.run_eagerly = self.eager
        vars(model).update(dict.fromkeys(_FUNCTIONS))
        try:
            with spreading(type(model)) if self.spread else nullcontext():
                # Keras feeds a data set of one element in a fraction of the time of arrays.
                data = keras.utils.pack_x_y_sample_weight(self.x, self.y, self.sample_weight)
                element = tf.data.Dataset.from_tensors(data)
                logs = model.fit(element, epochs=steps, verbose=0).history
        finally:
            vars(model).update(before)
        return [{name: float(np.mean(logs[name][n])) for name in logs} for n in range(steps)]

    def outputs(self, model: Any) -> tuple[np.ndarray, ...] | None:
        """Return the predictions' leaves, or None where the model predicts nothing."""
        return tuple(map(_dense, leaves(self.prediction(model)))) if self.predicts else None

    def prediction(self, model: Any) -> Any:
        """Return what a call of `model`, or its own `predict_step`, returns, unchanged."""
        import keras

        level()
        if self.x is not None and overrides(type(model), "predict_step"):
            return model.predict_step(keras.utils.pack_x_y_sample_weight(self.x))
        args, kwargs = self.call
        return model(*args, **kwargs | ({"training": False} if "training" in kwargs else {}))


def _dense(leaf: Any) -> np.ndarray:
    """Return a tensor of any kind, ragged and sparse ones too, as an array."""
    import tensorflow as tf

    if isinstance(leaf, tf.RaggedTensor):
        leaf = leaf.to_tensor()
    return host(tf.sparse.to_dense(leaf) if isinstance(leaf, tf.SparseTensor) else leaf)


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
    keywords = any(each.kind is each.KEYWORD_ONLY for each in parameters(cls.call).values())
    fits = isinstance(inputs, (tuple, list)) and len(required) <= len(inputs) <= len(names)
    if fits and len(inputs) > 1 and len(required) >= least and not keywords:
        return tuple(inputs), training
    if isinstance(inputs, dict) and len(inputs) > 1 and {*required} <= {*inputs} <= {*names}:
        return (), inputs | training
    return (inputs,), training


def called(model: Any, inputs: Any, **options: Any) -> Any:
    """Return what `model` gives for `inputs`, spread over its arguments."""
    args, kwargs = spread(type(model), tensors(inputs))
    return model(*args, **{**kwargs, **options})


def spreading(cls: type) -> AbstractContextManager[None]:
    """Let `fit`, which hands `call` one structure, feed several arguments to instances of `cls`."""
    original = cls.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args, named = spread(cls, args[0], least=1)
            kwargs = {**named, **kwargs}
        return original(self, *args, **kwargs)

    return patched(cls, {"__call__": call})


def tensors(structure: Any) -> Any:
    """Return what a user gives as tensors, NumPy's float64 as `fit` takes it.

    Lists of numbers or texts are one tensor; others become tuples, as a data set takes them.
    """
    import keras
    import tensorflow as tf

    if isinstance(structure, dict):
        return {key: tensors(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        plain = structure and all(isinstance(part, (str, bytes, int, float)) for part in structure)
        return tensors(np.asarray(structure)) if plain else tuple(map(tensors, structure))
    ready = (bool, tf.Tensor, tf.RaggedTensor, tf.SparseTensor)
    if structure is None or isinstance(structure, ready):
        return structure
    kind = getattr(getattr(structure, "dtype", None), "kind", "")
    if kind and kind in "USO" and structure.size:
        return tf.constant(structure.tolist())
    if isinstance(structure, np.ndarray) and structure.dtype == np.float64:
        structure = structure.astype(keras.config.floatx())
    # Keras 3.0 itself would turn a NumPy bool array into float32, and into no tensor.
    return keras.ops.convert_to_tensor(structure)
