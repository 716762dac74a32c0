"""What a round trip loses, remedy by remedy, and the evidence for why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import product
from typing import Any

from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.settings import Setting
from remedies import WORKLOADS, RoundTrip, build, keras_file_twice, round_trip
from remedies.registry import compared

BATCH = 8
STEPS = 3


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each defect of each remedy, and for what Keras did while loading."""
    jits = setting.round_trips[session.workload]
    if session.backend:
        jits = ("xla",)  # JAX compiles whatever it runs
    else:
        yield entry("functional_as_written_raises", _functional_as_written_raises())
    for remedy, jit in product(compared().values(), jits):
        for mask_dtype in remedy.mask_dtypes:
            data = WORKLOADS[session.workload].data(BATCH, mask_dtype)
            model = build(session.workload, remedy.name, jit=jit == "xla")
            for _ in range(STEPS):
                model.train_on_batch(*data)
            found = numbers(round_trip(model, *data))
            again = round_trip(model, *data, route=keras_file_twice, train=False)
            found["second_generation_lost"] = variables_lost(again)
            found["second_generation_warnings"] = len(again.warnings)
            for metric, value in found.items():
                yield entry(metric, value, remedy=remedy.name, jit=jit, mask_dtype=mask_dtype)


def numbers(found: RoundTrip) -> dict[str, float]:
    """Return every tracked number of a round trip; 0 is what a whole model has."""
    build_warnings = sum("cannot be built automatically" in text for text in found.warnings)
    optimizer_warnings = sum("optimizer" in text for text in found.warnings)
    return asdict(found.defects) | {
        "weights_saved": found.weights_saved,
        "optimizer_variables_saved": found.optimizer_variables_saved,
        "load_raised": int(bool(found.load_error)),
        "next_step_raised": int(bool(found.next_step_error)),
        "build_warnings": build_warnings,
        "optimizer_warnings": optimizer_warnings,
        "other_warnings": len(found.warnings) - build_warnings - optimizer_warnings,
        "mask_rebuilt_as_float": int(found.rebuilt_as_float),
        "rebuild_raised": int(bool(found.swallowed)),
    }


def variables_lost(found: RoundTrip) -> int:
    """Return how many weights and optimizer variables are gone or have other values."""
    lost = found.defects
    return (
        lost.weights_lost
        + lost.weights_changed
        + lost.optimizer_variables_lost
        + lost.optimizer_variables_changed
    )


def _functional_as_written_raises() -> int:
    """Return 1 where `tf.where` straight on functional inputs raises, as the article writes it."""
    import keras
    import tensorflow as tf

    mask = keras.Input((2,), dtype="bool")
    try:
        tf.where(mask, keras.Input((2,)), 0)
    except (TypeError, ValueError):
        return 1
    return 0
