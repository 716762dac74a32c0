"""Leave everything as it was: a model's variables and attributes, random states, the disk."""

import logging
import random
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from remedies.state.inventory import objects, take


class Snapshot:
    """A model's variables and attributes at one moment, to be put back any number of times."""

    def __init__(self, model: Any) -> None:
        things = [thing for thing in objects(model).values() if hasattr(thing, "__dict__")]
        self._attributes = [(thing, dict(vars(thing))) for thing in things]
        values = [value for _, own in self._attributes for value in own.values()]
        containers = [value for value in values if isinstance(value, (list, dict, set))]
        self._contents = [(c, dict(c) if isinstance(c, dict) else list(c)) for c in containers]
        items = take(model).values()
        self._variables = [(i.variable, i.value) for i in items if i.variable is not None]

    def restore(self) -> None:
        for thing, own in self._attributes:
            vars(thing).clear()
            vars(thing).update(own)
        for container, content in self._contents:
            if _identities(container) != _identities(content):
                _refill(container, content)
        for variable, value in self._variables:
            variable.assign(value)


def _identities(container: Any) -> list[int]:
    values = container.values() if isinstance(container, dict) else ()
    return [id(part) for part in (*container, *values)]


def _refill(container: Any, content: Any) -> None:
    """Put `content` back into a list, dict or set, past what Keras does when one changes."""
    container = getattr(container, "__wrapped__", container)  # TensorFlow wraps what it tracks
    if isinstance(container, list):
        storage = getattr(container, "_storage", None)  # of TensorFlow's ListWrapper
        if isinstance(storage, list):
            storage[:] = content
        list.__setitem__(container, slice(None), content)
    else:
        kind = dict if isinstance(container, dict) else set
        kind.clear(container)
        kind.update(container, content)


@contextmanager
def preserved(model: Any) -> Iterator[Snapshot]:
    """Put `model` and every global random state back afterwards, on exceptions too."""
    snapshot = Snapshot(model)
    with randomness():
        try:
            yield snapshot
        finally:
            snapshot.restore()


@contextmanager
def randomness() -> Iterator[None]:
    """Put the random states of Python, NumPy, TensorFlow and Keras back afterwards."""
    import tensorflow as tf
    from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER as KERAS
    from tensorflow.python.eager import context

    seed = context.global_seed()
    names = ("global_seed_generator", "global_random_seed")
    drawn = {name: getattr(KERAS, name, None) for name in names}
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - users draw from it
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        vars(KERAS).update(drawn)
        # TensorFlow tells its seed and not how far it has drawn: without a seed, a new one.
        tf.random.set_seed(random.SystemRandom().getrandbits(31) if seed is None else seed)


def level(seed: int) -> None:
    """Set every random state; before 3.13 Keras' own function leaves Keras' generator as it is."""
    import keras
    from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER as KERAS

    keras.utils.set_random_seed(seed)
    KERAS.global_seed_generator = None


def align(source: Any, target: Any) -> None:
    """Set the random state in `target` equal to that of `source`."""
    held = take(source)
    for path, item in take(target).items():
        if item.kind == "seed" and path in held:
            item.variable.assign(held[path].value)


@contextmanager
def scratch() -> Iterator[None]:
    """Send temporary files to a folder that goes afterwards, and warnings to nowhere."""
    before, muted = tempfile.tempdir, logging.root.manager.disable
    try:
        with tempfile.TemporaryDirectory(prefix="remedies-") as folder, warnings.catch_warnings():
            tempfile.tempdir = folder
            warnings.simplefilter("ignore")
            logging.disable(logging.WARNING)
            yield
    finally:
        tempfile.tempdir = before
        logging.disable(muted)
