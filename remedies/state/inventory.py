"""All that a model holds by the user's own attributes, whatever the order and names of layers."""

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from remedies.libraries import of_framework

_MOST = 50_000
_SIMPLE = (bool, int, float, complex, str, bytes, type(None), np.generic)
# What fit() and older Keras leave on a model; `_layers` and its like come from `_reference`.
_LEFT = {"history", "_eval_epoch_iterator", "_name", "_path"}
# References from an optimizer or TensorFlow's own book-keeping to what is held elsewhere.
_BACK = (
    *("_tracker", "_parent", "_inner_variables", "_self_unconditional", "_self_setattr"),
    *("_self_name_based", "_self_update", "_compile_loss"),
)
_STDLIB = {"collections", "functools", "threading", "logging", "pathlib", "random", "re", "types"}


@dataclass(frozen=True)
class Item:
    """One thing that a model holds."""

    path: str  # where: ``encoder.blocks[0].kernel``
    # weight, optimizer, metric, seed (random state), plain (a variable that Keras does not track),
    # attribute (a Python value), setting (of an optimizer), trainable or policy (of a layer)
    kind: str
    owner: Any  # the layer, optimizer or other object whose attribute it is
    value: Any  # a NumPy array for a variable
    variable: Any = None  # the live variable


Inventory = Mapping[str, Item]


def leaves(structure: Any) -> list[Any]:
    """Return the leaves of a nested structure, of a dict in the order of its keys."""
    import tensorflow as tf

    return list(tf.nest.flatten(structure))


def mapped(change: Callable[[Any], Any], structure: Any) -> Any:
    """Return a nested structure with `change` applied to every leaf."""
    import tensorflow as tf

    return tf.nest.map_structure(change, structure)


def host(variable: Any) -> np.ndarray:
    """Return a variable's or tensor's value as an array of its own."""
    import keras

    value = getattr(variable, "value", variable)
    value = value() if callable(value) else value
    return np.array(value.numpy() if hasattr(value, "numpy") else keras.ops.convert_to_numpy(value))


def is_functional(model: Any) -> bool:
    """Whether Keras rebuilds `model` from its own graph of layers, not by tracing `call`."""
    return bool(getattr(model, "inputs", None))


def records_inputs(model: Any) -> bool:
    """Whether a file of `model` would say how to build it."""
    return is_functional(model) or getattr(model, "get_build_config", dict)() is not None


def is_variable(thing: Any) -> bool:
    """Whether `thing` is a variable of Keras or of TensorFlow."""
    import keras
    import tensorflow as tf

    # Keras 3.0 makes its variables of the class that the public one is made from.
    return isinstance(thing, (keras.Variable.__base__, tf.Variable))


def objects(model: Any) -> dict[str, Any]:
    """Return the model and every layer, optimizer, metric and helper in it, by attribute path."""
    return {path: thing for path, thing, _ in _walk(model) if not is_variable(thing)}


def layers(model: Any) -> dict[str, Any]:
    """Return every layer below `model` by what the user calls it."""
    import keras

    things = objects(model).items()
    return {path: thing for path, thing in things if path and isinstance(thing, keras.Layer)}


def owned_classes(model: Any) -> tuple[type, ...]:
    """Return the classes of `model` and of all in it that are no framework's, each once."""
    classes = dict.fromkeys(type(thing) for thing in objects(model).values())
    return tuple(cls for cls in classes if not of_framework(cls))


def take(model: Any) -> dict[str, Item]:
    """Return all that `model` holds by path, the variables' values copied to the host."""
    import keras

    weights = {id(variable) for variable in model.weights}
    items: dict[str, Item] = {}
    for path, thing, owner in _walk(model):
        if is_variable(thing):
            items[path] = Item(path, _kind(thing, owner, weights), owner, host(thing), thing)
            continue
        if isinstance(thing, keras.Layer):
            items[f"{path}.trainable"] = Item(path, "trainable", thing, thing.trainable)
            policy = getattr(thing.dtype_policy, "name", "")
            items[f"{path}.dtype_policy"] = Item(path, "policy", thing, policy)
        kind = "setting" if isinstance(thing, keras.optimizers.Optimizer) else "attribute"
        for name, value in _values(thing).items():
            where = f"{path}.{name}".lstrip(".")
            items[where] = Item(where, kind, thing, value)
    return _slots_by_weight(items)


def _slots_by_weight(items: dict[str, Item]) -> dict[str, Item]:
    """Name an optimizer's variable for each weight by the weight, whose number may differ."""
    weights = {id(item.variable): path for path, item in items.items() if item.kind == "weight"}
    for path, item in [(path, item) for path, item in items.items() if item.kind == "optimizer"]:
        head, _, number = path.removesuffix("]").rpartition("[")
        trained = getattr(item.owner, "_trainable_variables", None) or ()
        slots = getattr(item.owner, head.rpartition(".")[2], ())
        if number.isdigit() and isinstance(slots, list) and len(slots) == len(trained):
            named = f"{head}[{weights.get(id(trained[int(number)]), number)}]"
            items[named] = replace(items.pop(path), path=named)
    return items


