"""Does each recipe run at all: ``python -m scripts.gate.probe FOLDER image/tf_cast ...``.

Each is made, trained for a step and saved, and one that raises costs itself alone. It prints a line
for each: a JSON list of its name and why it does not run, empty where it does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.gate.commits import Recipe

ROOT = Path(__file__).parents[2]
TIMEOUT = 300


def broken(folder: Path, recipes: Sequence[Recipe]) -> dict[Recipe, str]:
    """Return those of `recipes` that do not run, and why."""
    if not recipes:
        return {}
    command = [sys.executable, "-m", "scripts.gate.probe", str(folder), *map(str, recipes)]
    current = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, cwd=ROOT, env=current, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(recipes, f"still running after {TIMEOUT} s, stopped")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('["')]
    said = {Recipe(*name.split("/")): reason for name, reason in lines}
    # Whatever ended the process ended it in the first recipe that said nothing.
    silent = [recipe for recipe in recipes if recipe not in said]
    if silent:
        said[silent[0]] = f"ended its process with status {done.returncode}"
        said |= broken(folder, silent[1:])
    return {recipe: reason for recipe, reason in said.items() if reason}


def _try(folder: Path, workload: str, remedy: str) -> str:
    from remedies import WORKLOADS, build

    try:
        model = build(workload, remedy, folder=folder / workload)
        model.train_on_batch(*WORKLOADS[workload].data(4))
        with tempfile.TemporaryDirectory() as work:
            model.save(Path(work, "model.keras"))
    except Exception as error:  # a contributor's code may raise anything
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return ""


if __name__ == "__main__":
    for name in sys.argv[2:]:
        print(json.dumps([name, _try(Path(sys.argv[1]), *name.split("/"))]), flush=True)
