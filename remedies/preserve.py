"""Leave a model as it was: every variable, and every attribute of every object in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from remedies.inventory import host, is_variable, objects, take


class Snapshot:
    """A model's variables and attributes at one moment, to be put back any number of times."""

    def __init__(self, model: Any) -> None:
        self._things = list(objects(model).values())
        self._attributes = [dict(vars(thing)) for thing in self._things if _has(thing)]
        self._things = [thing for thing in self._things if _has(thing)]
        self._contents = [
            (value, _copy(value))
            for own in self._attributes
            for value in own.values()
            if isinstance(value, (list, dict, set))
        ]
        self._variables = [(item.variable, item.value) for item in take(model).values()]
        extra = [v for v in getattr(model, "variables", ()) if is_variable(v)]
        seen = {id(variable) for variable, _ in self._variables}
        self._variables += [(v, host(v)) for v in extra if id(v) not in seen]
        self._variables = [(v, value) for v, value in self._variables if v is not None]

    def restore(self) -> None:
        """Put everything back."""
        for thing, own in zip(self._things, self._attributes, strict=True):
            current = vars(thing)
            for name in [name for name in current if name not in own]:
                del current[name]
            current.update(own)
        for container, content in self._contents:
            _refill(container, content)
        for variable, value in self._variables:
            variable.assign(value)


def _has(thing: Any) -> bool:
    return hasattr(thing, "__dict__") and isinstance(vars(thing), dict)


def _copy(container: Any) -> Any:
    return dict(container) if isinstance(container, dict) else list(container)


def _refill(container: Any, content: Any) -> None:
    """Put `content` back into a list, dict or set, past what Keras does when one changes."""
    container = getattr(container, "__wrapped__", container)  # TensorFlow wraps what it tracks
    if isinstance(container, list):
        if not _identical(list(container), content):
            storage = getattr(container, "_storage", None)  # of TensorFlow's ListWrapper
            if isinstance(storage, list):
                storage[:] = content
            list.__setitem__(container, slice(None), content)
    elif isinstance(container, dict):
        if list(container) != list(content) or not _identical(
            list(container.values()), list(content.values())
        ):
            dict.clear(container)
            dict.update(container, content)
    elif container != set(content):
        set.clear(container)
        set.update(container, content)


def _identical(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(a is b for a, b in zip(left, right, strict=True))


@contextmanager
def preserved(model: Any) -> Iterator[Snapshot]:
    """Put `model` and every global random state back afterwards, on exceptions too."""
    snapshot = Snapshot(model)
    with randomness():
        try:
            yield snapshot
        finally:
            snapshot.restore()


_GLOBAL_SEEDS = ("global_seed_generator", "global_random_seed")


@contextmanager
def randomness() -> Iterator[None]:
    """Put the random states of Python, NumPy, TensorFlow and Keras back afterwards."""
    import tensorflow as tf
    from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER as KERAS
    from tensorflow.python.eager import context

    seed = context.global_seed()
    drawn = {name: getattr(KERAS, name, None) for name in _GLOBAL_SEEDS}
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - users draw from it
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        vars(KERAS).update(drawn)
        # TensorFlow tells its seed and not how far it has drawn: without a seed, a new one.
        tf.random.set_seed(random.SystemRandom().getrandbits(31) if seed is None else seed)


def level(seed: int = 1) -> None:
    """Let every global source of random numbers start from `seed`, Keras' own among them."""
    import keras

    keras.utils.set_random_seed(seed)


def align(source: Any, target: Any) -> bool:
    """Set the random state in `target` equal to that of `source`; whether there is any."""
    theirs = {path: item for path, item in take(target, copy=False).items() if item.kind == "seed"}
    mine = {path: item for path, item in take(source).items() if item.kind == "seed"}
    for path in mine.keys() & theirs.keys():
        theirs[path].variable.assign(mine[path].value)
    return bool(mine)
