"""What every benchmark's `setup_cache` does: run the sessions, and hand on what they measured."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.engine.plan import Session, sessions
from benchmarks.engine.pool import TIMEOUT, run
from benchmarks.engine.results import Results
from benchmarks.engine.settings import SETTINGS, current_setting
from benchmarks.engine.store import Outcome, Store

STORE_VARIABLE = "REMEDIES_SESSIONS"
__all__ = ["STORE_VARIABLE", "TIMEOUT", "collect"]


def collect(*kinds: str) -> Results:
    """Measure every session of `kinds` that the current setting asks for.

    Where ``REMEDIES_SESSIONS`` names a folder, a run has measured already: what it finished and
    what failed is read from there, and nothing is started.
    """
    setting = current_setting()
    planned = [s for kind in kinds for s in sessions(kind, SETTINGS[setting])]
    if store := os.environ.get(STORE_VARIABLE):
        return _joined(planned, partial(_found, Store(Path(store))))
    return _joined(planned, dict(run(planned, setting, Path())).__getitem__)


def _found(store: Store, session: Session) -> Outcome:
    return store.finished(session) or store.failed(session) or {}


def _joined(planned: Sequence[Session], outcome_of: Callable[[Session], Outcome]) -> Results:
    results = Results()
    outcomes = {session: outcome_of(session) for session in planned}
    # Beside a launch that ended well, what has no value is n/a and did not fail.
    known = {replace(session, launch=0) for session, o in outcomes.items() if o.get("entries")}
    for session, outcome in outcomes.items():
        if outcome.get("status") == "failed" and replace(session, launch=0) not in known:
            results.failures.append((session.parameters(), f"{session}: {outcome['reason']}"))
        results.add(session.parameters(), outcome.get("entries", ()))
    return results
