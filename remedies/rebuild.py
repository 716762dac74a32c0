"""Watch what Keras does with a model's methods while it loads, and what it swallows."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from remedies.arrays import leaves
from remedies.inventory import owned_classes
from remedies.libraries import of_framework
from remedies.patching import patched

METHODS = ("call", "build", "build_from_config")


@dataclass(frozen=True)
class Call:
    """One method of a model or layer as it was entered and left.

    Attributes
    ----------
    cls : type
        The model's or layer's class.
    method : str
        One of `METHODS`.
    dtypes : tuple of str
        Dtypes of the arguments' tensors, leaf by leaf.
    error : BaseException or None
        What it raised, traceback and all; Keras' own rebuild swallows it.
    """

    cls: type
    method: str
    dtypes: tuple[str, ...] = ()
    error: BaseException | None = None


@contextmanager
def observe(classes: Iterable[type]) -> Iterator[list[Call]]:
    """Record every `call`, `build` and `build_from_config` of `classes` inside the block.

    Parameters
    ----------
    classes : iterable of type
        Model or layer classes. Methods that one inherits from another of the user's are watched
        there, but never Keras' own.

    Yields
    ------
    list of Call
        Filled as the methods are left, the innermost first. Errors are raised on as if nobody
        watched.
    """
    calls: list[Call] = []
    bases = dict.fromkeys(base for cls in classes for base in cls.__mro__ if not of_framework(base))
    with ExitStack() as stack:
        for cls in bases:
            own = {name: vars(cls)[name] for name in METHODS if name in vars(cls)}
            watched = {name: _recording(name, method, calls) for name, method in own.items()}
            stack.enter_context(patched(cls, watched))
        yield calls


@contextmanager
def watching(model: Any) -> Iterator[tuple[list[Call], list[str]]]:
    """Record what Keras calls on the user's classes in `model`, and at last what it warned of."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as given, observe(owned_classes(model)) as calls:
        warnings.simplefilter("always")
        yield calls, texts
        texts += [str(each.message) for each in given if issubclass(each.category, UserWarning)]


def _recording(name: str, method: Any, calls: list[Call]) -> Any:
    @functools.wraps(method)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        error = None
        try:
            return method(self, *args, **kwargs)
        except Exception as caught:
            error = caught
            raise
        finally:
            calls.append(Call(type(self), name, leaf_dtypes((args, kwargs)), error))

    return recorded


def leaf_dtypes(structure: Any) -> tuple[str, ...]:
    """Return the dtype of every tensor or array in a nested structure, in Keras' tree order."""
    import keras

    typed = [leaf for leaf in leaves(structure) if hasattr(leaf, "dtype")]
    return tuple(keras.backend.standardize_dtype(leaf.dtype) for leaf in typed)
