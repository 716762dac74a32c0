"""The matrix: what each remedy keeps in every situation that Keras users meet."""

import functools
import gc
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

Cell = dict[str, Any]  # what `scenario.measure` returns, and JSON keeps
# The few that are run over many versions of Keras and in every benchmark: what differs between
# remedies, and the two causes.
CORE = (
    *("keras", "weights_called", "pickle", "rescued"),
    *("second_adam", "second_sgd", "second_uncompiled"),
    *("model_in_model", "two_arguments", "fed_float32"),
    *("sgd", "mixed_bfloat16", "frozen", "true_dtype", "one_visit"),
)
NOT_APPLICABLE = "n/a"


@functools.cache
def scenarios() -> dict[str, Any]:
    """Return every scenario by its name, in the order of the page; this imports TensorFlow."""
    modules = (import_module(f"{__name__}.{name}") for name in ("formats", "setups", "overriding"))
    return {scenario.name: scenario for module in modules for scenario in module.SCENARIOS}


def run(remedies: Sequence[str], names: Sequence[str]) -> Iterator[Cell]:
    """Put each remedy into each scenario and yield the cells, scenario by scenario."""
    from remedies.scenarios.scenario import measure

    chosen = [scenarios()[name] for name in names]
    for scenario in chosen:
        scenario.prepare()
    gc.freeze()  # what was imported stays; walking it again and again takes a tenth of the time
    for scenario in chosen:
        for remedy in remedies:
            yield measure(remedy, scenario)
