"""The facts beside every result. asv keeps each result's own parameters, so they carry the text."""

from __future__ import annotations

from benchmarks.engine.plan import current_setting
from remedies.environment import facts


class Facts:
    version = "1"
    param_names = ("fact",)
    params = (
        [f"{name} {value}" for name, value in facts().items()] + [f"setting {current_setting()}"],
    )

    def track_recorded(self, fact: str) -> int:
        return 1

    track_recorded.unit = "facts"  # type: ignore[attr-defined]
