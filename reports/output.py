"""Puts a report's files in place, all of them or none, and touches nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path


def write(out: Path, files: Mapping[str, str | bytes]) -> None:
    """Write `files` (path below `out` -> content) into `out`, beside what it holds already.

    Each file is first written in full in a temporary folder next to `out`, then moved.

    Raises
    ------
    OSError
        Where that is not possible; nothing is then half-written.
    """
    parent = out.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=parent) as made:
        for name, content in files.items():
            path = Path(made, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        for name in files:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            Path(made, name).replace(out / name)
