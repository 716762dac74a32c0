"""Kill real runs of the smoke setting at random points, resume them, and compare; by hand.

``python tests/benchmarks/kill_real_runs.py [KILLS]``, about a minute a kill, in a clone of its own.
Ends with a line of figures, and fails where anything was lost.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(tempfile.mkdtemp(prefix="kill-real-runs-"))
RESULTS, SESSIONS = ROOT / ".asv" / "results", ROOT / ".asv" / "sessions"
COMMAND = [sys.executable, "-m", "benchmarks", "--setting", "smoke"]
LONGEST_S = 60


def finished():
    """Return when each session file in the store was written; every one must be whole."""
    files = list(SESSIONS.glob("*/*.json"))
    assert all(json.loads(file.read_text())["status"] == "done" for file in files)
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in files}


def measured():
    """Return every benchmark and combination that has a number in asv's results."""
    found = set()
    for path in RESULTS.glob("*/*-*.json"):
        data = json.loads(path.read_text())
        for name, row in data["results"].items():
            values = dict(zip(data["result_columns"], row, strict=False))["result"] or []
            found |= {
                (name, i) for i, value in enumerate(values) if value is not None and value == value
            }
    return found


def whole():
    """Return whether every file in asv's results can be read."""
    return all(json.loads(path.read_text()) for path in RESULTS.rglob("*.json"))


def left():
    listed = subprocess.run(["/bin/ps", "-ww", "-eo", "args"], capture_output=True, text=True)
    return [
        line
        for line in listed.stdout.splitlines()
        if "worker.py smoke" in line and str(ROOT) in line
    ]


def run(log):
    known = os.environ | {"PYTHONPATH": str(ROOT), "ASV_PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        COMMAND, cwd=ROOT, env=known, stdout=log, stderr=log, start_new_session=True
    )


def main(kills):
    chance, done, cycles, again = random.Random(20), 0, 0, 0
    source = Path(__file__).parents[2]
    subprocess.run(["git", "clone", "--quiet", source, ROOT], check=True)  # noqa: S607
    with Path(ROOT, "trial.log").open("w+") as log:
        assert run(log).wait() == 0
        expected = measured()
        while done < kills:
            before = finished()
            process = run(log)
            number = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            try:
                process.wait(chance.uniform(0.5, LONGEST_S))
            except subprocess.TimeoutExpired:
                process.send_signal(number)
                process.wait()
                done += 1
            else:
                assert process.returncode == 0
                cycles += 1
                assert not finished()
                assert measured() == expected
                print(f"complete after {done} kills", flush=True)
                continue
            time.sleep(2)
            assert not left(), "a worker outlived its run"
            assert whole()
            now = finished()
            again += sum(before[name] != now[name] for name in before if name in now)
            assert not before.keys() - now.keys() or not now, "a finished session was lost"
            print(f"kill {done}: {number.name}, {len(now)} sessions kept", flush=True)
        while run(log).wait():
            pass
        assert measured() == expected
        cycles += 1
        log.seek(0)
        lines = len(re.findall(r"^interrupted; ", log.read(), re.MULTILINE))
    print(f"{done} kills, {cycles} complete results, {again} sessions measured twice, 0 lost,")
    print(f"{lines} lines of what is missing, {len(expected)} results each time")
    return again


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
