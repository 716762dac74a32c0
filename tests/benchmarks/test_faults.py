"""Runs that are killed, starved and crashed: nothing finished is lost or measured again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks.engine import pool
from benchmarks.engine.plan import Session
from benchmarks.engine.store import Store

WORKER = Path(__file__).with_name("workers") / "obedient.py"
SESSIONS = [Session("steps", "measure", "cpu", launch=i) for i in range(24)]
# The command as it is, but for fake workers and nothing for asv to store.
RUN = f"""
import sys
from pathlib import Path
import benchmarks.__main__ as command
from benchmarks.engine import pool
from benchmarks.engine.plan import Session
pool._WORKER = Path({str(WORKER)!r})
command.ROOT = Path(sys.argv[1])
command.identity = lambda *_: "store"
names = sys.argv[2].split(",")
planned = [Session("steps", name, "cpu", launch=i) for i, name in enumerate(names)]
command._planned = lambda *_: planned
def stored(filing, store):
    (command.ROOT / "stored").write_text("\\n".join(sorted(p.stem for p in store.glob("*.json"))))
    return 0
command.file_away = stored
sys.exit(command.main(["--setting", "quick"]))
"""


def start(root, *names):
    words = [sys.executable, "-c", RUN, str(root), ",".join(names)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def store(root):
    return Store(root / ".asv" / "sessions" / "store")


def workers_of(root):
    listed = subprocess.run(["/bin/ps", "-ww", "-eo", "stat,args"], capture_output=True, text=True)
    assert listed.returncode == 0
    lines = (line for line in listed.stdout.splitlines() if not line.startswith("Z"))
    return [line for line in lines if str(store(root).folder) in line]


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.01)


def journal(root):
    file = store(root).folder / "journal"
    return file.read_text().splitlines() if file.exists() else []


def kept(root):
    """Return when each finished session was written, and how often it was begun."""
    files, told = {s: store(root).file(s) for s in SESSIONS}, journal(root)
    return {
        session: (file.stat().st_mtime_ns, told.count(f"prepare {session.launch}"))
        for session, file in files.items()
        if file.exists()
    }


def killed_at_random(root, chance):
    """Start a run, end it after a random number of its workers' steps, and return what it said."""
    steps = len(journal(root)) + chance.randint(0, 8)
    process = start(root, *["measure"] * len(SESSIONS))
    wait_until(lambda: len(journal(root)) >= steps, 60)
    time.sleep(chance.uniform(0, 0.1))
    process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
    return process.communicate(timeout=60)[1], process.returncode


def test_twenty_kills_at_random_points_lose_nothing_and_measure_nothing_twice(tmp_path):
    chance, before = random.Random(7), {}
    for _ in range(20):
        said, status = killed_at_random(tmp_path, chance)
        assert status != 0
        wait_until(lambda: not workers_of(tmp_path))
        now = kept(tmp_path)
        assert now.items() >= before.items(), "a finished session was lost or measured again"
        assert all(store(tmp_path).finished(session) for session in now)
        if status == command.INTERRUPTED:
            assert f"{len(now)} of 24 sessions are finished and kept" in said
            assert said.count("\n") == 1
        before = now
    process = start(tmp_path, *["measure"] * len(SESSIONS))
    said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert (tmp_path / "stored").read_text().splitlines() == sorted(map(str, SESSIONS))
    assert not store(tmp_path).folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stopped_run_says_in_one_line_what_is_missing(tmp_path, number):
    process = start(tmp_path, "plain", "hang")
    wait_until(lambda: store(tmp_path).finished(Session("steps", "plain", "cpu")))
    wait_until(lambda: workers_of(tmp_path))
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said == (
        "interrupted; 1 of 2 sessions are finished and kept; the same command measures what is "
        "missing: steps-hang-cpu-launch1\n"
    )
    assert not workers_of(tmp_path)


def test_no_worker_outlives_a_killed_run_nor_does_what_a_worker_started(tmp_path):
    process = start(tmp_path, "parent")
    wait_until(lambda: len(workers_of(tmp_path)) == 2)
    process.kill()
    process.communicate()
    wait_until(lambda: not workers_of(tmp_path))


def test_a_full_disk_ends_the_run_with_one_line_and_keeps_what_is_finished(tmp_path):
    process = start(tmp_path, "plain", "full")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert said.startswith("stopped: [Errno 28] No space left on device: ")
    assert said.count("\n") == 1 and "missing: " in said and "steps-full-cpu-launch1" in said


def test_failed_sessions_cost_themselves_and_what_they_say_is_passed_on(tmp_path):
    process = start(tmp_path, "crash", "plain", "killed")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "steps-crash-cpu: MemoryError: 3 GiB (all it said is in " in said
    assert "steps-killed-cpu-launch2: was killed, as the system does when memory runs out" in said
    assert "1 of 3 sessions are finished and kept" in said
    assert (tmp_path / "stored").read_text() == "steps-plain-cpu-launch1"


def test_two_runs_at_once_the_second_says_who_runs_and_leaves(tmp_path):
    first = start(tmp_path, "plain", "hang")
    wait_until(lambda: workers_of(tmp_path))
    second = start(tmp_path, "plain", "hang")
    said = second.communicate(timeout=60)[1]
    assert second.returncode == 2
    assert said.count("\n") == 1 and f"process {first.pid} on " in said
    assert first.poll() is None
    first.terminate()
    assert first.wait(60) == 130
    for pipe in (first.stdout, first.stderr):
        pipe.close()


def test_a_worker_cannot_start_once_its_run_has_ended(tmp_path):
    workers = pool.Workers()
    workers.close()
    with pytest.raises(InterruptedError):
        workers.start([sys.executable, "-c", "pass"], tmp_path / "log")


def test_a_worker_leads_a_group_so_that_a_terminal_does_not_reach_it(tmp_path):
    workers = pool.Workers()
    process = workers.start([sys.executable, "-c", "input()"], tmp_path / "log")
    assert os.getpgid(process.pid) == process.pid
    workers.close()
    with process:
        assert process.wait(30) == -signal.SIGKILL
