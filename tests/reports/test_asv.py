"""What asv itself writes is read, and the tests' own factory writes like it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reports.results import read
from tests.reports.factory import COLUMNS, one

TOY = """
class Steps:
    param_names = ["remedy", "device", "workload", "jit", "mask_dtype", "batch"]
    params = [["tf_cast", "ops_where"], ["cpu", "gpu"], ["image"], ["xla"], ["bool"], [128]]

    def setup(self, remedy, device, *rest):
        if device == "gpu":
            raise NotImplementedError("no GPU")

    def track_train_step(self, remedy, *rest):
        if remedy == "ops_where":
            raise RuntimeError("broken on purpose")
        return {"samples": [0.001 * i for i in range(1, 51)], "number": 1}

    def track_train_step_ratio(self, remedy, *rest):
        return {"samples": [0.99, 1.0, 1.01] * 20, "number": 1}

    track_train_step.unit = "seconds"
    track_train_step_ratio.unit = "ratio"


class Facts:
    param_names = ["fact"]
    params = [["keras 3.15.1", "cpu AMD EPYC"]]

    def track_recorded(self, fact):
        return 1
"""
TOY_CONFIG = {
    "version": 1,
    "project": "toy",
    "repo": ".",
    "branches": ["HEAD"],
    "environment_type": "existing",
    "benchmark_dir": "toy",
    "results_dir": "results",
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results that asv itself wrote."""
    if not shutil.which("git"):
        pytest.skip("asv needs git")
    pytest.importorskip("asv")
    root = tmp_path_factory.mktemp("asv")
    (root / "toy").mkdir()
    (root / "toy" / "__init__.py").touch()
    (root / "toy" / "steps.py").write_text(TOY)
    (root / "asv.conf.json").write_text(json.dumps(TOY_CONFIG))
    env = os.environ | {"HOME": str(root)}

    def run(*command: str) -> None:
        subprocess.run(command, cwd=root, env=env, check=False, capture_output=True, timeout=120)

    author = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    run("git", "init", "-q")
    run("git", "add", ".")
    run("git", *author, "commit", "-q", "-m", "toy")
    asv = (sys.executable, "-m", "asv")
    run(*asv, "machine", "--yes", "--machine", "toy")
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git asv uses
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    run(*asv, "run", "--python=same", "--set-commit-hash", commit, "--machine", "toy")
    return root / "results"


def test_reads_what_asv_itself_writes(real: Path) -> None:
    results = read(real)
    assert results.problems == []
    frame = results.frame
    assert len(frame) == 4
    cast = one(frame, remedy="tf_cast", device="cpu")
    assert (cast.metric, cast.n, cast.unit, cast.batch) == ("train_step", 50, "seconds", 128)
    assert cast.value == pytest.approx(0.0255) and cast.ci_low < cast.value < cast.ci_high
    assert (cast.ratio, cast.ratio_n, cast.machine) == (1.0, 60, "toy")
    assert one(frame, remedy="ops_where", device="cpu").failed
    assert not frame[frame["device"] == "gpu"]["failed"].any()
    assert next(iter(results.facts.values())) == {"keras": "3.15.1", "cpu": "AMD EPYC"}


def test_the_factory_writes_asvs_own_columns(real: Path) -> None:
    (path,) = [p for p in real.glob("*/*.json") if p.name != "machine.json"]
    assert json.loads(path.read_text())["result_columns"] == COLUMNS
