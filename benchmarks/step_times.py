"""Step times: each distinct program of a cell once, in turn in one process, beside a placebo."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import python_times
from benchmarks.health import Watch
from benchmarks.identity import Classes, classes
from benchmarks.layout import redrawing
from benchmarks.session import Entry, Folder, Session, comparison, seconds
from benchmarks.settings import Setting
from benchmarks.variants import Variant, make, make_variables, placebo, reference, tensors
from remedies import REFERENCE
from remedies.registry import PLACEBO
from remedies.steps.same_step import STEPS
from remedies.steps.sampling import Sampled, sample, work_clock

Data = dict[str, tuple[Any, Any]]


class NotComparableError(RuntimeError):
    """The variants of a cell do not compute the same thing, or nothing says what they are."""


def measure(session: Session, setting: Setting, folder: Folder, watch: Watch) -> Iterator[Entry]:
    """Yield each timed step's seconds and its ratio to the reference step's."""
    cells = classes(folder.entries(session.sibling("identity")))
    if not cells:
        raise NotComparableError("the identity session of this cell has measured nothing")
    data = {dtype: tensors(session, dtype) for dtype in ("bool", "float32")}
    for jit in setting.jits:
        own = {step: cells[jit, step] for step in STEPS}
        plain = next(iter(own.values())).plain()
        models = _models(session, jit, own, plain, data)
        for step, members in own.items():
            axes = {"jit": jit, "step": step}
            if session.sources and not (members.timed() or members.other_python()):
                continue  # base and head are the same step: nothing is asked of a clock
            chosen = [str(v) for v in (*members.timed(), plain)] + [PLACEBO]
            series = {name: _step(step, models[name], data) for name in dict.fromkeys(chosen)}
            sampled = sample(
                series,
                str(plain),
                setting.step,
                clock=work_clock(session.device),
                redraw=redrawing((models[name][0] for name in dict.fromkeys(chosen)), data),
            )
            watch.clock(sampled.clock_share)
            yield from entries(members, sampled, axes)
            yield from python_times.measure(
                session, setting, members, models[str(plain)], data, axes, watch
            )


def entries(members: Classes, sampled: Sampled, axes: dict[str, Any]) -> Iterator[Entry]:
    """Yield one launch's seconds and ratios under the names of all members of each program."""
    plain = str(members.plain())
    for variant in members.program:
        name, base = str(members.timed_as(variant)), str(members.timed_as(reference(variant)))
        own = {**axes, **variant.axes}
        if name in sampled.samples:
            yield seconds("step_seconds", sampled, name, own)
            if name != base and base in sampled.samples:
                yield comparison("step_ratio", sampled, name, base, own)
    own = {**axes, **placebo(members.plain()).axes}
    yield comparison("step_ratio", sampled, PLACEBO, plain, own)


def _models(
    session: Session, jit: str, own: dict[str, Classes], plain: Variant, data: Data
) -> dict[str, tuple[Any, str]]:
    """Return a trained model of each program and the placebo, with the mask dtype it is fed.

    A place in memory comes with a place in the order of making, so each launch draws it anew.
    """
    timed = [v for members in own.values() for v in members.timed()]
    needed = {str(v): v for v in (*timed, plain)} | {PLACEBO: plain}
    models = {}
    for name in random.sample(list(needed), len(needed)):
        variant = needed[name]
        model = make(session, variant, jit)
        inputs, targets = data[variant.mask_dtype]
        make_variables(model, inputs)
        model.train_on_batch(inputs, targets)
        models[name] = model, variant.mask_dtype
    _equalise(models, str(plain), data, check=not session.sources)
    return models


def _equalise(models: dict[str, tuple[Any, str]], plain: str, data: Data, check: bool) -> None:
    """Give all models the reference's state, and make sure that they then agree.

    Equal numbers take equal time: an exponential of another number may not.
    """
    base, dtype = models[plain]
    shapes = [variable.shape for variable in base.variables]
    expected = base.predict_on_batch(data[dtype][0])
    for name, (model, fed) in models.items():
        if [variable.shape for variable in model.variables] != shapes:
            if check:
                raise NotComparableError(f"{name}: its variables are not {REFERENCE}'s")
            continue
        for variable, value in zip(model.variables, base.variables, strict=True):
            variable.assign(value)
        outputs = model.predict_on_batch(data[fed][0])
        if check and not np.allclose(outputs, expected, rtol=1e-3, atol=1e-4):
            raise NotComparableError(f"{name}: its outputs are not {REFERENCE}'s")


def _step(step: str, fed: tuple[Any, str], data: Data) -> Callable[[], object]:
    model, dtype = fed
    if step == "train":
        return lambda: model.train_on_batch(*data[dtype])
    return lambda: model.predict_on_batch(data[dtype][0])
