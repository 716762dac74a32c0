"""Processes that do not outlive the one that started them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.engine.workers import run_on_leash

# A module that starts a child, and one in a group of its own, as asv does; all have the
# folder's name in their arguments.
PARENT = """
import os, subprocess, sys, time
child = [sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]]
subprocess.Popen(child)
subprocess.Popen(child, preexec_fn=os.setpgrp)
print("started", flush=True)
time.sleep(600)
"""
RUN = """
import sys
from pathlib import Path
from benchmarks.engine.workers import run_on_leash
run_on_leash("parent", sys.argv[1], log=Path(sys.argv[1], "log"), known={})
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))

    def make(text):
        Path(tmp_path, "parent.py").write_text(text)

    return make


def running(folder):
    listed = subprocess.run(["/bin/ps", "-ww", "-eo", "stat,args"], capture_output=True, text=True)
    assert listed.returncode == 0
    lines = (line for line in listed.stdout.splitlines() if not line.startswith("Z"))
    return [line for line in lines if str(folder) in line]


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [2, 9, 15])
def test_a_module_on_a_leash_and_its_children_end_with_who_runs_it(tmp_path, module, number):
    module(PARENT)
    log = tmp_path / "log"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], stderr=subprocess.DEVNULL
    )
    wait_until(lambda: log.exists() and log.read_text() == "started\n")
    assert len(running(tmp_path)) == 4
    process.send_signal(number)
    process.wait(60)
    wait_until(lambda: not running(tmp_path))


def test_a_module_gets_its_words_and_variables_and_returns_its_status(tmp_path, module):
    module("import os, sys; print(sys.argv[1:], os.environ['X']); sys.exit(7)")
    assert run_on_leash("parent", "a", "b", log=tmp_path / "log", known={"X": "y"}) == 7
    assert (tmp_path / "log").read_text() == "['a', 'b'] y\n"
