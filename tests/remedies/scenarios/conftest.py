"""The whole matrix, measured once for all tests and workers, in two processes side by side.

The golden matrix and the page are made again by the command that docs/fidelity.md names.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from remedies.scenarios import REMEDIES, SCENARIOS, Cell

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).with_name("matrix.json")
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


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text("utf-8"))


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which the workers of one run have in common
    made = folder / "matrix.json"
    with (folder / "matrix.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker measures, the others wait for it
        if not made.exists():
            made.write_text(json.dumps(_measure(tmp_path_factory)), "utf-8")
    return json.loads(made.read_text("utf-8"))


def _measure(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    halves = list(SCENARIOS)[0::2], list(SCENARIOS)[1::2]
    folders = [tmp_path_factory.mktemp("half") for _ in halves]
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(command, "--json", "cells.json", "--scenario", *half, cwd=folder)
            for half, folder in zip(halves, folders, strict=True)
        ]
    failed = [run.result().stderr for run in runs if run.result().returncode]
    assert not failed, failed
    read = [json.loads((folder / "cells.json").read_text("utf-8")) for folder in folders]
    return read[0] | {"cells": [cell for data in read for cell in data["cells"]]}


@pytest.fixture(scope="session")
def cells(measured: dict[str, Any]) -> Cells:
    found = keyed(measured)
    assert len(found) == len(SCENARIOS) * len(REMEDIES)
    return found
