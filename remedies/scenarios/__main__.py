"""Run the matrix: ``python -m remedies.scenarios``."""

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

from remedies.registry import require
from remedies.scenarios.cell import Cell
from remedies.scenarios.experiment import REMEDIES
from remedies.scenarios.matrix import CORE, SCENARIOS, run, software
from remedies.scenarios.rendering import BARE_PAGE, matrix_page

_EXAMPLES = """\
examples:
  python -m remedies.scenarios --scenario core
  python -m remedies.scenarios --scenario gather four_runs --remedy control ops_where
  python -m remedies.scenarios --json cells.json --markdown page.md
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m remedies.scenarios",
        description="Put every remedy into every scenario and show what a save and load keeps.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--remedy", nargs="+", default=list(REMEDIES), metavar="R")
    parser.add_argument("--scenario", nargs="+", metavar="S", help="a name, or `core`")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every cell")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the matrix into this page"
    )
    return parser


def _scenarios(names: Sequence[str] | None) -> list[str]:
    if names is None:
        return list(SCENARIOS)
    allowed = ("core", *SCENARIOS)
    given = [require("scenario", name, allowed) for name in names]
    return list(dict.fromkeys(n for g in given for n in (CORE if g == "core" else (g,))))


def require_folder(path: Path) -> None:
    """Raise `NotADirectoryError` where the folder that `path` is to be written in is missing."""
    if not path.absolute().parent.is_dir():
        raise NotADirectoryError(f"no folder {str(path.parent)!r} to write {path.name!r} in")


def _page(path: Path | None) -> str:
    """Return the page that is to hold the matrix; refuse one without a place for it."""
    text = path.read_text("utf-8") if path and path.exists() else BARE_PAGE
    try:
        matrix_page((), {}, "", text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return text


def _progress(cell: Cell, done: int, total: int) -> None:
    text = f"[{done:3}/{total}] {cell.scenario} · {cell.remedy}: {cell.word} ({cell.seconds:.1f} s)"
    print(text, file=sys.stderr, flush=True)


def _quiet() -> None:
    """Keep TensorFlow off the GPU and out of the progress."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)


def cells_json(versions: dict[str, str], cells: Sequence[Cell]) -> str:
    """Return the JSON text of a run: the software, and a cell a line."""
    lines = ",\n".join(json.dumps(cell.to_json()) for cell in cells)
    return f'{{"versions": {json.dumps(versions)},\n"cells": [\n{lines}\n]}}\n'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 for a name or a file that does not exist."""
    given = _parser().parse_args(arguments)
    try:
        remedies = [require("remedy", name, REMEDIES) for name in dict.fromkeys(given.remedy)]
        scenarios = _scenarios(given.scenario)
        for path in filter(None, (given.json, given.markdown)):
            require_folder(path)
        page = _page(given.markdown)
    except (NotADirectoryError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    _quiet()
    versions = software()
    gc.freeze()  # what was imported stays; walking it again and again takes a tenth of the time
    cells = run(remedies, scenarios, _progress)
    command = shlex.join(["python", "-m", "remedies.scenarios", *(arguments or sys.argv[1:])])
    if given.json:
        given.json.write_text(cells_json(versions, cells), "utf-8")
    made = matrix_page(cells, versions, command, page)
    if given.markdown:
        given.markdown.write_text(made, "utf-8")
    else:
        print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
