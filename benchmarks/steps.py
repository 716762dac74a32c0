"""Step times in seconds, their ratios to `ops_where` in the same rounds, and what a cast costs."""

from __future__ import annotations

from benchmarks.axes import (
    DEVICE,
    JIT,
    MASK_DTYPE,
    ON_JAX,
    PLACEBO,
    SERIES,
    WORKLOAD,
    YARDSTICK,
    batches,
)
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked


class _Sessions:
    version = "1"

    def setup_cache(self) -> Results:
        return collect("steps", "first_steps")

    setup_cache.timeout = 12 * TIMEOUT  # type: ignore[attr-defined]


class _Steps(_Sessions):
    param_names = ("workload", "remedy", "device", "jit", "mask_dtype", "batch")
    track_train_step = tracked("train_step", "seconds")
    track_train_step_ratio = tracked("train_step_ratio", "ratio")
    track_predict_step = tracked("predict_step", "seconds")
    track_predict_step_ratio = tracked("predict_step_ratio", "ratio")
    track_train_step_compiled = tracked("train_step_compiled", "seconds")
    track_train_step_compiled_ratio = tracked("train_step_compiled_ratio", "ratio")
    track_predict_step_compiled = tracked("predict_step_compiled", "seconds")
    track_predict_step_compiled_ratio = tracked("predict_step_compiled_ratio", "ratio")
    track_train_step_device = tracked("train_step_device", "seconds")
    track_train_step_device_ratio = tracked("train_step_device_ratio", "ratio")
    track_predict_step_device = tracked("predict_step_device", "seconds")
    track_predict_step_device_ratio = tracked("predict_step_device_ratio", "ratio")
    track_first_step = tracked("first_step", "seconds")
    track_first_step_ratio = tracked("first_step_ratio", "ratio")
    track_first_step_trace = tracked("first_step_trace", "seconds")
    track_first_step_compile = tracked("first_step_compile", "seconds")
    track_first_step_run = tracked("first_step_run", "seconds")


class _Casts(_Sessions):
    param_names = ("workload", "device", "jit", "mask_dtype", "batch")
    track_cast_overhead_kernel = tracked("cast_overhead_kernel", "ratio")
    track_cast_overhead_predict = tracked("cast_overhead_predict", "ratio")
    track_cast_overhead_train = tracked("cast_overhead_train", "ratio")


class _Health(_Sessions):
    param_names: tuple[str, ...] = ("workload", "device", "jit", "batch")
    track_session_rounds = tracked("session_rounds", "rounds")
    track_session_precise = tracked("session_precise", "share")
    track_session_unsteady = tracked("session_unsteady", "share")
    track_session_clock_share = tracked("session_clock_share", "share")
    track_session_steal = tracked("session_steal", "share")
    track_session_foreign_load = tracked("session_foreign_load", "share")
    track_session_throttled = tracked("session_throttled", "share")
    track_session_celsius = tracked("session_celsius", "degrees Celsius")


class ImageSteps(_Steps):
    params = (["image"], [*SERIES, YARDSTICK], DEVICE, JIT, MASK_DTYPE, batches("image"))


class ImageCasts(_Casts):
    params = (["image"], DEVICE, JIT, MASK_DTYPE, batches("image"))


class AttentionSteps(_Steps):
    params = (["attention"], [*SERIES, YARDSTICK], DEVICE, JIT, MASK_DTYPE, batches("attention"))


class AttentionCasts(_Casts):
    params = (["attention"], DEVICE, JIT, MASK_DTYPE, batches("attention"))


class InpaintSteps(_Steps):
    params = (["inpaint"], [*SERIES, YARDSTICK], DEVICE, JIT, MASK_DTYPE, batches("inpaint"))


class InpaintCasts(_Casts):
    params = (["inpaint"], DEVICE, JIT, MASK_DTYPE, batches("inpaint"))


_DEFAULTS = sorted(batches(workload)[0] for workload in WORKLOAD)


class JaxSteps(_Sessions):
    param_names = ("backend", *_Steps.param_names)
    params = (
        ["jax"],
        WORKLOAD,
        [*ON_JAX, PLACEBO, YARDSTICK],
        DEVICE,
        ["xla"],
        MASK_DTYPE,
        _DEFAULTS,
    )
    track_train_step = tracked("train_step", "seconds")
    track_train_step_ratio = tracked("train_step_ratio", "ratio")
    track_predict_step = tracked("predict_step", "seconds")
    track_predict_step_ratio = tracked("predict_step_ratio", "ratio")


class JaxHealth(_Health):
    param_names = ("backend", *_Health.param_names)
    params = (["jax"], WORKLOAD, DEVICE, ["xla"], _DEFAULTS)


class ImageHealth(_Health):
    params = (["image"], DEVICE, JIT, batches("image"))


class AttentionHealth(_Health):
    params = (["attention"], DEVICE, JIT, batches("attention"))


class InpaintHealth(_Health):
    params = (["inpaint"], DEVICE, JIT, batches("inpaint"))
