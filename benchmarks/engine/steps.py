"""Step times: all remedies of a cell in one process, sampled in turn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.axes import MASK_DTYPE, YARDSTICK
from benchmarks.engine.device_time import device_times
from benchmarks.engine.health import Watch
from benchmarks.engine.line import Line, clock, lines, make_variables, new, tensors
from benchmarks.engine.plan import Session
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import Sampled, Samples, paired, sample
from benchmarks.engine.settings import Setting
from remedies import REFERENCE

ON_DEVICE = ("train_step", "predict_step")
_NOTHING = "no cast, bool mask"
KERNEL_SHARE = 0.05  # of the training step's time


class StatesDifferError(RuntimeError):
    """The remedies of a cell do not compute the same thing, so their times cannot be compared."""


def measure(
    session: Session, setting: Setting, turn: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each step, with and without Keras' dispatch, and each cast overhead."""
    data = {dtype: tensors(session, dtype) for dtype in MASK_DTYPE}
    # A place in memory comes with a place in this order, so each launch draws it anew.
    models = {line: new(session, line) for line in random.sample(lines(), len(lines()))}
    for line, model in models.items():
        make_variables(model, data[line.mask_dtype][0])
        model.train_on_batch(*data[line.mask_dtype])
    _equalise(models, data)
    own = not session.backend  # what only TensorFlow has
    kernels = _kernels(data, session.jit == "xla") if own else {}
    for kernel in kernels.values():
        kernel()
    turn()
    with Watch(session.device) as watch:
        for metric, share in {"train_step": 1.0, **setting.shares}.items():
            if metric not in ON_DEVICE and not own:
                continue
            budget = replace(setting.step, seconds=share * setting.step.seconds)
            series = {str(m): _step(metric, models[m], data[m.mask_dtype]) for m in models}
            yardstick = {YARDSTICK: _yardstick()} if metric == "train_step" else {}
            pairs = {str(m): str(Line(REFERENCE, m.mask_dtype)) for m in models}
            found = sample(series | yardstick, pairs, budget, clock=clock(session.device))
            watch.add(found)
            yield from _entries(metric, found)
            if session.device == "gpu" and metric in ON_DEVICE and own:
                yield from device_entries(f"{metric}_device", device_times(series))
        if kernels:
            yield from _bare(kernels, session, setting)
    yield from watch.entries()


def _bare(
    kernels: dict[str, Callable[[], object]], session: Session, setting: Setting
) -> Iterator[dict[str, Any]]:
    short = replace(setting.step, seconds=KERNEL_SHARE * setting.step.seconds)
    bare = sample(kernels, dict.fromkeys(kernels, _NOTHING), short, clock=clock(session.device))
    yield from _overheads("kernel", bare, {d: d for d in MASK_DTYPE}, _NOTHING)


def _equalise(models: dict[Line, Any], data: dict[str, tuple[Any, Any]]) -> None:
    """Give all models the reference's state, and make sure that they then agree."""
    import keras

    reference = models[Line(REFERENCE, "bool")]
    expected = reference.predict_on_batch(data["bool"][0])
    for line, model in models.items():
        for variable, value in zip(model.variables, reference.variables, strict=True):
            # A copy: JAX's steps give away the memory of their model's variables.
            variable.assign(np.array(keras.ops.convert_to_numpy(value)))
        outputs = model.predict_on_batch(data[line.mask_dtype][0])
        if not np.allclose(outputs, expected, rtol=1e-3, atol=1e-4):
            raise StatesDifferError(f"{line}: outputs differ from {REFERENCE}'s for equal weights")
    # Training may differ where predicting does not: batch normalization, dropout. The loss of a
    # step is a mean over the steps before it, unless the metrics are reset: so in old Keras.
    reference.reset_metrics()
    loss = reference.train_on_batch(*data["bool"])
    for line, model in models.items():
        if model is not reference:
            model.reset_metrics()
            own = model.train_on_batch(*data[line.mask_dtype])
            if not np.allclose(own, loss, rtol=1e-3):
                raise StatesDifferError(f"{line}: loss differs from {REFERENCE}'s: {own}, {loss}")


def _step(metric: str, model: Any, data: tuple[Any, Any]) -> Callable[[], object]:
    """Return one call of a step, as users call it or only the function that Keras compiled."""
    inputs, targets = data
    if metric == "train_step":
        return lambda: model.train_on_batch(inputs, targets)
    if metric == "predict_step":
        return lambda: model.predict_on_batch(inputs)
    if metric == "train_step_compiled":
        return lambda: model.train_function(iter([(inputs, targets, None)]))
    return lambda: model.predict_function([(inputs,)])


def _yardstick() -> Callable[[], object]:
    matrix = np.random.default_rng(0).random((384, 384), np.float32)
    return lambda: matrix @ matrix


def _kernels(data: dict[str, tuple[Any, Any]], jit: bool) -> dict[str, Callable[[], object]]:
    """Return `where` alone on a bool mask, and with a cast for each mask dtype."""
    import tensorflow as tf

    values = tf.random.stateless_uniform(tf.shape(data["bool"][0]["mask"]), (0, 0))
    plain = tf.function(lambda mask: tf.where(mask, values, 0), jit_compile=jit)
    cast = tf.function(lambda mask: tf.where(tf.cast(mask, "bool"), values, 0), jit_compile=jit)
    masks = {dtype: inputs["mask"] for dtype, (inputs, _) in data.items()}
    return {_NOTHING: lambda: plain(masks["bool"])} | {
        dtype: (lambda mask=mask: cast(mask)) for dtype, mask in masks.items()
    }


def _entries(metric: str, found: Sampled) -> Iterator[dict[str, Any]]:
    times = {name: found.samples[str(name)] for name in lines()}
    for line, samples in times.items():
        measured = {"samples": samples, "number": found.number}
        yield entry(metric, measured, **line._asdict())
        if line.remedy != REFERENCE:
            base = times[Line(REFERENCE, line.mask_dtype)]
            yield entry(f"{metric}_ratio", paired(samples, base), **line._asdict())
    if YARDSTICK in found.samples:
        measured = {"samples": found.samples[YARDSTICK], "number": found.number}
        yield entry(metric, measured, remedy=YARDSTICK, mask_dtype="bool")
    casts = {dtype: str(Line("tf_cast", dtype)) for dtype in MASK_DTYPE}
    if metric in ON_DEVICE and casts["bool"] in found.samples:
        kind = metric.removesuffix("_step")
        yield from _overheads(kind, found, casts, str(Line("control", "bool")))


def device_entries(metric: str, samples: Samples) -> Iterator[dict[str, Any]]:
    """Yield each line's time on the device, and one ratio a launch; nothing where none is known."""
    for line in lines() if samples else []:
        yield entry(metric, {"samples": samples[str(line)], "number": 1}, **line._asdict())
        if line.remedy != REFERENCE:
            base = samples[str(Line(REFERENCE, line.mask_dtype))]
            yield entry(f"{metric}_ratio", paired(samples[str(line)], base), **line._asdict())


def _overheads(
    kind: str, found: Sampled, casts: dict[str, str], plain: str
) -> Iterator[dict[str, Any]]:
    for mask_dtype, name in casts.items():
        estimate = paired(found.samples[name], found.samples[plain])
        yield entry(f"cast_overhead_{kind}", estimate, mask_dtype=mask_dtype)
