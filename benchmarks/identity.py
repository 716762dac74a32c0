"""Which variants of a cell are the same step: exact, so it is measured once and timed never."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from benchmarks.variants import Variant, make, reference, tensors, variants
from remedies import REFERENCE
from remedies.steps import python_calls, same_step

Steps = dict[Variant, same_step.Step]


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield what each variant's steps are, and how they differ from the reference step."""
    for jit in setting.jits:
        for step, cell in _identify(session, jit).items():
            yield from entries(cell, {"jit": jit, "step": step})


def _identify(session: Session, jit: str) -> dict[str, Steps]:
    """Return each step's variants; what XLA is handed twice is compiled once."""
    cells: dict[str, Steps] = {step: {} for step in same_step.STEPS}
    compiled: dict[str, same_step.Program] = {}
    data = {dtype: tensors(session, dtype) for dtype in ("bool", "float32")}
    for variant in variants(session):
        model = make(session, variant, jit)
        inputs, targets = data[variant.mask_dtype]
        for step, cell in cells.items():
            cell[variant] = same_step.identify(model, step, inputs, targets, compiled)
    return cells


def entries(cell: Steps, axes: dict[str, Any]) -> Iterator[Entry]:
    """Yield the entries of one cell's steps."""
    source = next(iter(cell)).source
    numbers = same_step.group(cell, Variant(source, REFERENCE, "bool"))
    for variant, step in cell.items():
        base = cell[reference(variant)]
        own = {**axes, **variant.axes}
        differs = int(step.program.fingerprint != base.program.fingerprint)
        number = numbers[variant]
        if variant.source:  # against base's own recipe: 0 is the same step
            number = 0 if same_step.same(step, base) else number + 1
        yield Entry("program_differs", differs, own, step.program.fingerprint)
        yield Entry("step_group", number, own, same_step.difference(step, base))
        if (count := same_step.calls_that_differ(step, base)) is not None:
            yield Entry("python_calls_differ", count, own, python_calls.fingerprint(step.calls))
            yield Entry("python_calls", len(step.calls or ()), own)
        for metric, value in step.program.counts.items():
            yield Entry(metric, value, own)
