"""Put every remedy into every scenario, and show what a save and load keeps.

Examples
--------
  python -m remedies.scenarios --scenario core
  python -m remedies.scenarios --scenario gather four_runs --remedy control ops_where
  python -m remedies.scenarios --json cells.json --markdown page.md
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from remedies.registry import REMEDIES, require
from remedies.scenarios.matrix import CORE, run, scenarios, software


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 for a name or a folder that does not exist."""
    given = _parser().parse_args(arguments)
    _quiet()
    from remedies.scenarios.rendering import BARE_PAGE, matrix_page, put

    target: Path | None = given.markdown
    try:
        remedies = [require("remedy", name, REMEDIES) for name in dict.fromkeys(given.remedy)]
        groups = (CORE if name == "core" else (name,) for name in given.scenario or scenarios())
        chosen = dict.fromkeys(name for group in groups for name in group)
        names = [require("scenario", name, ("core", *scenarios())) for name in chosen]
        for path in filter(None, (given.json, target)):
            require_folder(path)
        page = target.read_text("utf-8") if target and target.exists() else BARE_PAGE
        put(page)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    versions = software()
    gc.freeze()  # what was imported stays; walking it again and again takes a tenth of the time
    cells = run(remedies, names, _progress)
    command = shlex.join(["python", "-m", "remedies.scenarios", *(arguments or sys.argv[1:])])
    page = matrix_page(cells, versions, command, page)
    if given.json:
        lines = ",\n".join(json.dumps(cell.to_json(), ensure_ascii=False) for cell in cells)
        text = f'{{"versions": {json.dumps(versions)},\n"cells": [\n{lines}\n]}}\n'
        given.json.write_text(text, "utf-8")
    if target:
        target.write_text(page, "utf-8")
    else:
        print(page)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m remedies.scenarios",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--remedy", nargs="+", default=list(REMEDIES), metavar="R")
    parser.add_argument("--scenario", nargs="+", metavar="S", help="a name, or `core`; default all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every cell")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write into this page")
    return parser


def require_folder(path: Path) -> None:
    """Raise `NotADirectoryError` where the folder that `path` is to be written in is missing."""
    if not path.absolute().parent.is_dir():
        raise NotADirectoryError(f"no folder {str(path.parent)!r} to write {path.name!r} in")


def _progress(cell: object, done: int, total: int) -> None:
    print(f"[{done:3}/{total}] {cell}", file=sys.stderr, flush=True)


def _quiet() -> None:
    """Keep TensorFlow off the GPU and out of the progress."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)


if __name__ == "__main__":
    sys.exit(main())