def _kind(variable: Any, owner: Any, weights: set[int]) -> str:
    import keras

    label = str(getattr(variable, "path", "") or getattr(variable, "name", ""))
    kinds = {
        "weight": id(variable) in weights,
        "optimizer": isinstance(owner, keras.optimizers.Optimizer),
        "metric": isinstance(owner, keras.metrics.Metric),
        "seed": isinstance(owner, keras.random.SeedGenerator) or "seed_generator" in label,
    }
    return next((kind for kind, holds in kinds.items() if holds), "plain")


def _walk(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, object or variable, its owner), the shortest path to each, each once."""
    seen = {id(model)}
    pending = deque([("", model, None)])
    while pending and len(seen) < _MOST:
        path, thing, owner = pending.popleft()
        yield path, thing, owner
        for name, child in () if is_variable(thing) else _children(thing):
            for where, leaf in _contents(f"{path}.{name}".lstrip("."), child):
                if id(leaf) not in seen:
                    seen.add(id(leaf))
                    pending.append((where, leaf, thing))


def _children(thing: Any) -> Iterator[tuple[str, Any]]:
    import keras

    if isinstance(thing, keras.Sequential) or (
        isinstance(thing, keras.Model) and is_functional(thing)
    ):
        yield "layers", thing.layers
    optimizer = isinstance(thing, keras.optimizers.Optimizer)
    back = (*_BACK, *["_trainable_variables"] * optimizer)
    internal, own = _reference(), getattr(thing, "__dict__", {})
    # The user's own names win over those of Keras, and public ones over private ones.
    names = sorted(own, key=lambda name: (name in internal, name.startswith("_"), name))
    yield from ((name, own[name]) for name in names if not name.startswith(back))


def _contents(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the objects that can hold state in `value`, which may be a nest of containers."""
    if isinstance(value, (Mapping, list, tuple)):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in list(parts) if depth < 6 else ():
            yield from _contents(f"{path}[{key!r}]", part, depth + 1)
    elif is_variable(value) or _holds_state(value):
        yield path, value


def _holds_state(thing: Any) -> bool:
    import keras
    import tensorflow as tf

    kinds = (
        *(keras.Layer, keras.optimizers.Optimizer, keras.metrics.Metric, keras.losses.Loss),
        *(keras.constraints.Constraint, keras.regularizers.Regularizer),
        *(keras.optimizers.schedules.LearningRateSchedule, keras.random.SeedGenerator, tf.Module),
    )
    if isinstance(thing, kinds):
        return True
    plain = hasattr(thing, "__dict__") and not isinstance(thing, type) and not callable(thing)
    return plain and not of_framework(type(thing)) and type(thing).__module__ not in _STDLIB


@functools.cache
def _reference() -> frozenset[str]:
    """Return the attributes that any layer, model or metric of Keras has."""
    import keras

    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile("sgd", "mse")
    things = (model, keras.Sequential(), keras.metrics.Mean(), keras.losses.Loss())
    names = {name for thing in things for name in vars(thing)}
    return frozenset(names - {"optimizer"} | _LEFT)


def _values(thing: Any) -> dict[str, Any]:
    """Return the plain values among the attributes of `thing`."""
    import keras

    if isinstance(thing, keras.optimizers.Optimizer):
        trained = getattr(thing, "_trainable_variables", None) or ()
        decays = getattr(thing, "weight_decay", None) and getattr(thing, "_use_weight_decay", None)
        return {"decayed": [bool(decays(v)) for v in trained]} if decays and trained else {}
    if isinstance(thing, keras.metrics.Metric):
        return {}
    # Keras' own losses hold their arguments in one dict.
    own = {**getattr(thing, "__dict__", {}), **getattr(thing, "_fn_kwargs", {})}
    skipped, values = _reference() - {"autocast"} | {"_fn_kwargs"}, {}
    for name in [name for name in own if name not in skipped]:
        with contextlib.suppress(TypeError):
            values[name] = _copied(own[name])
    return values


def _copied(value: Any, depth: int = 0) -> Any:
    """Return a copy of a plain value; raise `TypeError` for what is none."""
    import tensorflow as tf

    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, _SIMPLE):
        return value
    if isinstance(value, tf.Tensor) and hasattr(value, "numpy"):
        return host(value)
    if isinstance(value, (list, tuple, Mapping, set, frozenset)) and depth < 4:
        if isinstance(value, Mapping):
            return {str(key): _copied(part, depth + 1) for key, part in [*value.items()]}
        kind = frozenset if isinstance(value, (set, frozenset)) else list
        return kind([_copied(part, depth + 1) for part in value])
    raise TypeError(f"{type(value).__name__} is no plain value")
