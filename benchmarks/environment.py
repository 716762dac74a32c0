"""The facts beside every result, and why sessions failed.

asv stores numbers only, and nothing but null for a failure. It keeps each result's own parameters,
so they carry the text.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.engine.launch import STORE_VARIABLE
from benchmarks.engine.settings import current_setting
from benchmarks.engine.store import Store
from remedies.environment import facts


def changed() -> str:
    """Return whether the checkout differs from its commit: ``yes``, ``no`` or ``unknown``."""
    command = ["git", "status", "--porcelain", "--", "benchmarks", "remedies"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return "yes" if done.stdout else "no"


NO_FAILURE = "none"


def failures() -> list[str]:
    """Return a line for each session of the run that failed, or `NO_FAILURE`."""
    if not (store := os.environ.get(STORE_VARIABLE)):
        return [NO_FAILURE]
    # Without quotes: asv selects by the text of parameters, and device names stand in quotes there.
    told = (f"{name} {reason}" for name, reason in Store(Path(store)).reasons().items())
    return [line[:300].replace("'", "`").replace('"', "`") for line in told] or [NO_FAILURE]


KNOWN = facts() | {"setting": current_setting(), "uncommitted-changes": changed()}


class Facts:
    version = "1"
    param_names = ("fact",)
    params = ([f"{name} {value}" for name, value in KNOWN.items()],)

    def track_recorded(self, fact: str) -> int:
        return 1

    track_recorded.unit = "facts"  # type: ignore[attr-defined]


class Failures:
    version = "1"
    param_names = ("failure",)
    params = (failures(),)

    def track_recorded(self, failure: str) -> int:
        return int(failure != NO_FAILURE)

    track_recorded.unit = "failures"  # type: ignore[attr-defined]
