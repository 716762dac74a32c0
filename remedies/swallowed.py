"""The exceptions that Keras swallows while it rebuilds a model, with the user's own line."""

from __future__ import annotations

import functools
import inspect
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remedies.problem import one_line

_OURS = tuple(str(Path(__file__).with_name(name)) for name in ("rebuild.py", "swallowed.py"))
_LIBRARIES = ("keras", "tensorflow", "numpy", "jax", "optree", "h5py", "wrapt")


@dataclass(frozen=True)
class Swallowed:
    """One exception that did not reach the user.

    Attributes
    ----------
    owner : str
        Class whose method raised it.
    method : str
        ``call``, ``build`` or ``build_from_config``.
    error : str
        Type and message, one line.
    file, line, source : str, int, str
        The user's own line: the last frame that is in no library. Where no such frame exists (the
        method could not even be entered), the line that defines the method.
    entered : bool
        Whether the method itself ran; if not, its arguments did not fit.
    """

    owner: str
    method: str
    error: str
    file: str
    line: int
    source: str
    entered: bool = True


@dataclass(frozen=True)
class Raised:
    """An exception as it passed through one method of one class."""

    cls: type
    method: str
    error: BaseException


@contextmanager
def observe(classes: Iterable[type]) -> Iterator[list[Raised]]:
    """Record every exception that leaves `call`, `build` or `build_from_config` of `classes`.

    The innermost method comes first. Errors are raised on as if nobody watched. Methods that a
    class inherits from another of the user's are watched too.
    """
    raised: list[Raised] = []
    methods = ("call", "build", "build_from_config")
    bases = dict.fromkeys(base for cls in classes for base in cls.__mro__ if not _foreign(base))
    found = [(cls, name, vars(cls)[name]) for cls in bases for name in methods if name in vars(cls)]
    for cls, name, method in found:
        setattr(cls, name, _watched(name, method, raised))
    try:
        yield raised
    finally:
        for cls, name, method in found:
            setattr(cls, name, method)


def _foreign(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in ("builtins", "typing", *_LIBRARIES)


def _watched(name: str, method: Any, raised: list[Raised]) -> Any:
    @functools.wraps(method)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            raised.append(Raised(type(self), name, error))
            raise

    return watched


def explain(raised: Iterable[Raised]) -> tuple[Swallowed, ...]:
    """Return one `Swallowed` for each line that raised, at the innermost method that it left."""
    found: dict[tuple[str, int], Swallowed] = {}
    for one in raised:
        explained = _explained(one)
        # Keras wraps a layer's error in a new one at each level; the first is the user's.
        found.setdefault((explained.file, explained.line), explained)
    return tuple(found.values())


def _explained(one: Raised) -> Swallowed:
    frames = [
        frame
        for frame in traceback.extract_tb(one.error.__traceback__)
        if not is_library(frame.filename)
    ]
    if frames:
        last = frames[-1]
        file, line, source = last.filename, last.lineno or 0, last.line or ""
    else:
        file, line, source = _definition(one)
    return Swallowed(
        one.cls.__name__, one.method, one_line(one.error), file, line, source, bool(frames)
    )


def _definition(one: Raised) -> tuple[str, int, str]:
    function = inspect.unwrap(getattr(one.cls, one.method))
    try:
        lines, number = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return getattr(getattr(function, "__code__", None), "co_filename", "?"), 0, ""
    return function.__code__.co_filename, number, lines[0].strip()


def is_library(filename: str) -> bool:
    """Whether a frame's file belongs to Keras, TensorFlow, Python itself or this observer."""
    if filename in _OURS or filename.startswith("<"):
        return True
    path = Path(filename)
    roots = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    if any(path.is_relative_to(Path(root) / one) for root in roots for one in _LIBRARIES):
        return True
    inside = path.is_relative_to(sysconfig.get_path("stdlib"))
    return inside and not any(path.is_relative_to(root) for root in roots)
