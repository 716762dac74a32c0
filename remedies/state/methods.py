"""A class's methods: replaced for a while, or watched while Keras loads and swallows exceptions."""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from remedies.libraries import is_framework_file, of_framework
from remedies.problem import reason
from remedies.state.arrays import leaves

METHODS = ("call", "build", "build_from_config")


@contextmanager
def patched(cls: type, methods: Mapping[str, Any]) -> Iterator[None]:
    """Let `cls` have `methods` inside the block, and exactly its own ones again after it."""
    kept = {name: vars(cls)[name] for name in methods if name in vars(cls)}
    try:
        for name, method in methods.items():
            setattr(cls, name, method)
        yield
    finally:
        for name in methods:
            if name in kept:
                setattr(cls, name, kept[name])
            elif name in vars(cls):
                delattr(cls, name)


def methods_of(code: str, cls: type) -> dict[str, Any]:
    """Return the names that `code` would define if it stood in the body of `cls`.

    So a cure is tried from the very text that the user is given to paste. ``super()`` works.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    body = "\n".join(f"    {text}" for text in code.splitlines())
    space: dict[str, Any] = {"keras": keras, "np": np, "tf": tf}
    exec(f"def methods(__class__):\n{body}\n    return locals()", space)  # noqa: S102 - our text
    methods: dict[str, Any] = space["methods"](cls)
    methods.pop("__class__")
    return methods


@dataclass(frozen=True)
class Call:
    """One method of a model or layer as it was entered and left."""

    owner: Any  # the model or layer
    method: str  # one of `METHODS`
    given: tuple[Any, ...] = ()  # positional and keyword arguments
    error: BaseException | None = None  # what it raised, which Keras' own rebuild swallows


@dataclass(frozen=True)
class Swallowed:
    """One exception that did not reach the user, and the user's own line that raised it.

    That is the last frame that is in no library; where there is none, the line that defines the
    method.
    """

    owner: str  # class whose method raised it
    method: str  # one of `METHODS`
    error: str  # type and message, one line
    file: str
    line: int
    source: str
    entered: bool = True  # whether the method itself ran; if not, its arguments did not fit


@contextmanager
def observe(classes: Iterable[type]) -> Iterator[list[Call]]:
    """Record every `call`, `build` and `build_from_config` of `classes` inside the block.

    Methods that one inherits from another of the user's are watched there, but never Keras' own.
    The list is filled as they are left, the innermost first; errors are raised on as if nobody
    watched.
    """
    calls: list[Call] = []

    def recording(name: str, method: Any) -> Any:
        @functools.wraps(method)
        def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
            error = None
            try:
                return method(self, *args, **kwargs)
            except Exception as caught:
                error = caught
                raise
            finally:
                calls.append(Call(self, name, (args, kwargs), error))

        return recorded

    with ExitStack() as stack:
        for cls in {base for each in classes for base in each.__mro__ if not of_framework(base)}:
            own = {name: recording(name, vars(cls)[name]) for name in METHODS if name in vars(cls)}
            stack.enter_context(patched(cls, own))
        yield calls


def leaf_dtypes(structure: Any) -> tuple[str, ...]:
    """Return the dtype of every tensor or array in a nested structure, in Keras' tree order."""
    import keras

    typed = [leaf for leaf in leaves(structure) if hasattr(leaf, "dtype")]
    return tuple(keras.backend.standardize_dtype(leaf.dtype) for leaf in typed)


def explain(calls: Iterable[Call]) -> tuple[Swallowed, ...]:
    """Return one `Swallowed` for each line that raised, at the innermost method that it left."""
    result: dict[tuple[str, int], Swallowed] = {}
    for call in calls:
        if call.error is not None:
            swallowed = _explained(call, call.error)
            # Keras wraps a layer's error in a new one at each level; the first is the user's.
            result.setdefault((swallowed.file, swallowed.line), swallowed)
    return tuple(result.values())


def _explained(call: Call, error: BaseException) -> Swallowed:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not is_framework_file(frame.filename)]
    if own:
        where = own[-1].filename, own[-1].lineno or 0, own[-1].line or ""
    else:
        function = inspect.unwrap(getattr(call.owner, call.method))
        code = getattr(function, "__code__", None)
        try:
            source = inspect.getsourcelines(function)[0][0].strip()
        except (OSError, TypeError):
            source = ""
        where = getattr(code, "co_filename", "?"), getattr(code, "co_firstlineno", 0), source
    name = type(call.owner).__name__
    return Swallowed(name, call.method, reason(error), *where, entered=bool(own))
