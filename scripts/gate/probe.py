"""Does a recipe run at all: ``python -m scripts.gate.probe FOLDER WORKLOAD REMEDY``.

It is made, trained for a step and saved, in a process of its own that raises what the recipe does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from scripts.gate.commits import Recipe

ROOT = Path(__file__).parents[2]
TIMEOUT = 300


def broken(folder: Path, recipes: Sequence[Recipe]) -> dict[Recipe, str]:
    """Return those of `recipes` that do not run, and why."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reasons = pool.map(partial(_reason, folder), recipes)
        return {recipe: why for recipe, why in zip(recipes, reasons, strict=True) if why}


def _reason(folder: Path, recipe: Recipe) -> str:
    """Return why a recipe does not run, in a line; empty where it does."""
    command = [sys.executable, "-m", "scripts.gate.probe", str(folder), *recipe]
    current = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, cwd=ROOT, env=current, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"still running after {TIMEOUT} s, stopped"
    said = done.stderr.strip().splitlines()
    if done.returncode == 1 and said:
        return said[-1][:300]
    return f"ended its process with status {done.returncode}" if done.returncode else ""


def _run(folder: str, workload: str, remedy: str) -> None:
    from remedies import WORKLOADS, build
    from remedies.problem import reason

    try:
        model = build(workload, remedy, folder=Path(folder, workload))
        model.train_on_batch(*WORKLOADS[workload].data(4))
        with tempfile.TemporaryDirectory() as work:
            model.save(Path(work, "model.keras"))
    except Exception as error:  # a contributor's code may raise anything
        sys.exit(reason(error))


if __name__ == "__main__":
    _run(*sys.argv[1:])
