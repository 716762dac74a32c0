"""What sessions measured, as asv takes it: looked up by metric, cell and variant."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from benchmarks.measurement import Measurement, current_setting
from benchmarks.session import Entry, Session
from remedies.metrics import AXES, METRICS, Kind, Metric

VARIANT = ("kernel", "remedy", "mask_dtype")
TIMEOUT = 7200  # of a whole setting
PARAMETERS = ("cell", "variant")
Suite = TypeVar("Suite", bound=type)
# What two programs, or two Pythons, that are equal cost against each other: exactly this.
_EXACT = {
    "step_ratio": ("program_differs", 1.0),
    "python_extra_seconds": ("python_calls_differ", 0.0),
}
Values = dict[tuple[str, str, str], list[float]]


def collect(*kinds: str) -> tuple[Values, list[str]]:
    """Run the sessions of `kinds` that are missing, and return all values and why some failed."""
    measurement = Measurement(current_setting(), kinds=kinds)
    failures = measurement.run(lambda session, outcome: None)
    values: Values = defaultdict(list)
    for session in measurement.planned():
        for entry in measurement.folder.entries(session):
            values[key(session, entry)].append(entry.value)
    return dict(values), [f"{session}: {reason}" for session, reason in failures.items()]


def key(session: Session, entry: Entry) -> tuple[str, str, str]:
    """Return metric, cell and variant of an entry, as asv's parameters spell them."""
    axes = {**session.axes, **entry.axes}
    axes = {name: axes[name] for name in METRICS[entry.metric].axes if name in axes}
    return entry.metric, _spelled(axes, cell=True), _spelled(axes, cell=False)


def _spelled(axes: Mapping[str, Any], cell: bool) -> str:
    names = [name for name in AXES if name in axes and (name not in VARIANT) == cell]
    return " ".join(f"batch{axes[n]}" if n == "batch" else str(axes[n]) for n in names) or "all"


def tracked(metrics: Mapping[str, Metric]) -> Callable[[Suite], Suite]:
    """Return a class decorator that adds a ``track_`` method for each metric that asv keeps.

    A class without cells, because the setting measures none, stays without methods.
    """

    def add(suite: Suite) -> Suite:
        cells, _ = suite.params  # type: ignore[attr-defined]
        for metric in metrics.values():
            if metric.history and cells:
                setattr(suite, f"track_{metric.name}", _method(metric))
        suite.param_names = PARAMETERS  # type: ignore[attr-defined]
        suite.version = "2"  # type: ignore[attr-defined]
        return suite

    return add


def _method(metric: Metric) -> Callable[..., Any]:
    def track(self: object, measured: tuple[Values, list[str]], cell: str, variant: str) -> Any:
        return value(metric, *measured, cell, variant)

    track.unit = metric.unit  # type: ignore[attr-defined]
    track.type = "time" if metric.unit == "seconds" else "track"  # type: ignore[attr-defined]
    track.pretty_name = metric.label  # type: ignore[attr-defined]
    return track


def value(metric: Metric, values: Values, failures: list[str], cell: str, variant: str) -> Any:
    """Return what asv stores: a number, or one sample a launch; NaN where there is nothing.

    Raises
    ------
    RuntimeError
        Where sessions failed that might have measured it; asv then shows ``failed``.
    """
    measured = values.get((metric.name, cell, variant))
    if measured is None and metric.name in _EXACT:
        differs, exactly = _EXACT[metric.name]
        if values.get((differs, cell, variant)) == [0]:
            return exactly
    if measured is None:
        if failures:
            raise RuntimeError("; ".join(failures))
        return math.nan
    if metric.kind in (Kind.TIME, Kind.RATIO, Kind.SPEED):
        return {"samples": measured, "number": 1}
    return measured[-1]
