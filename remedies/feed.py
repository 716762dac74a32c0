"""The one batch that a model is driven on: its user's, or made up."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from remedies.arguments import asked, called, spread, spreading, tensors
from remedies.libraries import overrides
from remedies.problem import BadInputError, reason, refusing
from remedies.state.archive import opened
from remedies.state.inventory import host, is_functional, leaves, mapped
from remedies.state.methods import observe
from remedies.state.preserve import Snapshot, level
from remedies.target import factory_of

_GIVE = "give real ones: --sample FILE.npz, or (model, x, y) from the factory"
_DTYPES = ("float32", "int32", "bool", "string")
_LARGEST_BATCH, _LARGEST_INPUT = 256, 1 << 28
# Lengths to try for what a model leaves open; most tables and windows take the first.
_SIZES = (32, 8, 2, 16, 64, 1)
_FUNCTIONS = ("train_function", "test_function", "predict_function")


@dataclass(frozen=True)
class Feed:
    """One batch of `tensors`, and the way of feeding it that this model takes."""

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

        level(1)
        # Traced steps cost seconds each; what a file keeps does not depend on how steps run.
        changed = {**dict.fromkeys(_FUNCTIONS), "_run_eagerly": self.eager}
        before = {name: vars(model).get(name) for name in (*changed, "_jit_compile")}
        vars(model).update(changed)
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
        """Return the arrays that predictions are of, or None where the model predicts nothing."""
        import tensorflow as tf

        if not self.predicts:
            return None
        return tuple(map(host, tf.nest.flatten(self.prediction(model), expand_composites=True)))

    def prediction(self, model: Any) -> Any:
        """Return what a call of `model`, or its own `predict_step`, returns, unchanged."""
        import keras

        level(1)
        if self.x is not None and overrides(type(model), "predict_step"):
            return model.predict_step(keras.utils.pack_x_y_sample_weight(self.x))
        args, kwargs = self.call
        return model(*args, **kwargs | ({"training": False} if "training" in kwargs else {}))


def feed(model: Any, x: Any, y: Any, weights: Any, name: str, snapshot: Snapshot) -> Feed:
    """Find out how `model` takes what its user gave, or raise `BadInputError`; it is put back."""
    if x is None:
        try:
            return _tried(model, Feed(tensors(inputs_for(model))), snapshot)
        except BadInputError as error:
            return Feed(None, problem=str(error))
    with refusing(f"{name}: its data cannot be read"):  # maybe by the user's own code
        fed = _batch(x, y, weights)
    fed = _tried(model, fed, snapshot)
    how, works = ("trained", fed.trains) if model.compiled else ("called", fed.predicts)
    if not works:
        raise BadInputError(f"{name}: cannot be {how} on what it is given: {fed.problem}")
    return fed


def _batch(x: Any, y: Any, weights: Any) -> Feed:
    import keras
    import tensorflow as tf

    if isinstance(x, keras.utils.PyDataset):
        element = x[0]
    elif isinstance(x, tf.data.Dataset) or hasattr(x, "__next__"):
        element = next(iter(x))
    else:
        element = keras.utils.pack_x_y_sample_weight(*map(tensors, (x, y, weights)))
        size = (*getattr(leaves(element)[0], "shape", ()), 0)[0]
        if (size or 0) > _LARGEST_BATCH:
            element = next(iter(tf.data.Dataset.from_tensor_slices(element).batch(_LARGEST_BATCH)))
    return Feed(*map(tensors, keras.utils.unpack_x_y_sample_weight(element)))


def _tried(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    """Return `fed` in the way in which `model` can be trained and called on it, or why not."""
    fed = replace(fed, call=spread(type(model), fed.x))
    ways = (fed, replace(fed, spread=True), replace(fed, eager=False))
    problems = []
    for way in ways if model.compiled else ():
        with observe([type(model)]) as calls:
            problems.append(_problem(way.fit, model, snapshot))
        if not problems[-1]:
            given = (c.given for c in calls if c.owner is model and c.method == "call")
            fed = replace(way, trains=True, call=next(given, way.call))
            break
    problems.append(_problem(replace(fed, predicts=True).outputs, model, snapshot))
    problem = "" if fed.trains else problems[0]
    fed = replace(fed, predicts=not problems[-1], problem=problem)
    if model.compiled and not fed.trains and fed.y is None and fed.predicts:
        return _with_targets(model, fed, snapshot)
    return fed


def _problem(drive: Callable[[Any], Any], model: Any, snapshot: Snapshot) -> str:
    """Return why `model` cannot be driven so, in one line, empty if it can; it is put back."""
    try:
        drive(model)
    except Exception as error:
        return reason(error)
    finally:
        snapshot.restore()
    return ""


def _with_targets(model: Any, fed: Feed, snapshot: Snapshot) -> Feed:
    outputs, values = fed.prediction(model), np.random.default_rng(0)
    snapshot.restore()
    numbers = mapped(lambda output: values.random(output.shape).astype("float32"), outputs)
    classes = mapped(lambda output: np.zeros(output.shape[:1], "int32"), outputs)
    for targets in (numbers, classes):
        trial = replace(fed, y=tensors(targets))
        problem = _problem(trial.fit, model, snapshot)
        if not problem:
            return replace(trial, trains=True, problem="")
    return replace(fed, problem=f"no targets were accepted ({problem}); give (model, x, y)")


def inputs_for(model: Any, build_config: Any = None) -> Any:
    """Return inputs that a live model can be called on, by trying; or raise `BadInputError`."""
    shapes = getattr(model, "_inputs_struct", model.inputs) if is_functional(model) else None
    if shapes is None:
        shapes = recorded(build_config or model.get_build_config())
        _, required = asked(type(model))
        if len(required) > 1 and not isinstance(shapes, (dict, tuple)):
            # Keras records the first argument's shape only: the others are taken to be like it.
            shapes = dict.fromkeys(required, shapes)
    for inputs in itertools.islice(candidates(shapes), 3**6):
        try:
            called(model, inputs)
            return inputs
        except Exception as error:
            why = reason(error)
    raise BadInputError(f"the model takes no inputs that were made up (last try: {why}); {_GIVE}")


def recorded(config: Any) -> Any:
    """Return the structure of shapes (several arguments by name) that a build config records."""
    try:
        if "input_shape" in config:
            return _shapes(config["input_shape"])
        several = config["shapes_dict"].items()
        return {key.removesuffix("_shape"): _shapes(shape) for key, shape in several}
    except (AttributeError, LookupError, TypeError):  # a file can say anything here
        why = "the model records no input shapes (was it saved after a bad load?)"
        raise BadInputError(f"{why}; {_GIVE}") from None


def _shapes(parts: Any) -> Any:
    import tensorflow as tf

    if isinstance(parts, Mapping):
        return {key: _shapes(part) for key, part in parts.items()}
    if not isinstance(parts, (list, tuple)):
        raise TypeError(f"{parts!r} is no shape")
    if all(size is None or (type(size) is int and size >= 0) for size in parts):
        return tf.TensorShape(parts)
    return tuple(map(_shapes, parts))


def candidates(parts: Any) -> Iterator[Any]:
    """Yield inputs like `keras.Input`s, or of shapes with each choice of dtypes, floats first."""
    import tensorflow as tf

    several = tf.nest.flatten(parts)
    dtypes_of = ([str(part.dtype)] if hasattr(part, "dtype") else _DTYPES for part in several)
    choices = [*itertools.islice(itertools.product(*dtypes_of), 3**9)]
    choices.sort(key=lambda dtypes: sum(dtype != "float32" for dtype in dtypes))
    unknown = any(None in _shape(part)[1:] for part in several)
    for dtypes, size in itertools.product(choices, _SIZES if unknown else (2,)):
        sizes, seeds = itertools.repeat(size), itertools.count()
        yield tf.nest.pack_sequence_as(parts, [*map(_draw, several, dtypes, sizes, seeds)])


def _shape(part: Any) -> list[int | None]:
    return list(getattr(part, "shape", part))


def _draw(part: Any, dtype: str, size: int, seed: int) -> Any:
    """Return a random array: floats in 0 to 1, integers 0 or 1, as for any table, or words."""
    import tensorflow as tf

    sizes = [n or (size if axis else 2) for axis, n in enumerate(_shape(part))]  # 2 is the batch
    if math.prod(sizes) > _LARGEST_INPUT:
        raise BadInputError(f"inputs of shape {sizes} are too large to make up; give a sample")
    values = np.random.default_rng(seed).random(sizes)
    if dtype == "string":
        return tf.where(tf.constant(values) < 0.5, "red car", "blue")
    floats = dtype.startswith(("float", "bfloat", "complex"))
    array = (values if floats else values < 0.5).astype(dtype)
    return tf.sparse.from_dense(array) if getattr(part, "sparse", False) else array


def load_sample(place: str | Path) -> Any:
    """Return a sample from an ``.npz`` file, or a function (``file.py:name``) that makes one.

    The file's keys are names of inputs or arguments; ``arr_0``, ``arr_1`` ... or ``x`` are none.
    """
    path = Path(place)
    if ".py:" in path.name:
        return factory_of(str(place))()
    with opened(path, "a usable .npz sample"), np.load(path, allow_pickle=False) as arrays:
        sample = dict(arrays)
        if not sample or not all(isinstance(array, np.ndarray) for array in sample.values()):
            raise ValueError("it holds no arrays, or what is none")
    if not all(key == "x" or key.startswith("arr_") for key in sample):
        return sample
    return tuple(sample.values()) if len(sample) > 1 else next(iter(sample.values()))
