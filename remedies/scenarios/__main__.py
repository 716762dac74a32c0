"""Put every remedy into every scenario, and show what a save and load keeps.

Examples
--------
  python -m remedies.scenarios --scenario core gather
  python -m remedies.scenarios --output docs
  python -m remedies.scenarios --keras 3.16.0       the core with it, into docs/keras_versions.*
"""

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from remedies.registry import REMEDIES, require
from remedies.scenarios import CORE, run, scenarios
from remedies.state.preserve import scratch

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "keras_versions.md"
ENVIRONMENTS = ROOT / ".asv" / "keras"
# From which Keras on which TensorFlow is installed: the pairs that were tried and install.
TENSORFLOW = {(3, 0): "2.16.2", (3, 6): "2.18.1", (3, 10): "2.21.0"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where a version failed, or 2 for a wrong name or folder."""
    parser = argparse.ArgumentParser(
        "python -m remedies.scenarios",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenario", nargs="+", metavar="S", help="a name, or `core`; default all")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="of fidelity.json and .md")
    parser.add_argument("--keras", nargs="*", metavar="V", help="3.4.1; none: those published")
    given = parser.parse_args(arguments)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with scratch():
            _matrix(given) if given.keras is None else _survey(given.keras)
    except subprocess.CalledProcessError as error:
        print(f"FAILED: {shlex.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _matrix(given: argparse.Namespace) -> None:
    """Measure the cells asked for, and put them into the pages of a folder or on the screen."""
    from remedies.scenarios.rendering import BARE_PAGE, listed, matrix_page, put

    groups = (CORE if name == "core" else (name,) for name in given.scenario or scenarios())
    chosen = dict.fromkeys(name for group in groups for name in group)
    names = [require("scenario", name, ("core", *scenarios())) for name in chosen]
    if given.output:
        given.output.mkdir(exist_ok=True)
    target = given.output and given.output / "fidelity.md"
    page = target.read_text("utf-8") if target and target.exists() else BARE_PAGE
    put(page, "", ())  # refuses one that has no place for the tables
    cells, total = [], len(REMEDIES) * len(names)
    for cell in run(tuple(REMEDIES), names):
        cells.append(cell)
        text = f"{cell['scenario']} · {cell['remedy']}: {cell['outcome']}"
        print(f"[{len(cells):3}/{total}] {text}", file=sys.stderr, flush=True)
    packages = ("keras", "tensorflow", "numpy")
    versions = {name: str(import_module(name).__version__) for name in packages}
    versions["python"] = platform.python_version()
    command = shlex.join(["python", "-m", "remedies.scenarios", *sys.argv[1:]])
    page = matrix_page(page, command, {"versions": versions, "cells": cells})
    if target:
        target.write_text(page, "utf-8")
        target.with_suffix(".json").write_text(listed("cells", cells, versions=versions), "utf-8")
    else:
        print(page)


def _survey(versions: Iterable[str]) -> None:
    """Measure each version and publish it among the others; without any, measure those again."""
    from remedies.scenarios.rendering import listed, put, table

    data = PAGE.with_suffix(".json")
    published = json.loads(data.read_text("utf-8"))["measured"]
    measured = {run["versions"]["keras"]: run for run in published}
    for keras in sorted({*versions} or {*measured}, key=_number):
        measured[keras] = _measured(keras)
        runs = [measured[version] for version in sorted(measured, key=_number)]
        data.write_text(listed("measured", runs), "utf-8")
        page = PAGE.read_text("utf-8")
        command = "python -m remedies.scenarios --keras"
        PAGE.write_text(put(page, command, runs, table(runs, CORE)), "utf-8")


def _number(version: str) -> tuple[int, ...]:
    if not re.fullmatch(r"3(\.\d+){2}", version):
        raise ValueError(f"unknown version {version!r}; write it as 3.4.1")
    return tuple(map(int, version.split(".")))


def _measured(keras: str) -> Any:
    """Return what the core measures under `keras`, in an environment for its TensorFlow."""
    tensorflow = TENSORFLOW[max(low for low in TENSORFLOW if low <= _number(keras))]
    environment = ENVIRONMENTS / f"tensorflow-{tensorflow}"
    python = environment / "bin" / "python"
    _run(sys.executable, "-m", "venv", environment)
    packages = (f"keras=={keras}", f"tensorflow-cpu=={tensorflow}", "dm-tree")
    _run(python, "-m", "pip", "install", "--quiet", *packages)
    _run(python, "-m", "remedies.scenarios", "--scenario", "core", "--output", ENVIRONMENTS)
    return json.loads((ENVIRONMENTS / "fidelity.json").read_text("utf-8"))


def _run(*command: str | Path) -> None:
    # This package's own module, or pip.
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
