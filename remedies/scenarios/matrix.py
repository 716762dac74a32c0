"""The matrix: every scenario there is, and the run that puts remedies into them."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence

from remedies.scenarios import (
    causes,
    formats,
    generations,
    inputs,
    nesting,
    overriding,
    training,
)
from remedies.scenarios.cell import Cell, measure
from remedies.scenarios.experiment import Scenario

_MODULES = (formats, generations, nesting, inputs, training, overriding, causes)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for module in _MODULES for scenario in module.SCENARIOS
}
CORE = tuple(name for name, scenario in SCENARIOS.items() if scenario.core)

Progress = Callable[[Cell, int, int], None]


def software() -> dict[str, str]:
    """Return the versions of the software that is measured; this imports it."""
    import keras
    import numpy as np
    import tensorflow as tf

    return {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def run(
    remedies: Sequence[str],
    scenarios: Sequence[str],
    progress: Progress = lambda cell, done, total: None,
) -> list[Cell]:
    """Put each remedy into each scenario and return the cells, scenario by scenario.

    Parameters
    ----------
    remedies, scenarios : sequence of str
        Names from `remedies.REMEDIES` and `SCENARIOS`.
    progress : callable
        ``progress(cell, done, total)`` is called after each cell.

    Examples
    --------
    >>> [cell.word for cell in run(["control", "ops_where"], ["keras"])]
    ['warned', 'whole']
    """
    for name in scenarios:
        SCENARIOS[name].prepare()
    cells: list[Cell] = []
    for name in scenarios:
        for remedy in remedies:
            cells.append(measure(remedy, SCENARIOS[name]))
            progress(cells[-1], len(cells), len(remedies) * len(scenarios))
    return cells
