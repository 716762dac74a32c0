"""The asv benchmarks: each looks its values up in session files, which `setup_cache` completes.

The methods are made from `remedies.metrics`: ``track_weights_lost`` and so on. A parameter
``cell`` is what was measured where, such as ``image batch32 cpu xla train``; ``variant`` is the
remedy and the dtype of the masks that it is fed.
"""

from __future__ import annotations

from typing import Any

from benchmarks import asv_parameters
from benchmarks.lookup import TIMEOUT, collect, tracked
from remedies import metrics

# Written out for each class: asv keeps one cache for each place in a file where it is defined.


@tracked(metrics.DEFECTS)
class Fidelity:
    params = asv_parameters.fidelity()

    def setup_cache(self) -> Any:
        return collect("fidelity")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.SITUATIONS)
class Situations:
    params = asv_parameters.situations()

    def setup_cache(self) -> Any:
        return collect("situations")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.RECIPES)
class Recipes:
    params = asv_parameters.recipes()

    def setup_cache(self) -> Any:
        return collect("recipes")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.PROGRAMS | metrics.STEPS)
class Steps:
    params = asv_parameters.steps()

    def setup_cache(self) -> Any:
        return collect("identity", "step_times")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.FIRST_STEPS)
class FirstSteps:
    params = asv_parameters.first_steps()

    def setup_cache(self) -> Any:
        return collect("first_steps")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.SAVING)
class Saving:
    params = asv_parameters.saving()

    def setup_cache(self) -> Any:
        return collect("saving")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]


@tracked(metrics.KERNELS)
class Kernels:
    params = asv_parameters.kernels()

    def setup_cache(self) -> Any:
        return collect("kernels")

    setup_cache.timeout = TIMEOUT  # type: ignore[attr-defined]
