"""Sessions: kept when finished, tried again when not, quiet while one of them measures."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.engine import plan, pool
from benchmarks.engine.plan import Session

WORKER = Path(__file__).with_name("workers") / "obedient.py"


@pytest.fixture
def start(monkeypatch, tmp_path):
    monkeypatch.setattr(pool, "_WORKER", WORKER)

    def run(*workloads, **options):
        sessions = [Session("steps", name, "cpu", launch=i) for i, name in enumerate(workloads)]
        found = dict(pool.run(sessions, "quick", tmp_path, **options))
        return [found[session] for session in sessions]

    return run


def journal(folder):
    return (folder / "journal").read_text().splitlines()


def test_a_finished_session_is_not_measured_again(start, tmp_path):
    assert start("plain") == start("plain") == [{"status": "done", "entries": [1]}]
    assert journal(tmp_path) == ["prepare 0"]


@pytest.mark.parametrize(
    ("workload", "reason"),
    [
        ("crash", "MemoryError: 3 GiB"),
        ("killed", "was killed, as the system does when memory runs out"),
        ("killed while it waits", "was killed, as the system does when memory runs out"),
        ("segfault", "was ended by the signal SIGSEGV"),
        ("silent", "ended with status 7 and no word"),
        ("garbage", "wrote nothing that can be read"),
    ],
)
def test_a_failed_session_names_its_reason_costs_no_other_and_is_tried_again(
    start, tmp_path, workload, reason
):
    failed, done = start(workload, "plain")
    assert failed["status"] == "failed"
    assert failed["reason"] == reason
    assert done["status"] == "done"
    start(workload)
    assert journal(tmp_path).count("prepare 0") == 2


def test_a_session_that_hangs_is_stopped_and_named(start):
    hung, done = start("hang", "plain", timeout=1)
    assert hung["reason"] == "still running after 1 s, stopped"
    assert done["status"] == "done"


def test_a_device_that_turns_out_missing_is_unavailable_and_asked_again(start, tmp_path):
    assert start("unavailable") == start("unavailable")
    assert journal(tmp_path) == ["prepare 0", "prepare 0"]


def test_no_process_is_started_for_a_gpu_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(plan, "missing", lambda device: f"no {device}")
    session = Session("steps", "image", "gpu")
    found = dict(pool.run([session], "quick", tmp_path))
    assert found == {session: {"status": "unavailable", "reason": "no gpu"}}
    assert list(tmp_path.iterdir()) == []


def test_while_one_session_measures_no_other_prepares_or_measures(start, tmp_path):
    assert all(outcome["status"] == "done" for outcome in start(*["measure"] * 12))
    told = journal(tmp_path)
    begun = [i for i, line in enumerate(told) if line.startswith("begin")]
    assert len(begun) == 12
    for i in begun:
        assert told[i + 1] == told[i].replace("begin", "end"), told


def test_sessions_prepare_side_by_side_but_not_more_than_there_is_room_for():
    turns = pool.Turns(2)
    turns.start()
    turns.start()
    third = threading.Thread(target=turns.start)
    third.start()
    third.join(0.05)
    assert third.is_alive(), "there was room for two"
    turns.end()
    third.join(10)
    assert not third.is_alive()


def test_nobody_new_prepares_before_all_that_ask_have_had_their_turn():
    turns, order = pool.Turns(2), []

    def asks(name):
        turns.start()
        barrier.wait()
        turns.take()
        order.append(name)
        turns.end()

    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=asks, args=("asks",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    barrier_passed = threading.Thread(target=lambda: (turns.start(), order.append("new")))
    for thread in threads:
        thread.join(10)
    barrier_passed.start()
    barrier_passed.join(10)
    assert order == ["asks", "asks", "new"]


def test_an_interrupted_run_keeps_what_had_finished_and_leaves_no_process(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from benchmarks.engine import pool\nfrom benchmarks.engine.plan import Session\n"
        f"pool._WORKER = Path({str(WORKER)!r})\n"
        "planned = [Session('steps', name, 'cpu') for name in ('plain', 'hang')]\n"
        f"for session, _ in pool.run(planned, 'quick', Path({str(tmp_path)!r})):\n"
        "    print(session, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "steps-plain-cpu\n"
    process.send_signal(2)
    process.communicate(timeout=30)
    assert (tmp_path / "steps-plain-cpu.json").exists()
    running = subprocess.run(["/bin/ps", "-ww", "-eo", "args"], capture_output=True, text=True)
    assert running.returncode == 0
    assert str(tmp_path) not in running.stdout, "a worker outlived its run"


def test_a_worker_ends_when_nobody_listens_any_more(tmp_path):
    worker = Path(pool.__file__).with_name("worker.py")
    code = f"import sys; sys.path.insert(0, {str(worker.parents[2])!r})\n" + (
        "import time\nfrom benchmarks.engine.worker import _turn\n_turn()\ntime.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=os.environ)
    process.stdin.close()
    assert process.wait(30) == 3
