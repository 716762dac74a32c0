"""The published matrix, and the command that makes it again, as docs/fidelity.md names it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PUBLISHED = json.loads((ROOT / "docs" / "fidelity.json").read_text("utf-8"))
Cells = Mapping[tuple[str, str], Mapping[str, Any]]


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


def keyed(cells: Iterable[Mapping[str, Any]]) -> Cells:
    return {(cell["scenario"], cell["remedy"]): cell for cell in cells}


@pytest.fixture(scope="session")
def cells() -> Cells:
    """Return the published matrix, which `test_matrix` compares with what it measures."""
    return keyed(PUBLISHED["cells"])
