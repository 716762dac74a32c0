"""A small workload folder that runs, to start one's own from."""

from __future__ import annotations

from pathlib import Path

from remedies.problem import BadInputError
from remedies.workloads import WORKLOADS, require_name

SOURCE = "image"
FILES = ("data.py", "control.py", "tf_cast.py", "ops_where.py")


def write(folder: Path) -> list[Path]:
    """Write the article's model and two remedies for it into a new `folder`; return the files.

    Raises
    ------
    BadInputError
        Where the folder is there already, or its name cannot be a workload's.
    """
    name = require_name(folder.resolve().name)
    if folder.exists():
        raise BadInputError(f"{folder}: is there already; choose another folder")
    folder.mkdir(parents=True)
    written = []
    for file in FILES:
        text = (WORKLOADS[SOURCE].folder / file).read_text(encoding="utf-8")
        path = folder / file
        path.write_text(text.replace(f'"remedies.{SOURCE}"', f'"{name}"'), encoding="utf-8")
        written.append(path)
    return written
