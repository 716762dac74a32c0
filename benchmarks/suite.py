"""The asv benchmarks: each looks its values up in session files, which `setup_cache` completes.

The methods are made from `remedies.metrics`: ``track_weights_lost`` and so on. A parameter
``cell`` is what was measured where, such as ``image batch32 cpu xla train``; ``variant`` is the
remedy and the dtype of the masks that it is fed. Only combinations that the setting measures here
are parameters.
"""

import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any

from benchmarks.kernels import KERNELS
from benchmarks.measurement import Measurement
from benchmarks.session import Entry, Session
from benchmarks.settings import LARGE, batches, devices, setting
from remedies import REMEDIES, metrics
from remedies.metrics import AXES, METRICS, Kind, Metric
from remedies.scenarios import CORE
from remedies.steps.same_step import STEPS

TIMEOUT = 7200  # seconds, of a whole setting
_SETTING_NAME = os.environ.get("REMEDIES_SETTING", "default")
_VARIANT = ("kernel", "remedy", "mask_dtype")
# What two programs, or two Pythons, that are equal cost against each other: exactly this.
_EXACT = {
    "step_ratio": ("program_differs", 1.0),
    "python_extra_seconds": ("python_calls_differ", 0.0),
}
Values = dict[tuple[str, str, str], list[float]]


def collect(*kinds: str) -> tuple[Values, list[str]]:
    """Run the sessions of `kinds` that are missing, and return all values and why some failed."""
    measurement = Measurement(_SETTING_NAME, kinds=kinds)
    failures = measurement.run(lambda session, outcome: None)
    values: Values = defaultdict(list)
    for session in measurement.planned():
        for entry in measurement.folder.entries(session):
            values[key(session, entry)].append(entry.value)
    return dict(values), [f"{session}: {reason}" for session, reason in failures.items()]


def key(session: Session, entry: Entry) -> tuple[str, str, str]:
    """Return metric, cell and variant of an entry, as asv's parameters spell them."""
    axes = {**session.axes, **entry.axes}
    words: dict[bool, list[str]] = {False: [], True: []}
    for name in AXES:
        if name in axes and name in METRICS[entry.metric].axes:
            words[name in _VARIANT].append(f"{'batch' * (name == 'batch')}{axes[name]}")
    return entry.metric, " ".join(words[False]), " ".join(words[True])


def value(metric: Metric, values: Values, failures: list[str], cell: str, variant: str) -> Any:
    """Return what asv stores: a number, or one sample a launch; NaN where there is nothing.

    Raises `RuntimeError` where sessions failed that might have measured it: asv shows ``failed``.
    """
    measured = values.get((metric.name, cell, variant))
    if measured is None:
        differs, exactly = _EXACT.get(metric.name, ("", 0.0))
        if values.get((differs, cell, variant)) == [0]:
            return exactly
        if failures:
            raise RuntimeError("; ".join(failures))
        return math.nan
    if metric.kind in (Kind.TIME, Kind.RATIO, Kind.SPEED):
        return {"samples": measured, "number": 1}
    return measured[-1]


class Suite:
    """Has a ``track_`` method for each metric that asv keeps, where the setting has cells."""

    params: tuple[list[str], list[str]]
    param_names = ("cell", "variant")
    version = "2"

    def __init_subclass__(cls, metrics: Mapping[str, Metric]) -> None:
        cells, _ = cls.params
        for metric in metrics.values():
            if metric.history and cells:
                setattr(cls, f"track_{metric.name}", _method(metric))
        cls.setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


def _method(metric: Metric) -> Callable[..., Any]:
    def track(self: object, measured: tuple[Values, list[str]], cell: str, variant: str) -> Any:
        return value(metric, *measured, cell, variant)

    kind = "time" if metric.unit == "seconds" else "track"
    vars(track).update(unit=metric.unit, type=kind, pretty_name=metric.label)
    return track


def _cells(*axes: Iterable[Any]) -> list[str]:
    return [" ".join(map(str, values)) for values in product(*axes)]


_SETTING, _DEVICES = setting(_SETTING_NAME), devices()
_VARIANTS = [f"{own.name} {dtype}" for own in REMEDIES.values() for dtype in own.mask_dtypes]
_BATCHES = [f"{workload} batch{batch}" for workload, batch in _SETTING.cells()]
_FIRST = [f"{workload} batch{batches(workload)[0]}" for workload in _SETTING.thorough]


# `setup_cache` is written out for each: asv keeps one cache for each place in a file.


class Fidelity(Suite, metrics=metrics.DEFECTS):
    params = (
        [c for w, jits in _SETTING.round_trips.items() for c in _cells([w], _DEVICES, jits)],
        _VARIANTS,
    )

    def setup_cache(self) -> Any:
        return collect("fidelity")


class Situations(Suite, metrics=metrics.SITUATIONS):
    params = [*CORE] if _SETTING.complete else [], [*REMEDIES]

    def setup_cache(self) -> Any:
        return collect("situations")


class Recipes(Suite, metrics=metrics.RECIPES):
    params = [*_SETTING.workloads], [*REMEDIES]

    def setup_cache(self) -> Any:
        return collect("recipes")


class Steps(Suite, metrics=metrics.PROGRAMS | metrics.STEPS):
    params = _cells(_BATCHES, _DEVICES, _SETTING.jits, STEPS), _VARIANTS

    def setup_cache(self) -> Any:
        return collect("identity", "step_times")


class FirstSteps(Suite, metrics=metrics.FIRST_STEPS):
    params = (
        _cells(_FIRST, _DEVICES, _SETTING.jits),
        [variant for variant in _VARIANTS if variant.endswith(" bool")],
    )

    def setup_cache(self) -> Any:
        return collect("first_steps")


class Saving(Suite, metrics=metrics.SAVING):
    params = (
        _cells(_SETTING.thorough, _DEVICES)
        + _cells(_SETTING.workloads[:1], _DEVICES, [LARGE] * _SETTING.complete),
        [*REMEDIES],
    )

    def setup_cache(self) -> Any:
        return collect("saving")


class Kernels(Suite, metrics=metrics.KERNELS):
    params = (
        _cells(_DEVICES, _SETTING.jits, _SETTING.sizes),
        [*dict.fromkeys(f"{each.kernel} {each.mask_dtype}" for each in KERNELS)],
    )

    def setup_cache(self) -> Any:
        return collect("kernels")
