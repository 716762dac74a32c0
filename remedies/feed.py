"""What a model is fed, and how it is driven: through `fit` and `predict`, as its user does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from remedies.arguments import spreading, tensors
from remedies.inventory import host
from remedies.preserve import level
from remedies.state import leaves


@dataclass(frozen=True)
class Feed:
    """One batch, and the way of feeding it that this model takes.

    Attributes
    ----------
    x, y, sample_weight : structure of arrays or tensors
        The batch; None for what the user does not have.
    as_dataset, eager, spread : bool
        Fed as a `tf.data.Dataset` of one element; run eagerly; several arguments to `call`.
    call : tuple
        What `call` gets: positional and keyword arguments. Empty where there is no batch.
    trains : bool
        Whether `fit` works on it.
    predicts : str
        ``predict`` or ``call`` (a plain call), whichever works first; empty where none does.
    problem : str
        Why it does not train or predict, in one line.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None
    as_dataset: bool = False
    eager: bool = True
    spread: bool = False
    call: tuple[Any, ...] = ()
    trains: bool = False
    predicts: str = ""
    problem: str = ""

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

        parts = map(tuples, (self.x, self.y, self.sample_weight))
        return tf.data.Dataset.from_tensors(keras.utils.pack_x_y_sample_weight(*parts))

    @contextmanager
    def _running(self, model: Any) -> Iterator[None]:
        spread = spreading(type(model)) if self.spread else nullcontext()
        names = ("_run_eagerly", "_jit_compile")
        functions = ("train_function", "test_function", "predict_function")
        before = {name: getattr(model, name, None) for name in (*names, *functions)}
        try:
            # Traced steps cost seconds each; what a file keeps does not depend on how steps run.
            model.run_eagerly = self.eager
            for name in functions:
                setattr(model, name, None)
            with spread:
                yield
        finally:
            kept = functions if before["_run_eagerly"] is None else (*names, *functions)
            for name in kept:
                setattr(model, name, before[name])


def tuples(structure: Any) -> Any:
    """Return a structure with tuples for lists, which a data set takes for one tensor."""
    if isinstance(structure, dict):
        return {key: tuples(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return tuple(map(tuples, structure))
    return structure


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
