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
    words = ["/bin/sh", "-c", "cat requirements/cpu.txt pyproject.toml | cksum"]
    sums = subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout
    version = ".".join(map(str, sys.version_info[:3]))
    (tmp_path / "venv" / "made-from").write_text(f"Python {version} {sums.strip()}")
    path = f"{tmp_path}:{os.environ['PATH']}"

    def run(**more):
        known = os.environ | {"VENV": str(tmp_path / "venv"), "PATH": path} | more
        return subprocess.run(
            ["/bin/bash", ROOT / "scripts" / "environment", "--cpu"],
            env=known,
            capture_output=True,
            text=True,
        )

    return run


def test_what_is_there_stays_whatever_python_was_asked_for_when_it_was_made(environment):
    done = environment(PYTHON="")
    assert (done.returncode, done.stderr) == (0, "")


def test_another_python_that_is_named_makes_it_anew(environment):
    assert environment(PYTHON="python3.12").returncode == 9
