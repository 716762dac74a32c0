"""What the suite finds under Keras' JAX backend; never mixed with TensorFlow's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product

from remedies import REMEDIES, WORKLOADS
from remedies.registry import not_on_jax
from reports import matrices, times
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.wording import listed

_QUESTIONS: tuple[Callable[[Evidence], Iterator[Sketch]], ...] = (matrices.defects, times.steps)


def jax(evidence: Evidence) -> Iterator[Sketch]:
    """Yield the fidelity heat map and the step ratios under JAX, where it was measured."""
    if evidence.jax is None or evidence.jax["value"].isna().all():
        return
    for question in _QUESTIONS:
        for sketch in question(evidence.on_jax):
            title = f"Under JAX: {sketch.title[0].lower()}{sketch.title[1:]}"
            plan = partial(sketch.plan.func, title, *sketch.plan.args[1:], **sketch.plan.keywords)
            name = f"jax-{sketch.name}"
            yield replace(sketch, name=name, title=title, plan=plan, section="jax")


def not_run(evidence: Evidence) -> list[str]:
    """Return why there is nothing of some remedies under JAX, or of all."""
    if evidence.jax is None or evidence.jax["value"].isna().all():
        return ["Nothing was measured under Keras' JAX backend; a wide or full run does it."]
    by_reason: dict[str, dict[str, None]] = defaultdict(dict)
    for workload, name in product(WORKLOADS, REMEDIES):
        by_reason[not_on_jax(workload, name)][name] = None
    by_reason.pop("")
    told = ((listed(names), why) for why, names in by_reason.items())
    return [f"Under Keras' JAX backend {names}: n/a, {why}." for names, why in told]
