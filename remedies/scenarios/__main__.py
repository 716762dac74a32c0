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

from rich.console import Console

from remedies.registry import require
from remedies.scenarios.cell import Cell
from remedies.scenarios.journal import Journal, digest
from remedies.scenarios.matrix import CORE, REMEDIES, SCENARIOS, run, versions
from remedies.scenarios.table import BARE, markdown, terminal

_WIDTH = 160
_EXAMPLES = """\
examples:
  python -m remedies.scenarios --scenario core
  python -m remedies.scenarios --scenario gather four_runs --remedy control ops_where
  python -m remedies.scenarios --json cells.json --markdown page.md
"""
_JOURNAL = Path(".asv/scenarios.jsonl")


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
    parser.add_argument("--journal", type=Path, default=_JOURNAL, help="finished cells, if cut off")
    return parser


def _scenarios(names: Sequence[str] | None) -> list[str]:
    if names is None:
        return list(SCENARIOS)
    allowed = ("core", *SCENARIOS)
    given = [require("scenario", name, allowed) for name in names]
    return list(dict.fromkeys(n for g in given for n in (CORE if g == "core" else (g,))))


def _progress(cell: Cell, done: int, total: int) -> None:
    line = f"[{done:3}/{total}] {cell.scenario} · {cell.remedy}: {cell.word} ({cell.seconds:.1f} s)"
    print(line, file=sys.stderr, flush=True)


def require_folder(path: Path) -> None:
    """Raise `NotADirectoryError` where the folder that `path` is to be written in is missing."""
    if not path.absolute().parent.is_dir():
        raise NotADirectoryError(f"no folder {str(path.parent)!r} to write {path.name!r} in")


def _quiet() -> None:
    """Keep TensorFlow off the GPU and out of the progress."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 2 for a name that does not exist, or 130 when stopped."""
    given = _parser().parse_args(arguments)
    try:
        remedies = [require("remedy", name, REMEDIES) for name in dict.fromkeys(given.remedy)]
        scenarios = _scenarios(given.scenario)
        for path in filter(None, (given.json, given.markdown)):
            require_folder(path)
        _page(given.markdown)
    except (NotADirectoryError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    _quiet()
    found = versions()
    gc.freeze()  # what was imported stays; walking it again and again takes a tenth of the time
    journal = Journal(given.journal, digest(found))
    try:
        cells = run(remedies, scenarios, _progress, journal)
    except KeyboardInterrupt:
        print(
            f"stopped; finished cells are in {given.journal}, the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    _write(given, arguments or sys.argv[1:], cells, found)
    journal.close()
    return 0


def _page(path: Path | None) -> str:
    """Return the page that is to hold the matrix; refuse one without a place for it."""
    text = path.read_text("utf-8") if path and path.exists() else BARE
    try:
        markdown((), {}, "", text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return text


def _write(
    given: argparse.Namespace, arguments: Sequence[str], cells: list[Cell], found: dict[str, str]
) -> None:
    if given.json:
        data = {"versions": found, "cells": [cell.to_json() for cell in cells]}
        given.json.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    if given.markdown:
        command = shlex.join(["python", "-m", "remedies.scenarios", *arguments])
        page = markdown(cells, found, command, _page(given.markdown))
        given.markdown.write_text(page, "utf-8")
    wide = None if sys.stdout.isatty() else _WIDTH
    Console(width=wide).print(terminal(cells, found))


if __name__ == "__main__":
    sys.exit(main())
