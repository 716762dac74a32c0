"""Puts a report's files in place, all of them or none, and touches nothing that is not its own."""

from __future__ import annotations

import errno
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

MANIFEST = ".report-files.json"
_OURS = re.compile(
    r"(figures|samples)/[a-z0-9-]+\.(svg|png|json)|index\.html|report\.md|results\.csv"
)


def write(out: Path, files: Mapping[str, str | bytes | Path]) -> None:
    """Write `files` (path below `out` -> content, or a file to copy) into `out`.

    Each file is first written in full in a temporary folder next to `out`, then moved. What an
    earlier report wrote, and this one does not, is removed; everything else in `out` stays, and a
    file of the same name that no report wrote is not overwritten.

    Raises
    ------
    OSError
        Where that is not possible; nothing is then half-written.
    """
    for name in {str(Path(name).parent) for name in files}:
        if (out / name).is_symlink() and name != ".":
            raise NotADirectoryError(errno.ENOTDIR, "leads elsewhere, and stays", str(out / name))
    earlier = set(_written(out))
    for name in files:
        if name not in earlier and (out / name).exists():
            told = "is there, and no report wrote it; name another folder"
            raise FileExistsError(errno.EEXIST, told, str(out / name))
    parent = out.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=parent) as made:
        for name, content in files.items():
            _put(Path(made, name), content)
        # Both lists before anything moves: an interrupted report is still known as one.
        _move(made, out, MANIFEST, _list(earlier | files.keys()))
        for name in files:
            _move(made, out, name)
        for name in earlier - files.keys():
            (out / name).unlink(missing_ok=True)
        _move(made, out, MANIFEST, _list(files))


def _list(names: Iterable[str]) -> str:
    return json.dumps(sorted(names), indent=0)


def _move(made: str, out: Path, name: str, content: str | None = None) -> None:
    if content is not None:
        _put(Path(made, name), content)
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    Path(made, name).replace(out / name)


def _put(path: Path, content: str | bytes | Path) -> None:
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _written(out: Path) -> Iterator[str]:
    """Yield what the manifest in `out` says an earlier report wrote, and a report can write."""
    try:
        names = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in names if isinstance(names, list) else ():
        if isinstance(name, str) and _OURS.fullmatch(name):
            yield name
