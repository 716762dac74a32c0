"""The asv benchmarks: each looks its values up in session files, which `setup_cache` completes.

The methods are made from `remedies.metrics`: ``track_weights_lost`` and so on. A parameter
``cell`` is what was measured where, such as ``image batch32 cpu xla train``; ``variant`` is the
remedy and the dtype of the masks that it is fed.
"""

from itertools import product
from typing import Any

from benchmarks import plan
from benchmarks.kernels import kernels
from benchmarks.lookup import TIMEOUT, collect, tracked
from benchmarks.measurement import current_setting
from benchmarks.settings import LARGE, setting
from remedies import REMEDIES, metrics
from remedies.scenarios import CORE
from remedies.steps.same_step import STEPS

# Parameters: only combinations that the setting measures here.
Cases = tuple[list[str], list[str]]
_SETTING = setting(current_setting())
_VARIANTS = [
    f"{remedy.name} {dtype}" for remedy in REMEDIES.values() for dtype in remedy.mask_dtypes
]
_BOOL = [variant for variant in _VARIANTS if variant.endswith(" bool")]


def _fidelity() -> Cases:
    """Return the cells of round trips and the variants."""
    trips = product(_SETTING.round_trips.items(), plan.devices())
    return [f"{w} {device} {jit}" for (w, jits), device in trips for jit in jits], _VARIANTS


def _situations() -> Cases:
    """Return the core situations and the remedies."""
    return list(CORE) if _SETTING.situations else [], list(REMEDIES)


def _recipes() -> Cases:
    """Return the workloads and the remedies."""
    return list(_SETTING.workloads), list(REMEDIES)


def _steps() -> Cases:
    """Return the cells of steps and the variants."""
    cells = product(plan.cells(_SETTING), plan.devices(), _SETTING.jits, STEPS)
    names = [f"{w} batch{batch} {device} {jit} {step}" for (w, batch), device, jit, step in cells]
    return names, _VARIANTS


def _first_steps() -> Cases:
    """Return the cells of first steps and the variants with a bool mask."""
    cells = product(_SETTING.first_steps, plan.devices(), _SETTING.jits)
    names = [f"{w} batch{plan.batches(w)[0]} {device} {jit}" for w, device, jit in cells]
    return names, _BOOL


def _saving() -> Cases:
    """Return the models that are saved and the remedies."""
    cells = [f"{w} {device}" for w, device in product(_SETTING.saved, plan.devices())]
    large = [f"{_SETTING.workloads[0]} {device} {LARGE}" for device in plan.devices()]
    return cells + large * _SETTING.large, list(REMEDIES)


def _kernels() -> Cases:
    """Return the sizes of the bare kernels, by device and jit, and the kernels."""
    cells = product(plan.devices(), _SETTING.jits, _SETTING.sizes)
    variants = dict.fromkeys(f"{k.kernel} {k.mask_dtype}" for k in kernels())
    return [f"{device} {jit} {size}" for device, jit, size in cells], list(variants)


# Written out for each class: asv keeps one cache for each place in a file where it is defined.


@tracked(metrics.DEFECTS)
class Fidelity:
    params = _fidelity()

    def setup_cache(self) -> Any:
        return collect("fidelity")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.SITUATIONS)
class Situations:
    params = _situations()

    def setup_cache(self) -> Any:
        return collect("situations")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.RECIPES)
class Recipes:
    params = _recipes()

    def setup_cache(self) -> Any:
        return collect("recipes")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.PROGRAMS | metrics.STEPS)
class Steps:
    params = _steps()

    def setup_cache(self) -> Any:
        return collect("identity", "step_times")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.FIRST_STEPS)
class FirstSteps:
    params = _first_steps()

    def setup_cache(self) -> Any:
        return collect("first_steps")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.SAVING)
class Saving:
    params = _saving()

    def setup_cache(self) -> Any:
        return collect("saving")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.KERNELS)
class Kernels:
    params = _kernels()

    def setup_cache(self) -> Any:
        return collect("kernels")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]
