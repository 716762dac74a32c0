"""What a model is fed, and how it is driven: through `fit` and `predict`, as its user does."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from remedies.arguments import spreading, tensors
from remedies.arrays import host, leaves, mapped
from remedies.libraries import of_framework
from remedies.patching import patched
from remedies.preserve import Snapshot, level
from remedies.problem import BadInputError, reason
from remedies.stand_ins import inputs_for

_MOST = 256


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
        What `call` really got: positional and keyword arguments. Empty where it was never called.
    trains, predicts : bool
        Whether `fit` and `predict` (or else a plain call) work on it.
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
    _dataset: list[Any] = field(default_factory=list, compare=False)

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
        return self.predicted(model, self.predicts)

    def predicted(self, model: Any, how: str) -> tuple[np.ndarray, ...]:
        """Return the leaves of what `model` predicts through ``predict``, or by a plain call."""
        return tuple(map(dense, leaves(self.prediction(model, how))))

    def prediction(self, model: Any, how: str) -> Any:
        """Return what `model` predicts, unchanged."""
        level()
        with self._running(model):
            if how == "predict":
                return model.predict(**self._arguments(training=False), verbose=0)
            args, kwargs = self.call
            quiet = {"training": False} if "training" in kwargs else {}
            return model(*tensors(args), **{**tensors(kwargs), **quiet})

    def _arguments(self, *, training: bool) -> dict[str, Any]:
        if self.as_dataset:
            return {"x": self._one_element()}
        size = {"batch_size": max(1, batch_size(self.x))}
        if not training:
            return {"x": self.x, **size}
        given = {"x": self.x, "y": self.y, "sample_weight": self.sample_weight}
        return {**given, **size, "shuffle": False}

    def _one_element(self) -> Any:
        import keras
        import tensorflow as tf

        if not self._dataset:
            parts = map(_tuples, (self.x, self.y, self.sample_weight))
            element = keras.utils.pack_x_y_sample_weight(*parts)
            self._dataset.append(tf.data.Dataset.from_tensors(element))
        return self._dataset[0]

    @contextmanager
    def _running(self, model: Any) -> Iterator[None]:
        spread = spreading(type(model)) if self.spread else nullcontext()
        kept = getattr(model, "_run_eagerly", None), getattr(model, "_jit_compile", None)
        functions = ("train_function", "test_function", "predict_function")
        before = {name: getattr(model, name, None) for name in functions}
        try:
            # Traced steps cost seconds each; what a file keeps does not depend on how steps run.
            model.run_eagerly = self.eager
            for name in functions:
                setattr(model, name, None)
            with spread:
                yield
        finally:
            if kept[0] is not None:
                model._run_eagerly, model._jit_compile = kept
            for name, function in before.items():
                setattr(model, name, function)


def _tuples(structure: Any) -> Any:
    """Return a structure with tuples for lists, which a data set takes for one tensor."""
    if isinstance(structure, dict):
        return {key: _tuples(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return tuple(map(_tuples, structure))
    return structure


def dense(leaf: Any) -> np.ndarray:
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


def feed(model: Any, x: Any, y: Any, weights: Any, name: str, snapshot: Snapshot) -> Feed:
    """Find out how `model` takes what its user gave; it is put back as it was.

    Raises
    ------
    BadInputError
        Where the data that the user gave can neither be trained nor predicted on.
    """
    if x is None:
        return _made_up(model, name, snapshot)
    fed = _batch(x, y, weights)
    fed = _trying(model, fed, snapshot)
    if not fed.trains and model.compiled:
        raise BadInputError(f"{name}: cannot be trained on what it is given: {fed.problem}")
    if not fed.trains and not fed.predicts:
        raise BadInputError(f"{name}: cannot be called on its inputs: {fed.problem}")
    return fed


def _made_up(model: Any, name: str, snapshot: Snapshot) -> Feed:
    fed, problem = Feed(None), ""
    try:
        for inputs in itertools.islice(inputs_for(model), 8):
            fed = _trying(model, Feed(inputs), snapshot)
            if fed.trains or (fed.predicts and not model.compiled):
                return fed
            problem = problem or fed.problem
    except BadInputError as error:
        problem = str(error)
    return replace(fed, problem=problem)


def _batch(x: Any, y: Any, weights: Any) -> Feed:
    import keras
    import tensorflow as tf

    if isinstance(x, tf.data.Dataset):
        element = next(iter(x), None)
    elif hasattr(x, "__getitem__") and isinstance(x, keras.utils.PyDataset):
        element = x[0]
    elif hasattr(x, "__next__"):
        element = next(x, None)
    else:
        return _cut(Feed(_arrays(x), _arrays(y), _arrays(weights)))
    if element is None:
        raise BadInputError("the data set that was given is empty")
    x, y, weights = keras.utils.unpack_x_y_sample_weight(element)
    return Feed(x, y, weights, as_dataset=True)


def _cut(fed: Feed) -> Feed:
    import keras
    import tensorflow as tf

    if batch_size(fed.x) <= _MOST:
        return fed
    parts = keras.utils.pack_x_y_sample_weight(*map(_tuples, (fed.x, fed.y, fed.sample_weight)))
    return _batch(tf.data.Dataset.from_tensor_slices(parts).batch(_MOST), None, None)


def _arrays(structure: Any) -> Any:
    """Return lists of numbers or texts as arrays, and NumPy's texts as string tensors."""
    import keras
    import tensorflow as tf

    if isinstance(structure, dict):
        return {key: _arrays(part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        scalars = all(isinstance(part, (str, bytes, int, float, bool)) for part in structure)
        if structure and scalars:
            return _arrays(np.asarray(structure))
        return (
            type(structure)(map(_arrays, structure))
            if type(structure) in (list, tuple)
            else (structure)
        )
    if isinstance(structure, np.ndarray) and structure.dtype.kind in "USO":
        return tf.constant(structure.tolist()) if structure.size else structure
    if isinstance(structure, np.ndarray) and structure.dtype == np.float64:
        return structure.astype(keras.config.floatx())  # as fit does
    return structure


def _trying(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    problem = ""
    for trial in _ways(model, fed):
        calls: list[tuple[Any, ...]] = []
        try:
            with _recorded(model, calls):
                trial.fit(model)
            fed = replace(trial, trains=True, call=calls[0] if calls else ())
            break
        except Exception as error:
            problem = problem or reason(error)
        finally:
            snapshot.restore()
    predicts, why = _predicting(model, fed, snapshot)
    fed = replace(fed, predicts=predicts, problem=problem or why)
    if model.compiled and not fed.trains and fed.y is None and fed.predicts and not fed.as_dataset:
        return _with_targets(model, fed, snapshot)
    return fed


def _ways(model: Any, fed: Feed) -> Iterator[Feed]:
    if not model.compiled:
        return
    # A data set of one element is fed in a fraction of the time that arrays take.
    yield replace(fed, as_dataset=True)
    if not fed.as_dataset:
        yield fed
    if not of_framework(type(model)):
        yield replace(fed, as_dataset=True, spread=True)
    yield replace(fed, eager=False)


def _predicting(model: Any, fed: Feed, snapshot: Snapshot) -> tuple[str, str]:
    """Return how `model` predicts, or an empty text and why it does not."""
    why = ""
    if fed.x is None:
        return "", why
    if not fed.call:
        fed = replace(fed, call=((fed.x,), {}))
    for how in ("predict", "call"):
        try:
            fed.predicted(model, how)
        except Exception as error:  # a model may have no call, or none that takes this
            why = why or reason(error)
            continue
        finally:
            snapshot.restore()
        return how, ""
    return "", why


def _with_targets(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    try:
        outputs = fed.prediction(model, fed.predicts)
    finally:
        snapshot.restore()
    problem = fed.problem
    makers: tuple[Callable[[Any], np.ndarray], ...] = (_like, _classes)
    for make in makers:
        trial = replace(fed, y=mapped(make, outputs))
        try:
            trial.fit(model)
        except Exception as error:
            problem = reason(error)
        else:
            return replace(trial, trains=True, problem="")
        finally:
            snapshot.restore()
    return replace(fed, problem=f"no targets were accepted ({problem}); give (model, x, y)")


def _like(output: Any) -> np.ndarray:
    values: np.ndarray = np.random.default_rng(0).random(output.shape)
    return values.astype("float32")


def _classes(output: Any) -> np.ndarray:
    return np.zeros(output.shape[:1], "int32")


@contextmanager
def _recorded(model: Any, calls: list[tuple[Any, ...]]) -> Iterator[None]:
    cls = type(model)
    if of_framework(cls):
        yield
        return
    original = cls.call

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self is model:
            calls.append((args, kwargs))
        return original(self, *args, **kwargs)

    with patched(cls, {"call": call}):
        yield
