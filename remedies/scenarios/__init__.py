"""What each remedy keeps in every situation that Keras users meet: the matrix.

Importing this package imports neither TensorFlow nor Keras; running a cell does.
"""

import functools
import platform
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

Cell = dict[str, Any]  # what `scenario.measure` returns, and JSON keeps
# The few that are run over many versions of Keras and in every benchmark: what differs between
# remedies, and the two causes.
CORE = (
    *("keras", "weights_called", "pickle", "rescued"),
    *("second_adam", "second_sgd", "second_uncompiled"),
    *("model_in_model", "two_arguments", "fed_float32"),
    *("sgd", "mixed_bfloat16", "frozen"),
    *("true_dtype", "one_visit"),
)
NOT_APPLICABLE = "n/a"
_MODULES = ("formats", "structures", "training", "overriding")


@functools.cache
def scenarios() -> dict[str, Any]:
    """Return every scenario by its name, in the order of the page; this imports TensorFlow."""
    modules = (import_module(f"{__name__}.{name}") for name in _MODULES)
    return {scenario.name: scenario for module in modules for scenario in module.SCENARIOS}


def software() -> dict[str, str]:
    """Return the versions of the software that is measured; this imports it."""
    packages = ("keras", "tensorflow", "numpy")
    versions = {name: str(import_module(name).__version__) for name in packages}
    return versions | {"python": platform.python_version()}


def run(
    remedies: Sequence[str],
    names: Sequence[str],
    progress: Callable[[Cell, int, int], None] = lambda cell, done, total: None,
) -> list[Cell]:
    """Put each remedy into each scenario and return the cells, scenario by scenario.

    ``progress(cell, done, total)`` is called after each; `scenario.measure` says what a cell is.

    >>> [cell["outcome"] for cell in run(["control", "ops_where"], ["keras"])]
    ['warned', 'whole']
    """
    from remedies.scenarios.scenario import measure

    chosen = [scenarios()[name] for name in names]
    for scenario in chosen:
        scenario.prepare()
    cells: list[Cell] = []
    for scenario in chosen:
        for remedy in remedies:
            cells.append(measure(remedy, scenario))
            progress(cells[-1], len(cells), len(remedies) * len(names))
    return cells
