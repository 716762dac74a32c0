"""One line in the sampling of a cell: a remedy's model, fed masks of one dtype."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.axes import PLACEBO
from benchmarks.engine.plan import Session
from remedies import REFERENCE, WORKLOADS, build
from remedies.devices import synchronise
from remedies.registry import compared


class Line(NamedTuple):
    """A remedy, or the placebo, and the dtype of the masks that it is fed."""

    remedy: str
    mask_dtype: str

    def __str__(self) -> str:
        return f"{self.remedy}, {self.mask_dtype} mask"


def lines() -> list[Line]:
    """Return a cell's lines: each remedy with each mask dtype that it accepts, and a placebo."""
    taken = [Line(r.name, dtype) for r in compared().values() for dtype in r.mask_dtypes]
    return [*taken, Line(PLACEBO, "bool")]


def new(session: Session, line: Line) -> Any:
    """Return a fresh, compiled model of `line`."""
    name = REFERENCE if line.remedy == PLACEBO else line.remedy
    return build(session.workload, name, jit=session.jit == "xla")


def make_variables(model: Any, inputs: Any) -> None:
    """Make the variables of `model` and of its optimizer: a first step would be traced twice."""
    model(inputs)
    model.optimizer.build(model.trainable_variables)


def tensors(session: Session, mask_dtype: str) -> tuple[Any, Any]:
    """Return the session's inputs and targets, on the device beforehand.

    What is measured is the step, not the copy of a NumPy array to the device.
    """
    import keras

    data = WORKLOADS[session.workload].data(session.batch, mask_dtype)
    return keras.tree.map_structure(keras.ops.convert_to_tensor, data)  # type: ignore[no-any-return]


def clock(device: str) -> Callable[[], float]:
    """Return a clock in seconds that first waits until the device has done all it was given."""
    if device == "cpu":
        return time.perf_counter

    def synchronised() -> float:
        synchronise()
        return time.perf_counter()

    return synchronised
