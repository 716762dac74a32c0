"""A new file that gets its name only once it is verified, and leaves nothing when it fails."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from remedies.archive import Limits, read
from remedies.problem import BadInputError, one_line
from remedies.revival import Revived, silent


def require_free(target: Path) -> None:
    """Refuse a new file that has a wrong name, exists or has no folder.

    Raises
    ------
    BadInputError
        Naming it.
    """
    if target.suffix != ".keras":
        raise BadInputError(f"{target}: the new file's name must end in .keras")
    if target.exists():
        raise BadInputError(f"{target}: exists already; move it away or name another with --out")
    if not target.parent.is_dir():
        raise BadInputError(f"{target.parent}: no such folder to write to")


@contextlib.contextmanager
def written(result: Revived, target: Path) -> Iterator[None]:
    """Write the model beside `target`, verify what was written, and only then give it the name."""
    draft = target.with_name(f".{target.stem}.{os.getpid()}.draft.keras")
    placed = False
    try:
        _save(result, draft)
        _require_equal(result, draft)
        draft.replace(target)
        placed = True
        yield
    except BaseException:
        if placed:
            target.unlink(missing_ok=True)
        raise
    finally:
        if draft.exists():  # a read-only folder refuses even what is not there
            draft.unlink()


def _save(result: Revived, draft: Path) -> None:
    try:
        with silent():
            result.model.save(draft)
    except OSError as error:  # which names the draft, if anything
        reason = error.strerror or one_line(error)
        raise OSError(error.errno, reason, str(draft.parent)) from error


def _require_equal(result: Revived, draft: Path) -> None:
    held = read(draft, Limits(total=1 << 62, ratio=1 << 40)).entries
    recovered = [name for name in result.archive.entries if name not in result.missing]
    wrong = [name for name in recovered if held.get(name) != result.archive.entries[name]]
    if wrong:
        raise OSError(f"{draft.parent}: what was written reads back wrong: {', '.join(wrong[:3])}")
