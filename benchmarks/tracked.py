"""The one way in which every benchmark here hands a session's numbers to asv."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.engine.results import Measured


def tracked(metric: str, unit: str) -> Callable[..., Measured]:
    """Return a benchmark method that looks `metric` up in the class's `setup_cache`.

    Parameters
    ----------
    metric : str
        As the sessions name it.
    unit : str
        Shown by asv; seconds are also shown as a time.
    """

    def track(self: Any, results: Any, *values: object) -> Measured:
        measured: Measured = results.get(metric, self.param_names, values)
        return measured

    track.unit = unit  # type: ignore[attr-defined]
    track.type = "time" if unit == "seconds" else "track"  # type: ignore[attr-defined]
    return track
