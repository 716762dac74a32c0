"""scripts/environment, in an environment that is there already."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Another version of Python, which says so when it is asked to make an environment.
OTHER = """#!/bin/sh
case "$1" in --version) echo "Python 3.12.99" ;; -m) exit 9 ;; esac
"""


@pytest.fixture
def environment(tmp_path):
    """Run the script where its environment was made by this Python, and `python3.12` is another."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    (tmp_path / "python3.12").write_text(OTHER)
    (tmp_path / "python3.12").chmod(0o755)
    version = ".".join(map(str, sys.version_info[:3]))
    path = f"{tmp_path}:{os.environ['PATH']}"

    def run(made_for, *words, **more):
        sums = ["/bin/sh", "-c", f"cat requirements/{made_for}.txt pyproject.toml | cksum"]
        sums = subprocess.run(sums, cwd=ROOT, capture_output=True, text=True).stdout.strip()
        (tmp_path / "venv" / "made-from").write_text(f"Python {version} {sums}")
        known = os.environ | {"VENV": str(tmp_path / "venv"), "PATH": path, "PYTHON": ""} | more
        words = ["/bin/bash", ROOT / "scripts" / "environment", *words]
        return subprocess.run(words, env=known, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("words", [("cpu", "--cpu"), ("gpu", "--gpu"), ("gpu",)])
def test_what_is_there_stays_whichever_python_and_machine_it_was_made_for(environment, words):
    done = environment(*words)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_compiles_for_absent_gpus_is_added_once_and_may_be_missing(environment, tmp_path):
    done = environment("cpu", "--gpuless", "--cpu")  # this environment has no pip
    assert done.returncode == 0 and "it could not be added" in done.stderr
    lock = (ROOT / "requirements" / "gpuless.txt").read_text()
    (tmp_path / "venv" / "gpuless").write_text(lock)
    assert environment("cpu", "--gpuless", "--cpu").stderr == ""


def test_another_python_that_is_named_makes_it_anew(environment):
    assert environment("cpu", "--cpu", PYTHON="python3.12").returncode == 9
