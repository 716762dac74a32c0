"""Watch what Keras does with a model's methods while it loads, and which exceptions it swallows."""

from __future__ import annotations

import functools
import inspect
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from remedies.libraries import is_framework_file, of_framework
from remedies.patching import patched
from remedies.problem import reason
from remedies.state.arrays import leaves
from remedies.state.inventory import owned_classes

METHODS = ("call", "build", "build_from_config")


@dataclass(frozen=True)
class Call:
    """One method of a model or layer as it was entered and left."""

    owner: Any  # the model or layer
    method: str  # one of `METHODS`
    given: tuple[Any, ...] = ()  # positional and keyword arguments
    error: BaseException | None = None  # what it raised, which Keras' own rebuild swallows

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Dtypes of the arguments' tensors, leaf by leaf."""
        return leaf_dtypes(self.given)


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
            calls.append(Call(self, name, (args, kwargs), error))

    return recorded


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
        where = _definition(inspect.unwrap(getattr(call.owner, call.method)))
    name = type(call.owner).__name__
    return Swallowed(name, call.method, reason(error), *where, entered=bool(own))


def _definition(function: Any) -> tuple[str, int, str]:
    code = getattr(function, "__code__", None)
    try:
        source = inspect.getsourcelines(function)[0][0].strip()
    except (OSError, TypeError):
        source = ""
    return getattr(code, "co_filename", "?"), getattr(code, "co_firstlineno", 0), source
