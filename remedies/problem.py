"""What a user got wrong, as opposed to what this package or Keras did."""

import re
import traceback
from pathlib import Path

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
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


class BadInputError(ValueError):
    """Something given cannot be used; the message is one line: what it is and what to do."""


def _message(error: BaseException) -> str:
    """Return an exception's message without colours."""
    text = str(error)
    if isinstance(error, KeyError) and "\\n" in text:  # it shows a message of some lines escaped
        text = str(error.args[0])
    return _COLOURS.sub("", text)


def reason(error: BaseException, limit: int = 300) -> str:
    """Return why `error` was raised first, in one line, never empty."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    text = _message(error)
    for wrapper in _WRAPPERS:
        inner = text.rpartition(wrapper)[2]
        text = inner if inner.strip() else text
    for ending in _ENDINGS:
        text = text.partition(ending)[0].strip() or text
    plain = "".join(letter if letter.isprintable() else " " for letter in text).split()
    kind = type(error).__name__
    if plain:
        return shorten(f"{kind}: {' '.join(plain)}", limit)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{kind}, raised without a message{where}"


def shorten(text: str, limit: int = 200) -> str:
    """Return `text` cut between words at `limit` characters."""
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0].rstrip() + " …"
