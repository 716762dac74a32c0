"""The matrix: every scenario there is, and the runner that puts remedies into them."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence

from remedies.scenarios import (
    causes,
    exports,
    formats,
    generations,
    lambdas,
    nesting,
    optimizers,
    others,
    pitfalls,
    resumption,
    settings,
    strict,
    structures,
)
from remedies.scenarios.case import REMEDIES
from remedies.scenarios.cell import Cell, measure
from remedies.scenarios.isolation import measure_apart
from remedies.scenarios.journal import Journal
from remedies.scenarios.scenario import Scenario

_MODULES = (
    formats,
    exports,
    generations,
    resumption,
    nesting,
    lambdas,
    structures,
    strict,
    optimizers,
    settings,
    others,
    pitfalls,
    causes,
)
__all__ = ["CORE", "REMEDIES", "SCENARIOS", "Progress", "run", "versions"]

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for module in _MODULES for scenario in module.SCENARIOS
}
CORE = tuple(name for name, scenario in SCENARIOS.items() if scenario.core)

Progress = Callable[[Cell, int, int], None]


def versions() -> dict[str, str]:
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
    journal: Journal | None = None,
) -> list[Cell]:
    """Put each remedy into each scenario and return the cells, scenario by scenario.

    Parameters
    ----------
    remedies, scenarios : sequence of str
        Names from `remedies.REMEDIES` and `SCENARIOS`.
    progress : callable
        ``progress(cell, done, total)`` is called after each cell.
    journal : Journal, optional
        Where finished cells are kept, and found again after an interruption.
    """
    known = journal.cells() if journal else {}
    cells: list[Cell] = []
    for cell in _cells(remedies, [SCENARIOS[name] for name in scenarios], known):
        if journal and (cell.remedy, cell.scenario) not in known:
            journal.add(cell)
        cells.append(cell)
        progress(cell, len(cells), len(remedies) * len(scenarios))
    return cells


def _cells(
    remedies: Sequence[str], scenarios: Sequence[Scenario], known: dict[tuple[str, str], Cell]
) -> Iterator[Cell]:
    for scenario in scenarios:
        found = [known[name, scenario.name] for name in remedies if (name, scenario.name) in known]
        yield from found
        missing = [name for name in remedies if (name, scenario.name) not in known]
        if scenario.own_process and missing:
            yield from measure_apart(missing, scenario)
        else:
            yield from (measure(name, scenario) for name in missing)
