"""Trials of the instrument itself: identical models, and copies slowed down by a known share."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.engine.health import Watch
from benchmarks.engine.line import Line, clock, new, tensors
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import Budget, paired, sample
from benchmarks.engine.settings import Setting
from remedies import REFERENCE

IDENTICAL = 4
SLOWED = {"slowed 1 %": 0.01, "slowed 3 %": 0.03}
BUDGET = Budget(3, half_width=0, rounds=15)


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield the ratio of each copy to one of the identical models, for both steps."""
    data = tensors(session, "bool")
    copies = [REFERENCE, *(f"identical {i}" for i in range(1, IDENTICAL)), *SLOWED]
    models = {
        name: new(session, Line(REFERENCE, "bool")) for name in random.sample(copies, len(copies))
    }
    calls: dict[str, Callable[..., object]] = {
        "train_step": lambda model: model.train_on_batch(*data),
        "predict_step": lambda model: model.predict_on_batch(data[0]),
    }
    for call in calls.values():
        for model in models.values():
            call(model)
    turn()
    with Watch(session.device) as watch:
        for metric, call in calls.items():
            series = {name: _bound(call, model) for name, model in models.items()}
            for name, share in SLOWED.items():
                series[name] = slowed(series[name], share)
            found = sample(
                series, dict.fromkeys(copies, REFERENCE), BUDGET, clock=clock(session.device)
            )
            watch.add(found)
            for name in copies[1:]:
                estimate = paired(found.samples[name], found.samples[REFERENCE])
                yield entry(f"{metric}_ratio", estimate, remedy=name)
    yield from watch.entries()


def _bound(call: Callable[..., object], model: Any) -> Callable[[], object]:
    return lambda: call(model)


def slowed(call: Callable[[], object], share: float) -> Callable[[], object]:
    """Return `call` followed by a busy wait for a share of its own duration."""

    def waiting() -> object:
        start = time.perf_counter()
        result = call()
        now = time.perf_counter()
        until = now + share * (now - start)
        while time.perf_counter() < until:
            pass
        return result

    return waiting
