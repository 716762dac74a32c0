"""First steps: what a fresh model costs before it is fast, and where that time goes."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.axes import MASK_DTYPE
from benchmarks.engine.line import Line, clock, lines, new, tensors
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import ratios
from benchmarks.engine.settings import Setting
from remedies import REFERENCE

PARTS = ("trace", "compile", "run")
Times = dict[str, float]


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each first training step, and for its parts."""
    data = {dtype: tensors(session, dtype) for dtype in MASK_DTYPE}
    turn()
    # The very first model also pays for what a process does only once.
    _first_step(session, Line(REFERENCE, "bool"), data)
    taken: dict[Line, list[Times]] = {line: [] for line in lines()}
    for _ in range(setting.first_steps[session.workload]):
        for line in random.sample(lines(), len(taken)):
            taken[line].append(_first_step(session, line, data))
    for line, times in taken.items():
        for part in ("", *PARTS):
            found = [each[part] for each in times]
            name = f"first_step_{part}".rstrip("_")
            yield entry(name, {"samples": found, "number": 1}, **line._asdict())
        if line.remedy != REFERENCE:
            base = [each[""] for each in taken[Line(REFERENCE, line.mask_dtype)]]
            found = ratios([each[""] for each in times], base)
            yield entry("first_step_ratio", {"samples": found, "number": 1}, **line._asdict())


def _first_step(session: Session, line: Line, data: dict[str, tuple[Any, Any]]) -> Times:
    """Return the seconds from a compiled model to the end of its first step, and their parts.

    Compiling is what the first call takes longer than the second; tracing includes building.
    """
    model, (inputs, targets) = new(session, line), data[line.mask_dtype]
    now = clock(session.device)
    start = now()
    model._maybe_symbolic_build(data_batch=(inputs, targets, None))
    model.make_train_function()
    _traced(model).get_concrete_function((inputs, targets, None))
    traced = now()
    model.train_on_batch(inputs, targets)
    first = now()
    model.train_on_batch(inputs, targets)
    run = now() - first
    compiled = max(0.0, first - traced - run)
    return {"": first - start, "trace": traced - start, "compile": compiled, "run": run}


def _traced(model: Any) -> Any:
    """Return the `tf.function` inside the training function that Keras made."""
    return inspect.getclosurevars(model.train_function).nonlocals["one_step_on_data"].__wrapped__
