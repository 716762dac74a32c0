"""A class's methods: replaced for a while, or watched while Keras loads and swallows exceptions."""

import functools
import inspect
import textwrap
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from remedies.libraries import is_framework_file, of_framework
from remedies.problem import reason
from remedies.state.inventory import leaves

METHODS = ("call", "build", "build_from_config")


@contextmanager
def patched(cls: type, methods: Mapping[str, Any]) -> Iterator[None]:
    """Let `cls` have `methods` inside the block, and exactly its own ones again after it."""
    own = {name: vars(cls)[name] for name in methods if name in vars(cls)}
    for name, method in methods.items():
        setattr(cls, name, method)
    try:
        yield
    finally:
        for name in methods:
            if name in own:
                setattr(cls, name, own[name])
            else:
                delattr(cls, name)


def methods_of(code: str, cls: type) -> dict[str, Any]:
    """Return what `code`, the text that a user is to paste into `cls`, would define there."""
    import keras
    import tensorflow as tf

    space: dict[str, Any] = {"keras": keras, "tf": tf}
    body = textwrap.indent(f"{code}\nreturn locals()", "    ")
    exec(f"def methods(__class__):\n{body}", space)  # noqa: S102 - our text
    methods: dict[str, Any] = space["methods"](cls)
    methods.pop("__class__")
    return methods


@dataclass
class Call:
    """One method of a model or layer as it was entered and left."""

    owner: Any  # the model or layer
    method: str  # one of `METHODS`
    given: tuple[Any, ...] = ()  # positional and keyword arguments
    error: BaseException | None = None  # what it raised, which Keras' own rebuild swallows


@dataclass(frozen=True)
class Swallowed:
    """One exception that did not reach the user, and the last line of the user's that raised it."""

    owner: str  # class whose method raised it
    method: str  # one of `METHODS`
    error: str  # type and message, one line
    file: str  # of the last frame that is in no library, or else of the method itself
    line: int
    source: str
    entered: bool = True  # whether the method itself ran; if not, its arguments did not fit


@contextmanager
def observe(classes: Iterable[type]) -> Iterator[list[Call]]:
    """Record every call of `METHODS` of `classes`, never Keras' own ones, the innermost first."""
    calls: list[Call] = []

    def recording(name: str, method: Any) -> Any:
        @functools.wraps(method)
        def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
            call = Call(self, name, (args, kwargs))
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                call.error = error
                raise
            finally:
                calls.append(call)

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
    for call, error in [(call, call.error) for call in calls if call.error]:
        every = traceback.extract_tb(error.__traceback__)
        frames = [frame for frame in every if not is_framework_file(frame.filename)]
        code = getattr(inspect.unwrap(getattr(call.owner, call.method)), "__code__", None)
        file, number = getattr(code, "co_filename", "?"), getattr(code, "co_firstlineno", 0)
        at = [traceback.FrameSummary(file, number, call.method), *frames][-1]
        place = at.filename, at.lineno or 0
        what = type(call.owner).__name__, call.method, reason(error), *place, at.line or ""
        # Keras wraps a layer's error in a new one at each level; the first is the user's.
        result.setdefault(place, Swallowed(*what, entered=bool(frames)))
    return tuple(result.values())
