"""The exceptions that Keras swallows while it rebuilds a model, with the user's own line."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterable
from dataclasses import dataclass

from remedies.libraries import is_framework_file
from remedies.problem import reason
from remedies.rebuild import Call


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
    result: dict[tuple[str, int], Swallowed] = {}
    for each in calls:
        if each.error is None:
            continue
        explained = _explained(each, each.error)
        # Keras wraps a layer's error in a new one at each level; the first is the user's.
        result.setdefault((explained.file, explained.line), explained)
    return tuple(result.values())


def _explained(call: Call, error: BaseException) -> Swallowed:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not is_framework_file(frame.filename)
    ]
    if frames:
        last = frames[-1]
        file, line, source = last.filename, last.lineno or 0, last.line or ""
    else:
        file, line, source = _definition(call)
    return Swallowed(
        call.cls.__name__, call.method, reason(error), file, line, source, bool(frames)
    )


def _definition(call: Call) -> tuple[str, int, str]:
    function = inspect.unwrap(getattr(call.cls, call.method))
    try:
        lines, number = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return getattr(getattr(function, "__code__", None), "co_filename", "?"), 0, ""
    return function.__code__.co_filename, number, lines[0].strip()
