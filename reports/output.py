"""A folder that is replaced as a whole, and only where it holds nothing but an earlier one."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARKER = ".made-by-reports.json"


class OutputError(ValueError):
    """The folder is not ours to replace; the message is one line that says why."""


def check(out: Path) -> None:
    """Raise `OutputError` unless `out` is absent, empty, or was made here and left as it was."""
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise OutputError(f"{str(there)!r} is a file; name a folder")
    strange = sorted(_files(out) - _listed(out / MARKER)) if out.exists() else []
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        why = f"holds {strange[0]!r}{more}, which this command did not write"
        raise OutputError(f"{str(out)!r} {why}; name a new folder or an empty one")


def _files(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in paths}


def _listed(marker: Path) -> set[str]:
    try:
        return {*json.loads(marker.read_text(encoding="utf-8"))["files"], MARKER}
    except (OSError, ValueError, TypeError, KeyError):
        return set()


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `out`, if the block ends well."""
    check(out)
    target = out.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
        made, old = Path(work, "new"), Path(work, "old")
        made.mkdir()
        yield made
        (made / MARKER).write_text(json.dumps({"files": sorted(_files(made))}), encoding="utf-8")
        check(out)  # somebody may have put a file there meanwhile
        if target.exists():
            target.rename(old)
        try:
            made.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write `files`, path below `folder` -> content."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
