"""Run each session in a process of its own, and keep what it measured in a file of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.engine.plan import SETTINGS, Session, current_setting, sessions
from benchmarks.engine.results import Results
from remedies.devices import missing

STORE_VARIABLE = "REMEDIES_SESSIONS"
TIMEOUT = 1800
_WORKER = Path(__file__).with_name("worker.py")


def collect(kind: str) -> Results:
    """Measure every session of `kind` that the current setting asks for, or read it if finished.

    This is every benchmark's `setup_cache`. Finished sessions are kept in the folder that
    ``REMEDIES_SESSIONS`` names, else in asv's own, which lasts as long as the run.
    """
    store = Path(os.environ.get(STORE_VARIABLE, "."))
    setting = current_setting()
    results = Results()
    for session in sessions(kind, SETTINGS[setting]):
        outcome = run(session, setting, store)
        if outcome["status"] == "failed":
            results.failures.append((session.parameters(), outcome["reason"]))
        results.add(session.parameters(), outcome.get("entries", ()))
    return results


def run(session: Session, setting: str, store: Path) -> dict[str, Any]:
    """Return what `session` measured; start it only where `store` does not hold it yet.

    Returns
    -------
    dict
        ``status`` is ``"done"`` (with ``entries``), ``"unavailable"`` or ``"failed"`` (each with a
        ``reason``). Only ``"done"`` is kept, so the others are tried again next time.
    """
    if reason := missing(session.device):
        return {"status": "unavailable", "reason": reason}
    file = store / f"{session}.json"
    if not file.exists():
        failure = _start(session, setting, file)
        if failure:
            return {"status": "failed", "reason": f"session {session}: {failure}"}
    outcome: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if outcome["status"] != "done":
        file.unlink()
    return outcome


def _start(session: Session, setting: str, file: Path) -> str:
    command = [sys.executable, str(_WORKER), setting, json.dumps(asdict(session)), str(file)]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(  # noqa: S603 - our own worker, with our own arguments
            command, env=os.environ | quiet, capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"still running after {TIMEOUT} s, stopped"
    if done.returncode == 0:
        return ""
    sys.stderr.write(done.stderr)
    last = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
    return last[-1]
