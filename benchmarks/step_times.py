"""Step times: each distinct program of a cell once, in turn in one process, beside a placebo.

Where only the Python around a program differs that is timed alone, and given in seconds: it does
not grow with the model.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.identity import Classes, classes, plain
from benchmarks.session import Entry, Folder, Session, Watch, comparison, timed
from benchmarks.settings import Setting
from benchmarks.variants import Data, Variant, make, make_variables, placebo, reference, tensors
from remedies import REFERENCE
from remedies.registry import PLACEBO
from remedies.steps.same_step import STEPS, calls_that_differ, warm
from remedies.steps.sampling import Sampled, work_clock

MOST_BYTES_BETWEEN = 65_536  # 16 pages: every place within a page and many within a cache


class NotComparableError(RuntimeError):
    """The variants of a cell do not compute the same thing, or nothing says what they are."""


def measure(session: Session, setting: Setting, folder: Folder, watch: Watch) -> Iterator[Entry]:
    """Yield each timed step's seconds and its ratio to the reference step's."""
    cells = classes(folder.entries(replace(session, kind="identity", launch=0)))
    if not cells:
        raise NotComparableError("the identity session of this cell has measured nothing")
    data = tensors(session)
    for jit in setting.jits:
        own = {step: cells[jit, step] for step in STEPS}
        base = plain(own["train"].program)
        needed = {step: dict.fromkeys([*members.timed(), base]) for step, members in own.items()}
        chosen = {str(v): v for step in STEPS for v in needed[step]} | {PLACEBO: base}
        models = _models(session, jit, chosen, data)
        for step, members in own.items():
            axes = {"jit": jit, "step": step}
            if session.sources and not (members.timed() or members.other_python()):
                continue  # base and head are the same step: nothing is asked of a clock
            names = [*map(str, needed[step]), PLACEBO]
            sampled = watch.sample(
                {name: _step(step, models[name], chosen[name], data) for name in names},
                str(base),
                setting.step,
                clock=work_clock(session.device),
                redraw=redrawing([models[name] for name in names], data),
            )
            yield from entries(members, sampled, axes)
            if members.other_python():
                result = _result(step, models[str(base)], *data[base.mask_dtype])
                yield from _python_alone(session, setting, members, result, data, axes, watch)


def entries(members: Classes, sampled: Sampled, axes: dict[str, Any]) -> Iterator[Entry]:
    """Yield one launch's seconds and ratios under the names of all members of each program."""
    for variant in members.program:
        name, base = str(members.timed_as(variant)), str(members.timed_as(reference(variant)))
        own = {**axes, **variant.axes}
        if name in sampled.samples:
            other = base if base in sampled.samples else name
            yield from timed("step", sampled, name, other, own)
    copied = plain(members.program)
    yield from timed("step", sampled, PLACEBO, str(copied), {**axes, **placebo(copied).axes})


def _models(
    session: Session, jit: str, chosen: Mapping[str, Variant], data: Data
) -> dict[str, Any]:
    """Return a trained model of each of `chosen`, all in the placebo's state.

    A place in memory comes with a place in the order of making, so each launch draws it anew. Equal
    numbers take equal time: an exponential of another number may not.
    """
    models = {}
    for name in random.sample(list(chosen), len(chosen)):
        inputs, targets = data[chosen[name].mask_dtype]
        models[name] = model = make(session, chosen[name], jit)
        make_variables(model, inputs)
        model.train_on_batch(inputs, targets)
    base = models[PLACEBO]
    expected = base.predict_on_batch(data[chosen[PLACEBO].mask_dtype][0])
    for name, model in models.items():
        alike = [v.shape for v in model.variables] == [v.shape for v in base.variables]
        if alike:
            for variable, value in zip(model.variables, base.variables, strict=True):
                variable.assign(value)
            outputs = model.predict_on_batch(data[chosen[name].mask_dtype][0])
            alike = np.allclose(outputs, expected, rtol=1e-3, atol=1e-4)
        if not (alike or session.sources):
            raise NotComparableError(f"{name}: its variables or outputs are not {REFERENCE}'s")
    return models


def _step(step: str, model: Any, variant: Variant, data: Data) -> Callable[[], object]:
    """Return one call of a step, which looks up its data each time: they move."""
    if step == "train":
        return lambda: model.train_on_batch(*data[variant.mask_dtype])
    return lambda: model.predict_on_batch(data[variant.mask_dtype][0])


def redrawing(models: Sequence[Any], data: Data) -> Callable[[], None]:
    """Return a call that moves the variables of `models` and the tensors of `data` elsewhere.

    Where a variable lies can make one copy of a step 2 % slower than another for as long as a
    process lives (Mytkowicz et al. 2009, *Producing wrong data without doing anything obviously
    wrong!*). Moving everything a few times a second makes an average over places of what was a
    bias (Curtsinger and Berger 2013, *STABILIZER*).
    """
    import tensorflow as tf

    gaps: list[Any] = []

    def moved(tensor: Any) -> Any:
        gaps.append(np.empty(random.randrange(1, MOST_BYTES_BETWEEN), np.uint8))  # noqa: S311
        return tf.constant(tensor.numpy())  # a variable keeps the buffer that it is assigned

    def redraw() -> None:
        gaps.clear()
        for model in random.sample(models, len(models)):
            variables = [*model.variables, *model.optimizer.variables]
            for variable in random.sample(variables, len(variables)):
                variable.assign(moved(variable))
        for dtype, fed in data.items():
            data[dtype] = tf.nest.map_structure(moved, fed)

    return redraw


def _result(step: str, model: Any, inputs: Any, targets: Any) -> Any:
    if step == "train":
        return model.train_function(iter([(inputs, targets, None)]))
    return model.predict_function([(inputs,)])


def _python_alone(
    session: Session,
    setting: Setting,
    members: Classes,
    result: Any,
    data: Data,
    axes: dict[str, Any],
    watch: Watch,
) -> Iterator[Entry]:
    """Yield the seconds that each other Python takes beyond what it is compared with.

    Every program is replaced by its `result`.
    """
    metric, chosen = "python_extra_seconds", members.other_python()
    copied = reference(chosen[0])
    made = {str(v): v for each in chosen for v in (each, reference(each))} | {PLACEBO: copied}
    series = {}
    for name, variant in made.items():
        model = make(session, variant, axes["jit"])
        make_variables(model, data[variant.mask_dtype][0])
        setattr(model, f"{axes['step']}_function", lambda iterator: result)
        series[name] = _step(axes["step"], model, variant, data)
    clock = work_clock(session.device)
    sampled = watch.sample(series, str(copied), setting.python, clock=clock)
    yield comparison(metric, sampled, PLACEBO, str(copied), {**axes, **placebo(copied).axes})
    for variant in chosen:
        name, base = str(variant), str(reference(variant))
        # Only what is outside of the program was timed: all calls that differ have to be.
        if calls_that_differ(warm(series[name]), warm(series[base])) == members.calls[variant]:
            for member, python in members.python.items():
                if python == members.python[variant]:
                    own = {**axes, **member.axes}
                    yield comparison(metric, sampled, name, base, own)
