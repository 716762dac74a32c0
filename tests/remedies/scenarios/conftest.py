"""The matrix, measured once for all tests and workers: the core of it, or all with MATRIX=all.

The published matrix is made again by the command that docs/fidelity.md names.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from remedies.scenarios.cell import Cell

ROOT = Path(__file__).parents[3]
Cells = Mapping[tuple[str, str], Cell]


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m remedies.scenarios` in `cwd`."""
    return subprocess.run(
        [sys.executable, "-m", "remedies.scenarios", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TF_NUM_INTRAOP_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def keyed(data: Mapping[str, Any]) -> Cells:
    cells = [Cell.from_json(cell) for cell in data["cells"]]
    return {(cell.scenario, cell.remedy): cell for cell in cells}


PUBLISHED = json.loads((ROOT / "docs" / "fidelity.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which the workers of one run have in common
    made = folder / "matrix.json"
    with (folder / "matrix.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker measures, the others wait for it
        if not made.exists():
            chosen = [] if os.environ.get("MATRIX") == "all" else ["--scenario", "core", "mirrored"]
            part = folder / "matrix.part"
            done = command("--json", str(part), *chosen, cwd=folder)
            assert done.returncode == 0, done.stderr
            part.replace(made)
    return json.loads(made.read_text("utf-8"))


@pytest.fixture(scope="session")
def cells() -> Cells:
    """Return the published matrix, which `test_matrix` compares with what it measures."""
    return keyed(PUBLISHED)
