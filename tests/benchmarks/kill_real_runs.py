"""Kill real runs of the smoke setting at random points, resume them, and compare; by hand.

``python tests/benchmarks/kill_real_runs.py [KILLS]``, about a minute a kill, in a clone of its own.
Half of the kills come while asv stores what was measured. Ends with a line of figures, and fails
where anything was lost.
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
LOG = ROOT / "trial.log"
COMMAND = [sys.executable, "-m", "benchmarks", "--setting", "smoke"]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
LONGEST_S = 60
STORING = "storing the results with asv"


def finished():
    """Return when each session file in the store was written; every one must be whole."""
    files = list(SESSIONS.glob("*/*.json"))
    assert all(json.loads(file.read_text())["status"] == "done" for file in files)
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in files}


def rounded(samples):
    return {f"{sample:.4e}" for sample in samples or ()}  # as asv stores them


def sampled():
    """Return every sample in the store."""
    stored = (json.loads(file.read_text())["entries"] for file in SESSIONS.glob("*/*.json"))
    found = (entry["measured"] for entries in stored for entry in entries)
    return {s for one in found if isinstance(one, dict) for s in rounded(one["samples"])}


def rows():
    """Yield each benchmark in asv's results, its row as a dictionary."""
    for path in RESULTS.glob("*/*-*.json"):
        data = json.loads(path.read_text())
        for name, row in data["results"].items():
            yield name, dict(zip(data["result_columns"], row, strict=False))


def measured():
    """Return every benchmark and combination that has a number in asv's results."""
    return {
        (name, i)
        for name, row in rows()
        for i, value in enumerate(row["result"] or [])
        if value is not None and value == value
    }


def stored():
    """Return every sample in asv's results."""
    return {s for _, row in rows() for each in row.get("samples") or () for s in rounded(each)}


def whole():
    """Return whether every file in asv's results can be read."""
    return all(json.loads(path.read_text()) for path in RESULTS.rglob("*.json"))


def left():
    listed = subprocess.run(["/bin/ps", "-ww", "-eo", "args"], capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if str(ROOT) in line]


class Run:
    """A run that was started, and what it says."""

    def __init__(self):
        known = os.environ | {"PYTHONPATH": str(ROOT), "ASV_PYTHONPATH": str(ROOT)}
        self._from = LOG.stat().st_size if LOG.exists() else 0
        with LOG.open("a") as log:
            self.process = subprocess.Popen(
                COMMAND, cwd=ROOT, env=known, stdout=log, stderr=log, start_new_session=True
            )

    def stores(self):
        return STORING in LOG.read_bytes()[self._from :].decode()

    def until_it_stores(self):
        while self.process.poll() is None and not self.stores():
            time.sleep(0.02)

    def ended_within(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def main(kills):
    chance, cycles, again, done = random.Random(20), 0, 0, {"measuring": 0, "storing": 0}
    subprocess.run(["git", "clone", "--quiet", Path(__file__).parents[2], ROOT], check=True)  # noqa: S607
    first = Run()
    first.until_it_stores()
    began = time.monotonic()
    assert first.process.wait() == 0
    filing, expected, seen = time.monotonic() - began, measured(), set()

    def complete(run):
        """Let a run come to its end, and compare."""
        assert run is None or run.process.wait() == 0
        assert not finished()
        assert measured() == expected
        assert seen <= stored(), "a sample of a finished session is not in the results"
        print(f"complete after {sum(done.values())} kills, {len(seen)} samples kept", flush=True)
        seen.clear()
        return 1

    while sum(done.values()) < kills:
        before, began, run = finished(), time.monotonic(), Run()
        number, longest = chance.choice(SIGNALS), LONGEST_S
        if chance.random() < 0.5:
            run.until_it_stores()
            longest = filing
        if run.ended_within(chance.uniform(0, longest)):
            cycles += complete(run)
            continue
        run.process.send_signal(number)
        status, took = run.process.wait(), time.monotonic() - began
        phase = "storing" if run.stores() else "measuring"
        done[phase] += 1
        time.sleep(2)
        assert not left(), "a process outlived its run"
        assert whole()
        now = finished()
        seen |= sampled()
        again += sum(before[name] != now[name] for name in before if name in now)
        assert not before.keys() - now.keys() or not now, "a finished session was lost"
        about = f"{number.name} after {took:.1f} s, {phase}: status {status}"
        print(f"kill {sum(done.values())}: {about}, {len(now)} sessions kept", flush=True)
        if phase == "storing":  # without sessions left, the kill came as all was in place
            cycles += complete(Run() if now else None)
    cycles += complete(Run())
    lines = len(re.findall(r"^interrupted; ", LOG.read_text(), re.MULTILINE))
    told = ", ".join(f"{count} while {phase}" for phase, count in done.items())
    print(f"kills: {told}; {cycles} complete results, {again} sessions measured twice, 0 lost,")
    print(f"{lines} lines of what is missing, {len(expected)} results each time")
    return again


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
