"""First steps: what a fresh model costs before it is fast, and where that time goes."""

import inspect
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting, batches
from benchmarks.variants import Variant, make, placebo, reference, tensors, variants
from remedies.registry import PLACEBO
from remedies.steps.sampling import clock_for

FIRST = "first_step_seconds"


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield the seconds of each remedy's first training step on a bool mask, and of its parts."""
    session = replace(session, batch=batches(session.workload)[0])
    data = tensors(session)["bool"]
    chosen = {str(v): v for v in variants(session) if v.mask_dtype == "bool"}
    base = reference(next(iter(chosen.values())))
    chosen[PLACEBO] = base
    for jit in setting.jits:
        # The very first model also pays for what a process does only once.
        _first_step(session, base, jit, data)
        order = random.sample(list(chosen), len(chosen))
        seconds = {name: _first_step(session, chosen[name], jit, data) for name in order}
        for name, variant in chosen.items():
            shown = placebo(variant) if name == PLACEBO else variant
            axes = {"jit": jit, "batch": session.batch, **shown.axes}
            if name != PLACEBO:
                yield from (Entry(metric, value, axes) for metric, value in seconds[name].items())
            if name != str(base):
                ratio = seconds[name][FIRST] / seconds[str(base)][FIRST]
                yield Entry("first_step_ratio", ratio, axes)


def _first_step(session: Session, variant: Variant, jit: str, data: Any) -> dict[str, float]:
    """Return the seconds from a compiled model to the end of its first step, and their parts.

    Compiling is what the first call takes longer than the second; tracing includes building.
    """
    model, (inputs, targets) = make(session, variant, jit), data
    now = clock_for(session.device)
    start = now()
    model._maybe_symbolic_build(data_batch=(inputs, targets, None))
    model.make_train_function()
    # The `tf.function` inside the training function that Keras made.
    closure = inspect.getclosurevars(model.train_function).nonlocals
    closure["one_step_on_data"].__wrapped__.get_concrete_function((inputs, targets, None))
    traced = now()
    model.train_on_batch(inputs, targets)
    first = now()
    model.train_on_batch(inputs, targets)
    compiled = max(0.0, first - traced - (now() - first))
    return {FIRST: first - start, "trace_seconds": traced - start, "compile_seconds": compiled}
