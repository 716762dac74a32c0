"""Save what was loaded, and load again: unused, or with training between the files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras

from remedies.roundtrip import RoundTrip, round_trip
from remedies.scenarios.experiment import Experiment, Scenario, one_line, scenario
from remedies.scenarios.making import WEIGHTS, keras_files, sgd

RUNS = 4
STEPS = 20  # a run; enough to tell a loss that starts over from one that goes on


def resumed(remedy: str) -> RoundTrip:
    """Return how a model that was trained in `RUNS` runs differs from its twin, trained in one."""
    experiment = Experiment(optimizer=lambda: keras.optimizers.Adam(0.01, name="adam"))
    batch = experiment.data()
    twin = _alike(experiment, remedy)
    unbroken = [_run(twin, batch) for _ in range(RUNS)]
    losses: list[float] = []
    failures: list[str] = []

    def route(_: Any, folder: Path) -> Any:
        try:
            return _in_runs(_alike(experiment, remedy), batch, folder, losses)
        except Exception as error:
            failures.append(f"in run {len(losses) + 1}: {one_line(error)}")
            raise

    trip = round_trip(twin, *batch, route=route)
    ends, expected = (", ".join(f"{loss:.2g}" for loss in run) for run in (losses, unbroken))
    remark = f"losses at the end of each run {ends}; without a break {expected}"
    return replace(trip, load_error="".join(failures), remark=remark)


def _alike(experiment: Experiment, remedy: str) -> Any:
    """Return the compiled model; each time with the same weights, once it is called."""
    keras.utils.set_random_seed(0)
    return experiment.compiled(remedy)


def _in_runs(model: Any, batch: Any, folder: Path, losses: list[float]) -> Any:
    for run in range(RUNS):
        if run:
            model.save(folder / "model.keras")
            model = keras.saving.load_model(folder / "model.keras")
        losses.append(_run(model, batch))
    return model


def _run(model: Any, batch: Any) -> float:
    """Train `STEPS` steps; return the loss of the last."""
    for _ in range(STEPS):
        model.reset_metrics()  # some versions return a running mean
        loss = model.train_on_batch(*batch)
    return float(loss)


GROUP = "second generation"
_FOUR_RUNS = f"{RUNS} runs of {STEPS} steps, a .keras file between each two, Adam"
_row = partial(scenario, GROUP)

SCENARIOS = (
    _row("second_adam", "two saves and loads, Adam", keras_files(2)),
    _row("second_sgd", "two saves and loads, SGD", keras_files(2), optimizer=sgd),
    _row(
        "second_uncompiled",
        "two saves and loads, compile=False",
        keras_files(2, compile=False),
        keeps=WEIGHTS,
    ),
    Scenario(GROUP, "four_runs", _FOUR_RUNS, resumed),
)
