"""What a user got wrong, as opposed to what this package or Keras did."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class BadInputError(ValueError):
    """Something given cannot be used; the message is one line: what it is and what to do."""


def one_line(error: BaseException) -> str:
    """Return an exception's type and message on one line, control characters left out."""
    text = " ".join(_message(error).split())
    plain = "".join(letter for letter in text if letter.isprintable())
    return f"{type(error).__name__}: {plain}" if plain else type(error).__name__


def _message(error: BaseException) -> str:
    """Return an exception's message without colours."""
    text = str(error)
    if isinstance(error, KeyError) and "\\n" in text:  # it shows a message of some lines escaped
        text = str(error.args[0])
    return _COLOURS.sub("", text)


_WRAPPERS = (
    "Error encountered during deserialization:",
    "Exception encountered:",
    "Error encountered:",
    "Example error message for object",
)
_ENDINGS = (
    "Arguments received by",
    "Example:",
    "List of objects",
    "config={'module'",
    "Full object",
)


def reason(error: BaseException, limit: int = 300) -> str:
    """Return why `error` was raised, in one line: what Keras wraps around the first error is cut.

    Never empty: an exception without a message is told by where it was raised.
    """
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    text = _message(error)
    for wrapper in _WRAPPERS:
        text = text.rpartition(wrapper)[2] if text.rpartition(wrapper)[2].strip() else text
    for ending in _ENDINGS:
        text = text.partition(ending)[0].strip() or text
    plain = " ".join(_printable(text).split())
    kind = type(error).__name__
    if not plain:
        frames = traceback.extract_tb(error.__traceback__)
        where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        return f"{kind}, raised without a message{where}"
    return shorten(f"{kind}: {plain}", limit)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def shorten(text: str, limit: int = 200) -> str:
    """Return `text` cut between words at `limit` characters."""
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0].rstrip() + " …"


def placed(error: OSError, place: object) -> OSError:
    """Return `error` with `place` as the file that it is about, if it names none."""
    if error.filename is not None:
        return error
    return OSError(error.errno, error.strerror or one_line(error), str(place))
