"""A folder that is replaced as a whole, and only where it is known to hold nothing else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARKER = "site.json"
_MAKER = "scripts/publish"


class FolderError(ValueError):
    """The folder is not ours to replace; the message is one line that says why."""


def check(out: Path) -> None:
    """Raise `FolderError` unless `out` is absent, empty, or a site made here and left as it was."""
    if not out.exists():
        return
    if not out.is_dir():
        raise FolderError(f"{str(out)!r} is a file; name a folder")
    strange = sorted(set(_files(out)) - _listed(out / MARKER))
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        raise FolderError(
            f"{str(out)!r} holds {strange[0]!r}{more}, which this command did not write; "
            "name an empty folder or a new one"
        )


def _files(folder: Path) -> list[str]:
    paths = (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return sorted(p.relative_to(folder).as_posix() for p in paths)


def _listed(marker: Path) -> set[str]:
    try:
        made = json.loads(marker.read_text(encoding="utf-8"))
        return {*made["files"], MARKER} if made["made_by"] == _MAKER else set()
    except (OSError, ValueError, TypeError, KeyError):
        return set()


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out` that takes its place when the block ends well.

    Whatever interrupts the block, `out` is as it was.

    Raises
    ------
    FolderError
        Where `out` holds a file that did not come from here.
    """
    check(out)
    target = out.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
        made, old = Path(work, "new"), Path(work, "old")
        made.mkdir()
        yield made
        marker = {"made_by": _MAKER, "files": _files(made)}
        (made / MARKER).write_text(json.dumps(marker, indent=1), encoding="utf-8")
        check(out)  # somebody may have put a file there meanwhile
        if target.exists():
            target.rename(old)
        try:
            made.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
