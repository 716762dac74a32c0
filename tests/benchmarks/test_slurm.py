"""The SLURM script, with a stand-in for srun that says what it was asked to run."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "slurm.sh"


@pytest.fixture
def submit(tmp_path):
    (tmp_path / "srun").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "srun").chmod(0o755)

    def run(task, count, lowest=1, highest=None, **more):
        known = {
            "SLURM_ARRAY_TASK_ID": task,
            "SLURM_ARRAY_TASK_COUNT": count,
            "SLURM_ARRAY_TASK_MIN": lowest,
            "SLURM_ARRAY_TASK_MAX": highest or count,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
        }
        env = {name: str(value) for name, value in (known | more).items()}
        return subprocess.run(["/bin/bash", SCRIPT], env=env, capture_output=True, text=True)

    return run


def test_a_task_measures_its_shard(submit):
    assert submit(2, 3).stdout.endswith("--setting full --machine slurm --shard 2/3\n")


@pytest.mark.parametrize(("task", "count", "lowest", "highest"), [(3, 1, 3, 3), (3, 2, 3, 5)])
def test_part_of_an_array_is_not_split_anew(submit, task, count, lowest, highest):
    refused = submit(task, count, lowest, highest)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "SHARDS=N" in refused.stderr
    assert submit(task, count, lowest, highest, SHARDS=6).stdout.endswith("--shard 3/6\n")


def test_outside_of_slurm_it_says_how_it_is_used():
    done = subprocess.run(["/bin/bash", SCRIPT], capture_output=True, text=True)
    assert (done.returncode, "sbatch --array=1-6" in done.stdout) == (2, True)
