"""The parameters of asv's benchmarks: only combinations that the setting measures here."""

from __future__ import annotations

from itertools import product

from benchmarks import plan
from benchmarks.kernels import kernels as bare_kernels
from benchmarks.measurement import current_setting
from benchmarks.settings import LARGE, setting
from remedies import REMEDIES
from remedies.scenarios import CORE
from remedies.steps.same_step import STEPS

Cases = tuple[list[str], list[str]]
_SETTING = setting(current_setting())
_VARIANTS = [
    f"{remedy.name} {dtype}" for remedy in REMEDIES.values() for dtype in remedy.mask_dtypes
]
_BOOL = [variant for variant in _VARIANTS if variant.endswith(" bool")]


def fidelity() -> Cases:
    """Return the cells of round trips and the variants."""
    trips = product(_SETTING.round_trips.items(), plan.devices())
    return [f"{w} {device} {jit}" for (w, jits), device in trips for jit in jits], _VARIANTS


def situations() -> Cases:
    """Return the core situations and the remedies."""
    return list(CORE) if _SETTING.situations else [], list(REMEDIES)


def recipes() -> Cases:
    """Return the workloads and the remedies."""
    return list(_SETTING.workloads), list(REMEDIES)


def steps() -> Cases:
    """Return the cells of steps and the variants."""
    cells = product(plan.cells(_SETTING), plan.devices(), _SETTING.jits, STEPS)
    names = [f"{w} batch{batch} {device} {jit} {step}" for (w, batch), device, jit, step in cells]
    return names, _VARIANTS


def first_steps() -> Cases:
    """Return the cells of first steps and the variants with a bool mask."""
    cells = product(_SETTING.first_steps, plan.devices(), _SETTING.jits)
    names = [f"{w} batch{plan.batches(w)[0]} {device} {jit}" for w, device, jit in cells]
    return names, _BOOL


def saving() -> Cases:
    """Return the models that are saved and the remedies."""
    cells = [f"{w} {device}" for w, device in product(_SETTING.saved, plan.devices())]
    large = [f"{_SETTING.workloads[0]} {device} {LARGE}" for device in plan.devices()]
    return cells + large * _SETTING.large, list(REMEDIES)


def kernels() -> Cases:
    """Return the sizes of the bare kernels, by device and jit, and the kernels."""
    cells = product(plan.devices(), _SETTING.jits, _SETTING.sizes)
    variants = dict.fromkeys(f"{k.kernel} {k.mask_dtype}" for k in bare_kernels())
    return [f"{device} {jit} {size}" for device, jit, size in cells], list(variants)
