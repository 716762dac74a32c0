"""What a failure costs: the session that failed, and nothing else."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks import runner
from benchmarks.session import Folder, Session

FAKE = Path(__file__).with_name("fake_worker.py")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "_WORKER", FAKE)
    return Folder(tmp_path, "mark")


def sessions(*workloads):
    return [Session("recipes", workload) for workload in workloads]


def test_what_is_there_is_not_measured_again(folder):
    heard = []
    assert runner.run(sessions("a"), folder, "smoke", lambda *said: heard.append(said[1])) == {}
    assert heard[0] == "running" and heard[1].startswith("done in ")
    assert runner.run(sessions("a", "b"), folder, "smoke") == {}
    assert (folder.path / "started").read_text().split() == ["recipes-a-cpu", "recipes-b-cpu"]


@pytest.mark.parametrize(
    ("workload", "reason"),
    [
        ("crash", "RuntimeError: it crashed"),
        ("memory", "was killed, as the system does when memory runs out"),
        ("silent", "left nothing that can be read"),
        ("hang", "still running after 8 s, stopped"),
    ],
)
def test_a_session_that_fails_is_named_and_the_others_are_measured(folder, workload, reason):
    failures = runner.run(sessions("a", workload, "b"), folder, "smoke", timeout=8)
    assert {str(session): why for session, why in failures.items()} == {
        f"recipes-{workload}-cpu": reason
    }
    assert list(map(folder.done, sessions("a", workload, "b"))) == [True, False, True]


def test_a_full_disk_ends_the_run(folder):
    with pytest.raises(OSError, match="No space left"):
        runner.run(sessions("a", "full", "b"), folder, "smoke")
    assert folder.done(*sessions("a"))


def test_what_a_session_started_ends_with_it(folder):
    runner.run(sessions("child"), folder, "smoke")
    child = Path("/proc", (folder.path / "child").read_text(), "status")
    assert not child.exists() or "zombie" in child.read_text()


def test_a_second_run_in_the_same_folder_is_refused(folder):
    second = runner.alone(folder.path)
    with runner.alone(folder.path), pytest.raises(runner.InUseError, match=str(os.getpid())):
        second.__enter__()


def test_two_at_once_run_side_by_side(folder):
    assert runner.run(sessions("pair", "pair2"), folder, "smoke", at_once=2, timeout=60) == {}


def test_an_interruption_leaves_no_worker(folder):
    def interrupt(session, outcome):
        if str(session) == "recipes-b-cpu":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(sessions("hang", "b"), folder, "smoke", interrupt, at_once=2)
    words = ["ps", "-Ao", "args", "--width", "1000"]
    running = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "python" in running and str(folder.path) not in running


RUN = f"""
import sys
from pathlib import Path
from benchmarks import runner
from benchmarks.session import Folder, Session
runner._WORKER = Path({str(FAKE)!r})
folder = Folder(Path(sys.argv[1]), "mark")
with runner.alone(folder.path):
    runner.run([Session("recipes", "slow", batch=n) for n in range(1, 11)], folder, "smoke")
"""


def test_a_run_killed_at_any_point_goes_on_where_it_stopped(tmp_path):
    folder = Folder(tmp_path, "mark")
    every = [Session("recipes", "slow", batch=n) for n in range(1, 11)]
    words = {"args": [sys.executable, "-c", RUN, str(tmp_path)], "cwd": FAKE.parents[2]}
    finished = set()
    for kill in range(10):
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(**words, timeout=0.4 + 0.13 * kill)  # then it is killed
        now = set(filter(folder.done, every))
        assert finished <= now
        finished = now
    subprocess.run(**words, check=True)
    assert all(map(folder.entries, every))
    assert not list(tmp_path.glob("*.partial"))
