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

from benchmarks.engine.launch import STORE_VARIABLE, run
from benchmarks.engine.plan import KINDS, SETTING_VARIABLE, SETTINGS, Session, sessions
from remedies.devices import DEVICES, missing
from remedies.environment import facts

ROOT = Path(__file__).parents[1]
EXAMPLES = """\
examples:
  python -m benchmarks                 the quick setting
  python -m benchmarks --setting full  the whole matrix

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
    parser.add_argument("--setting", choices=SETTINGS, default="quick", help="how much to measure")
    setting = parser.parse_args(arguments).setting
    commit = _git("rev-parse", "HEAD")
    store = ROOT / ".asv" / "sessions" / _identity(setting, commit)
    store.mkdir(parents=True, exist_ok=True)
    failures = measure(setting, store)
    for failure in failures:
        print(failure, file=sys.stderr)
    stored = subprocess.run(_asv_run(commit), cwd=ROOT, env=_environment(setting, store))  # noqa: S603
    if failures or stored.returncode:
        print(
            f"not everything was measured; finished sessions are kept in {store}", file=sys.stderr
        )
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
        task = progress.add_task("", total=len(planned))
        for session in planned:
            progress.update(task, description=f"measuring {session}")
            outcome = run(session, setting, store)
            if outcome["status"] != "done":
                failures.append(outcome["reason"])
            progress.advance(task)
            progress.print(f"{session}: {outcome['status']}")
        progress.update(task, description="measured")
    return failures


def _identity(setting: str, commit: str) -> str:
    """Name a store so that only the same code, environment and setting go on from it."""
    code = _git("diff", "HEAD", "--", "benchmarks", "remedies")
    known = json.dumps([setting, commit, code, facts()], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:12]


def _git(*words: str) -> str:
    return subprocess.run(  # noqa: S603 - fixed words
        ["git", *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,  # noqa: S607
    ).stdout.strip()


def _asv_run(commit: str) -> list[str]:
    asv = [sys.executable, "-m", "asv", "run", "--python=same", "--record-samples"]
    return [*asv, f"--set-commit-hash={commit}"]


def _environment(setting: str, store: Path) -> dict[str, str]:
    return os.environ | {SETTING_VARIABLE: setting, STORE_VARIABLE: str(store)}


if __name__ == "__main__":
    sys.exit(main())
