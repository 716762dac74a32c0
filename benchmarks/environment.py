"""The facts beside every result. asv keeps each result's own parameters, so they carry the text."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.engine.plan import current_setting
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


KNOWN = facts() | {"setting": current_setting(), "uncommitted-changes": changed()}


class Facts:
    version = "1"
    param_names = ("fact",)
    params = ([f"{name} {value}" for name, value in KNOWN.items()],)

    def track_recorded(self, fact: str) -> int:
        return 1

    track_recorded.unit = "facts"  # type: ignore[attr-defined]
