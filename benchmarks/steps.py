"""Step times in seconds, their ratios to `ops_where` in the same rounds, and what a cast costs."""

from __future__ import annotations

from benchmarks.axes import DEVICE, JIT, MASK_DTYPE, SERIES, YARDSTICK, batches
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked


class _Sessions:
    version = "1"

    def setup_cache(self) -> Results:
        return collect("steps")

    setup_cache.timeout = 12 * TIMEOUT  # type: ignore[attr-defined]


class _Steps(_Sessions):
    param_names = ("workload", "remedy", "device", "jit", "mask_dtype", "batch")
    track_train_step = tracked("train_step", "seconds")
    track_train_step_ratio = tracked("train_step_ratio", "ratio")
    track_predict_step = tracked("predict_step", "seconds")
    track_predict_step_ratio = tracked("predict_step_ratio", "ratio")
    track_first_step = tracked("first_step", "seconds")
    track_first_step_ratio = tracked("first_step_ratio", "ratio")


class _Casts(_Sessions):
    param_names = ("workload", "device", "jit", "mask_dtype", "batch")
    track_cast_overhead_kernel = tracked("cast_overhead_kernel", "ratio")
    track_cast_overhead_predict = tracked("cast_overhead_predict", "ratio")
    track_cast_overhead_train = tracked("cast_overhead_train", "ratio")


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
