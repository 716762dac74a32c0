"""Measure this machine, with progress, and let asv store it: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.axes import WORKLOAD
from benchmarks.engine.launch import STORE_VARIABLE
from benchmarks.engine.plan import KINDS, SETTING_VARIABLE, SETTINGS, sessions
from benchmarks.engine.pool import run
from remedies.devices import DEVICES, missing
from remedies.environment import facts

ROOT = Path(__file__).parents[1]
EXAMPLES = """\
examples:
  python -m benchmarks                  all workloads, in about ten minutes
  python -m benchmarks --setting quick  the article's workload, in about five
  python -m benchmarks --setting full   the whole matrix, for hours

An interrupted run keeps every finished session; the same command goes on from there.
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure every session of a setting, then store all of it through `asv run`.

    Returns
    -------
    int
        0, or 2 where a session failed or asv could not store what was measured.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--setting", choices=SETTINGS, default="default", help="how much to measure"
    )
    setting = parser.parse_args(arguments).setting
    store = ROOT / ".asv" / "sessions" / _identity(setting)
    store.mkdir(parents=True, exist_ok=True)
    failures = measure(setting, store)
    for failure in failures:
        print(failure, file=sys.stderr)
    if _store_in_asv(setting, store) or failures:
        log = ROOT / ".asv" / "run.log"
        print(f"not all was measured; see {log}; what was is kept for a next run", file=sys.stderr)
        return 2
    shutil.rmtree(store)
    return 0


def measure(setting: str, store: Path) -> list[str]:
    """Run the sessions of `setting` that `store` lacks, and return why each failed one did."""
    planned = [
        session
        for kind in KINDS
        for session in sessions(kind, SETTINGS[setting])
        if not missing(session.device)
    ]
    for device in DEVICES:
        if reason := missing(device):
            print(f"{device}: not measured, {reason}")
    failures = []
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("preparing the first sessions", total=len(planned))
        for session, outcome in run(planned, setting, store):
            if outcome["status"] != "done":
                failures.append(outcome["reason"])
            progress.advance(task)
            progress.update(task, description=f"{session}: {outcome['status']}")
        progress.update(task, description="measured")
    return failures


def _identity(setting: str) -> str:
    """Name a store so that only the same code, environment and setting go on from it."""
    code = _git("rev-parse", "HEAD") + _git("diff", "HEAD", "--", "benchmarks", "remedies")
    known = json.dumps([setting, code, facts()], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:12]


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


def _store_in_asv(setting: str, store: Path) -> int:
    """Let `asv run` look up every result, and return its exit status."""
    asv = [sys.executable, "-m", "asv"]
    if not Path("~/.asv-machine.json").expanduser().exists():
        subprocess.run([*asv, "machine", "--yes"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    command = [*asv, "run", "--python=same", "--record-samples"]
    command.append(f"--set-commit-hash={_git('rev-parse', 'HEAD')}")
    # A process for each combination that is not measured would take minutes.
    left_out = {device for device in DEVICES if missing(device)}
    left_out |= set(WORKLOAD) - set(SETTINGS[setting].workloads)
    if left_out:
        command.append(f"--bench=^(?!.*'({'|'.join(sorted(left_out))})')")
    known = os.environ | {SETTING_VARIABLE: setting, STORE_VARIABLE: str(store)}
    log = ROOT / ".asv" / "run.log"
    print(f"storing the results with asv; its tables go to {log}")
    with log.open("w", encoding="utf-8") as out:
        return subprocess.run(command, cwd=ROOT, env=known, stdout=out, stderr=out).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
