"""What the suite finds under Keras' JAX backend; never mixed with TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from reports import matrices, times
from reports.evidence import Evidence
from reports.exhibit import Sketch
from reports.vocabulary import REMEDIES
from reports.wording import listed

_WHERE = "the settings wide, full and night do, where JAX is installed"
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
        return [f"Nothing was measured under Keras' JAX backend: {_WHERE}."]
    measured = evidence.jax.groupby("remedy")["value"].count()
    absent = [name for name in REMEDIES if not measured.get(name, 0)]
    return [f"Under Keras' JAX backend {listed(absent)}: n/a, their recipes call tf.*."]
