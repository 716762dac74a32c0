"""What a user got wrong, as opposed to what this package or Keras did."""

import contextlib
import re
from collections.abc import Iterator

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What Keras writes around a reason.
_BEFORE = re.compile(
    r".*(Error encountered( during deserialization)?:|Exception encountered:"
    r"|Example error message for object)(?=\s*\S)",
    re.DOTALL,
)
_AFTER = re.compile(
    r"(?<=\S)\s*(Arguments received by|Example:|List of objects|config={'module'|Full object).*",
    re.DOTALL,
)


class BadInputError(ValueError):
    """Something given cannot be used; the message is one line: what it is and what to do."""


@contextlib.contextmanager
def refusing(what: str) -> Iterator[None]:
    """Raise what fails in the block as a `BadInputError`: `what` cannot be used, and the reason."""
    try:
        yield
    except (BadInputError, MemoryError):
        raise
    except Exception as error:
        raise BadInputError(f"{what} ({reason(error)})") from error


def reason(error: BaseException, limit: int = 300) -> str:
    """Return why `error` was raised first, in one line, never empty."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    # A KeyError shows a message of some lines escaped.
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    text = _AFTER.sub("", _BEFORE.sub("", _COLOURS.sub("", text)))
    plain = "".join(letter if letter.isprintable() else " " for letter in text).split()
    kind = type(error).__name__
    return shorten(f"{kind}: {' '.join(plain) or 'raised without a message'}", limit)


def shorten(text: str, limit: int = 200) -> str:
    """Return `text` cut between words at `limit` characters."""
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0].rstrip() + " …"
