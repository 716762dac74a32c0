"""What every benchmark's `setup_cache` does: run the sessions, and hand on what they measured."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.engine.plan import SETTINGS, current_setting, sessions
from benchmarks.engine.pool import TIMEOUT, run
from benchmarks.engine.results import Results

STORE_VARIABLE = "REMEDIES_SESSIONS"
__all__ = ["STORE_VARIABLE", "TIMEOUT", "collect"]


def collect(*kinds: str) -> Results:
    """Measure every session of `kinds` that the current setting asks for, or read it if finished.

    Finished sessions are kept in the folder that ``REMEDIES_SESSIONS`` names, else in asv's own,
    which lasts as long as the run.
    """
    store = Path(os.environ.get(STORE_VARIABLE, "."))
    setting = current_setting()
    planned = [s for kind in kinds for s in sessions(kind, SETTINGS[setting])]
    outcomes = dict(run(planned, setting, store))
    results = Results()
    for session in planned:
        outcome = outcomes[session]
        if outcome["status"] == "failed":
            results.failures.append((session.parameters(), outcome["reason"]))
        results.add(session.parameters(), outcome.get("entries", ()))
    return results
