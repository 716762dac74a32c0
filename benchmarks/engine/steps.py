"""Step times: all remedies of a workload in one process, sampled in turn."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.axes import MASK_DTYPE, PLACEBO, YARDSTICK
from benchmarks.engine.plan import Session, Setting
from benchmarks.engine.results import entry
from benchmarks.engine.sampling import Samples, ratios, sample
from remedies import REFERENCE, REMEDIES, WORKLOADS, build
from remedies.devices import synchronise

_NOTHING = "no cast, bool mask"


class Series(NamedTuple):
    """One line in the sampling: a remedy fed masks of one dtype."""

    remedy: str
    mask_dtype: str

    def __str__(self) -> str:
        return f"{self.remedy}, {self.mask_dtype} mask"


class StatesDifferError(RuntimeError):
    """The remedies of a cell do not compute the same thing, so their times cannot be compared."""


def clock() -> float:
    """Return seconds, once the device has done all that it was given."""
    synchronise()
    return time.perf_counter()


def lines() -> list[Series]:
    """Return a session's series: each remedy with each mask dtype it accepts, and a placebo."""
    taken = [Series(r.name, dtype) for r in REMEDIES.values() for dtype in r.mask_dtypes]
    return [*taken, Series(PLACEBO, "bool")]


def measure(session: Session, setting: Setting) -> Iterator[dict[str, Any]]:
    """Yield an entry for each first step, train step, predict step and cast overhead."""
    data = {dtype: _tensors(session, dtype) for dtype in MASK_DTYPE}
    models, first = _first_steps(session, data, setting.first_steps)
    yield from _entries("first_step", first, 1)
    _equalise(models, data)

    def steps(method: str) -> dict[str, Callable[[], object]]:
        return {str(s): _step(models[s], method, data[s.mask_dtype]) for s in models}

    pairs = {str(s): str(Series(REFERENCE, s.mask_dtype)) for s in models}
    cast = {dtype: str(Series("tf_cast", dtype)) for dtype in MASK_DTYPE}
    plain = str(Series("control", "bool"))

    train, number = sample(
        steps("train_on_batch") | {YARDSTICK: _yardstick()}, pairs, setting.step, clock=clock
    )
    yardstick = {"samples": train[YARDSTICK], "number": number}
    yield entry("train_step", yardstick, remedy=YARDSTICK, mask_dtype="bool")
    yield from _entries("train_step", {s: train[str(s)] for s in models}, number)
    yield from _overheads("cast_overhead_train", train, cast, plain)

    predict, number = sample(steps("predict_on_batch"), pairs, setting.step, clock=clock)
    yield from _entries("predict_step", {s: predict[str(s)] for s in models}, number)
    yield from _overheads("cast_overhead_predict", predict, cast, plain)

    kernels = _kernels(data, session.jit == "xla")
    short = replace(setting.step, seconds=setting.step.seconds / 3)
    bare, _ = sample(kernels, dict.fromkeys(kernels, _NOTHING), short, clock=clock)
    yield from _overheads("cast_overhead_kernel", bare, {d: d for d in MASK_DTYPE}, _NOTHING)


def _tensors(session: Session, mask_dtype: str) -> tuple[Any, Any]:
    import keras

    data = WORKLOADS[session.workload].data(session.batch, mask_dtype)
    # On the device beforehand: the step is measured, not the copy of a NumPy array to it.
    return keras.tree.map_structure(keras.ops.convert_to_tensor, data)  # type: ignore[no-any-return]


def _first_steps(
    session: Session, data: dict[str, tuple[Any, Any]], rounds: int
) -> tuple[dict[Series, Any], dict[Series, list[float]]]:
    taken: dict[Series, list[float]] = {series: [] for series in lines()}
    models: dict[Series, Any] = {}
    # The very first model also pays for what a process does only once.
    order = [Series(REFERENCE, "bool")]
    for _ in range(rounds):
        order += random.sample(lines(), len(taken))
    for series in order:
        name = REFERENCE if series.remedy == PLACEBO else series.remedy
        models[series] = build(session.workload, name, jit=session.jit == "xla")
        start = clock()
        models[series].train_on_batch(*data[series.mask_dtype])
        taken[series].append(clock() - start)
    del taken[order[0]][0]
    return models, taken


def _equalise(models: dict[Series, Any], data: dict[str, tuple[Any, Any]]) -> None:
    """Give all models the reference's state, and make sure that they then agree."""
    reference = models[Series(REFERENCE, "bool")]
    expected = reference.predict_on_batch(data["bool"][0])
    for series, model in models.items():
        for variable, value in zip(model.variables, reference.variables, strict=True):
            variable.assign(value)
        outputs = model.predict_on_batch(data[series.mask_dtype][0])
        if not np.allclose(outputs, expected, rtol=1e-3, atol=1e-4):
            raise StatesDifferError(
                f"{series}: outputs differ from {REFERENCE}'s for equal weights"
            )


def _step(model: Any, method: str, data: tuple[Any, Any]) -> Callable[[], object]:
    call, given = getattr(model, method), data if method == "train_on_batch" else data[:1]
    return lambda: call(*given)


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


def _entries(
    metric: str, times: dict[Series, list[float]], number: int
) -> Iterator[dict[str, Any]]:
    for series, samples in times.items():
        yield entry(metric, {"samples": samples, "number": number}, **series._asdict())
        if series.remedy != REFERENCE:
            base = times[Series(REFERENCE, series.mask_dtype)]
            paired = {"samples": ratios(samples, base), "number": 1}
            yield entry(f"{metric}_ratio", paired, **series._asdict())


def _overheads(
    metric: str, times: Samples, casts: dict[str, str], plain: str
) -> Iterator[dict[str, Any]]:
    for mask_dtype, name in casts.items():
        paired = {"samples": ratios(times[name], times[plain]), "number": 1}
        yield entry(metric, paired, mask_dtype=mask_dtype)
