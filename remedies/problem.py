"""What a user got wrong, as opposed to what this package or Keras did."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class BadInputError(ValueError):
    """Something given cannot be used; the message is one line: what it is and what to do."""


def one_line(error: BaseException) -> str:
    """Return an exception's type and message on one line, control characters left out."""
    text = " ".join(_COLOURS.sub("", str(error)).split())
    plain = "".join(letter for letter in text if letter.isprintable())
    return f"{type(error).__name__}: {plain}" if plain else type(error).__name__


def placed(error: OSError, place: object) -> OSError:
    """Return `error` with `place` as the file that it is about, if it names none."""
    if error.filename is not None:
        return error
    return OSError(error.errno, error.strerror or one_line(error), str(place))
