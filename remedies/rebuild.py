"""Watch what Keras does with a model's `call` while it loads, and what it swallows."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from remedies.state import leaves


@dataclass(frozen=True)
class Call:
    """One `call` that Keras made.

    Attributes
    ----------
    owner : str
        Name of the model's or layer's class.
    dtypes : tuple of str
        Dtypes of the arguments' tensors, leaf by leaf.
    error : BaseException or None
        What it raised, traceback and all; Keras' own rebuild swallows it.
    """

    owner: str
    dtypes: tuple[str, ...]
    error: BaseException | None = None


def owned_classes(model: Any) -> tuple[type, ...]:
    """Return the classes of `model` and its layers that are not Keras' own, each once."""
    layers = [model, *getattr(model, "_flatten_layers", lambda: ())()]
    classes = dict.fromkeys(type(layer) for layer in layers)
    return tuple(cls for cls in classes if not _keras_own(cls))


@contextmanager
def observe_calls(classes: Iterable[type]) -> Iterator[list[Call]]:
    """Record every `call` on instances of `classes` made inside the block.

    Parameters
    ----------
    classes : iterable of type
        Model or layer classes. A `call` that one inherits from another class is watched there, but
        never Keras' own.

    Yields
    ------
    list of Call
        Filled as the calls happen. Errors are recorded and raised on.
    """
    calls: list[Call] = []
    owners = dict.fromkeys(owner for cls in classes if (owner := _owner(cls)))
    originals = {cls: vars(cls)["call"] for cls in owners}
    for cls, call in originals.items():
        cls.call = _recording(call, calls)  # type: ignore[attr-defined]
    try:
        yield calls
    finally:
        for cls, call in originals.items():
            cls.call = call  # type: ignore[attr-defined]


def _owner(cls: type) -> type | None:
    owner = next((base for base in cls.__mro__ if "call" in vars(base)), None)
    return owner if owner and not _keras_own(owner) else None


def _keras_own(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "keras"


def _recording(call: Any, calls: list[Call]) -> Any:
    @functools.wraps(call)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        error = None
        try:
            return call(self, *args, **kwargs)
        except Exception as caught:
            error = caught
            raise
        finally:
            calls.append(Call(type(self).__name__, leaf_dtypes((args, kwargs)), error))

    return recorded


def leaf_dtypes(structure: Any) -> tuple[str, ...]:
    """Return the dtype of every tensor or array in a nested structure, in Keras' tree order."""
    import keras

    typed = [leaf for leaf in leaves(structure) if hasattr(leaf, "dtype")]
    return tuple(keras.backend.standardize_dtype(leaf.dtype) for leaf in typed)
