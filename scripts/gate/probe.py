"""Does each recipe run at all: ``python -m scripts.gate.probe FOLDER image/tf_cast ...``.

Each is made, trained for a step, saved and loaded, and one that raises costs itself alone. It
prints a line for each: a JSON list of its name and why it does not run, empty where it does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from scripts.gate.commits import Recipe

ROOT = Path(__file__).parents[2]
TIMEOUT = 300


def broken(folder: Path, recipes: Iterable[Recipe]) -> dict[Recipe, str]:
    """Return those of `recipes` that do not run, and why; each side has a process of its own."""
    recipes = list(recipes)
    if not recipes:
        return {}
    command = [sys.executable, "-m", "scripts.gate.probe", str(folder), *map(str, recipes)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(recipes, f"still running after {TIMEOUT} s, stopped")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('["')]
    said = {Recipe(*name.split("/")): reason for name, reason in lines}
    # Whatever ended the process ended it in the first recipe that said nothing.
    silent = next((recipe for recipe in recipes if recipe not in said), None)
    found = {recipe: reason for recipe, reason in said.items() if reason}
    if silent is not None:
        found[silent] = f"ended its process with status {done.returncode}"
        rest = recipes[recipes.index(silent) + 1 :]
        found |= broken(folder, [recipe for recipe in rest if recipe not in said])
    return found


def main(arguments: list[str]) -> int:
    """Try every recipe that is named, and print a line for each."""
    folder, *names = arguments
    for name in names:
        print(json.dumps([name, _try(Path(folder), Recipe(*name.split("/")))]), flush=True)
    return 0


def _try(folder: Path, recipe: Recipe) -> str:
    import keras

    from remedies import WORKLOADS, build

    workload = recipe.workload if recipe.workload in WORKLOADS else ""
    try:
        if not workload:
            return "no workload of this checkout"
        model = build(workload, recipe.remedy, folder=folder / workload)
        model.train_on_batch(*WORKLOADS[workload].data(4))
        with tempfile.TemporaryDirectory() as work:
            model.save(Path(work, "model.keras"))
    except Exception as error:  # a contributor's code may raise anything
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    finally:
        keras.utils.clear_session(free_memory=False)
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
