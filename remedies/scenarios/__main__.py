"""Put every remedy into every scenario, and show what a save and load keeps.

Examples
--------
  python -m remedies.scenarios --scenario core
  python -m remedies.scenarios --scenario gather four_runs --remedy control ops_where
  python -m remedies.scenarios --output docs
  python -m remedies.scenarios --keras 3.16.0       the core with that Keras, added to the
                                                    survey of versions in docs/keras_versions.*
"""

import argparse
import gc
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from remedies.problem import BadInputError
from remedies.registry import REMEDIES, require
from remedies.scenarios import CORE, run, scenarios, software, versions
from remedies.state.preserve import scratch


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where a version failed, or 2 for a wrong name or folder."""
    given = _parser().parse_args(arguments)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with scratch():
            if given.keras is not None:
                return versions.survey(given.keras)
            return _matrix(given, shlex.join(arguments or sys.argv[1:]))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m remedies.scenarios",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--remedy", nargs="+", default=list(REMEDIES), metavar="R")
    parser.add_argument("--scenario", nargs="+", metavar="S", help="a name, or `core`; default all")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="of fidelity.json and .md")
    parser.add_argument(
        "--keras", nargs="*", metavar="V", help="such as 3.4.1; none: those published"
    )
    return parser


def _matrix(given: argparse.Namespace, words: str) -> int:
    """Measure the cells asked for, and put them into the pages of a folder or on the screen."""
    from remedies.scenarios.rendering import BARE_PAGE, listed, matrix_page, put

    remedies = [require("remedy", name, REMEDIES) for name in dict.fromkeys(given.remedy)]
    groups = (CORE if name == "core" else (name,) for name in given.scenario or scenarios())
    chosen = dict.fromkeys(name for group in groups for name in group)
    names = [require("scenario", name, ("core", *scenarios())) for name in chosen]
    if given.output and not given.output.is_dir():
        raise BadInputError(f"no folder {str(given.output)!r}")
    target = given.output and given.output / "fidelity.md"
    page = target.read_text("utf-8") if target and target.exists() else BARE_PAGE
    put(page, "", ())  # refuses one that has no place for the tables
    gc.freeze()  # what was imported stays; walking it again and again takes a tenth of the time
    cells = run(remedies, names, _progress)
    measured = {"versions": software(), "cells": cells}
    page = matrix_page(page, f"python -m remedies.scenarios {words}", measured)
    if target:
        target.write_text(page, "utf-8")
        text = listed("cells", cells, versions=measured["versions"])
        target.with_suffix(".json").write_text(text, "utf-8")
    else:
        print(page)
    return 0


def _progress(cell: Mapping[str, Any], done: int, total: int) -> None:
    text = f"{cell['scenario']} · {cell['remedy']}: {cell['outcome']}"
    print(f"[{done:3}/{total}] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
