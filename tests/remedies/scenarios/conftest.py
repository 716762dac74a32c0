"""The published matrix, and the command that makes it again, as docs/fidelity.md names it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PUBLISHED = json.loads((ROOT / "docs" / "fidelity.json").read_text("utf-8"))


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


def keyed(cells: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(cell["scenario"], cell["remedy"]): cell for cell in cells}


CELLS = keyed(PUBLISHED["cells"])  # `test_matrix` compares them with what it measures
