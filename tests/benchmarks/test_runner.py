"""What a failure costs: the session that failed, and nothing else."""

import os
import signal
import subprocess
import sys
import time
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


def started(folder):
    return (folder.path / "started").read_text().split()


def test_what_is_there_is_not_measured_again(folder):
    assert runner.run(sessions("a", "b"), folder, "smoke") == {}
    assert runner.run(sessions("a", "b", "c"), folder, "smoke") == {}
    assert started(folder) == ["recipes-a-cpu", "recipes-b-cpu", "recipes-c-cpu"]


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
    assert all(folder.done(session) for session in sessions("a", "b"))


def test_a_full_disk_ends_the_run(folder):
    with pytest.raises(OSError, match="No space left"):
        runner.run(sessions("a", "full", "b"), folder, "smoke")
    assert folder.done(*sessions("a"))


def test_what_a_session_started_ends_with_it(folder):
    runner.run(sessions("child"), folder, "smoke")
    child = int((folder.path / "child").read_text())
    assert not running(child)


def running(pid):
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "zombie" not in status.read_text()


def test_a_second_run_in_the_same_folder_is_refused(folder):
    second = runner.alone(folder.path)
    with runner.alone(folder.path), pytest.raises(runner.InUseError, match=str(os.getpid())):
        second.__enter__()


def test_progress_names_each_session_before_and_after(folder):
    heard = []
    runner.run(sessions("a"), folder, "smoke", lambda session, outcome: heard.append(outcome))
    assert heard == ["running", "done"]


def test_two_at_once_run_side_by_side(folder):
    assert runner.run(sessions("pair", "pair2"), folder, "smoke", at_once=2, timeout=60) == {}


def test_an_interruption_leaves_no_worker(folder):
    def interrupt(session, outcome):
        if str(session) == "recipes-b-cpu":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(sessions("hang", "b"), folder, "smoke", interrupt, at_once=2)
    assert not any("fake_worker" in text and str(folder.path) in text for text in commands())


def commands():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text()


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
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    finished = []
    for kill in range(10):
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        time.sleep(0.4 + 0.13 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = [session for session in every if folder.done(session)]
        assert set(finished) <= set(now)
        finished = now
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True)
    assert all(map(folder.done, every))
    for session in finished:  # measured once: never started again after it was finished
        assert folder.entries(session)
    assert not list(tmp_path.glob("*.partial"))
