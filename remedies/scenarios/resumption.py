"""Training in several runs with a file between each two, beside training without a break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from remedies.roundtrip import RoundTrip, round_trip
from remedies.scenarios.case import Case, line
from remedies.scenarios.scenario import Scenario

RUNS = 4
STEPS = 20  # a run; enough for a loss that starts over to be told from one that goes on


def resumed(remedy: str) -> RoundTrip:
    """Return how a model that was trained in `RUNS` runs differs from its twin, trained in one."""
    case = Case(optimizer=_quick)
    batch = case.data()
    twin = _alike(case, remedy)
    expected = [_run(twin, batch) for _ in range(RUNS)]
    losses: list[float] = []
    failed: list[str] = []

    def route(_: Any, folder: Path) -> Any:
        try:
            return _in_runs(_alike(case, remedy), batch, folder, losses)
        except Exception as error:
            failed.append(f"in run {len(losses) + 1}: {line(error)}")
            raise

    found = round_trip(twin, *batch, route=route)
    remark = f"losses at the end of each run {_series(losses)}; without a break {_series(expected)}"
    return replace(found, load_error="".join(failed), remark=remark)


def _quick() -> Any:
    import keras

    return keras.optimizers.Adam(0.01, name="adam")


def _alike(case: Case, remedy: str) -> Any:
    """Return the compiled model; each time with the same weights, once it is called."""
    import keras

    keras.utils.set_random_seed(0)
    return case.compiled(remedy)


def _in_runs(model: Any, batch: Any, folder: Path, losses: list[float]) -> Any:
    import keras

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


def _series(losses: Sequence[float]) -> str:
    return ", ".join(f"{loss:.2g}" for loss in losses)


SCENARIOS = (
    Scenario(
        "four_runs",
        "second generation",
        f"{RUNS} runs of {STEPS} steps, a .keras file between each two, Adam",
        resumed,
    ),
)
