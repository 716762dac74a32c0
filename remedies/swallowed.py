"""The exceptions that Keras swallows while it rebuilds a model, with the user's own line."""

from __future__ import annotations

import inspect
import sysconfig
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from remedies.problem import one_line
from remedies.rebuild import Call

_OBSERVER = str(Path(__file__).with_name("rebuild.py"))
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


def explain(calls: Iterable[Call]) -> tuple[Swallowed, ...]:
    """Return one `Swallowed` for each line that raised, at the innermost method that it left."""
    found: dict[tuple[str, int], Swallowed] = {}
    for one in calls:
        if one.error is None:
            continue
        explained = _explained(one, one.error)
        # Keras wraps a layer's error in a new one at each level; the first is the user's.
        found.setdefault((explained.file, explained.line), explained)
    return tuple(found.values())


def _explained(one: Call, error: BaseException) -> Swallowed:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not is_library(frame.filename)
    ]
    if frames:
        last = frames[-1]
        file, line, source = last.filename, last.lineno or 0, last.line or ""
    else:
        file, line, source = _definition(one)
    return Swallowed(
        one.cls.__name__, one.method, one_line(error), file, line, source, bool(frames)
    )


def _definition(one: Call) -> tuple[str, int, str]:
    function = inspect.unwrap(getattr(one.cls, one.method))
    try:
        lines, number = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return getattr(getattr(function, "__code__", None), "co_filename", "?"), 0, ""
    return function.__code__.co_filename, number, lines[0].strip()


def wanted_dtype(one: Swallowed) -> str:
    """Return the dtype that the failing operation asks for, read from its message and line."""
    text = f"{one.error} {one.source}".lower()
    asks_bool = ("type of bool", "logical", "to be a bool", "reduce_any", "reduce_all")
    return "bool" if any(word in text for word in asks_bool) else "int32"


def is_library(filename: str) -> bool:
    """Whether a frame's file belongs to Keras, TensorFlow, Python itself or this observer."""
    if filename == _OBSERVER or filename.startswith("<"):
        return True
    path = Path(filename)
    roots = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    if any(path.is_relative_to(Path(root) / one) for root in roots for one in _LIBRARIES):
        return True
    inside = path.is_relative_to(sysconfig.get_path("stdlib"))
    return inside and not any(path.is_relative_to(root) for root in roots)
