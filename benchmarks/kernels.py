"""`tf.where` by itself over sizes: its time, and how near it comes to the speed of a copy."""

from __future__ import annotations

from benchmarks.axes import DEVICE, JIT, KERNEL, MASK_DTYPE, SIZE
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked


class _Sessions:
    version = "1"

    def setup_cache(self) -> Results:
        return collect("kernels")

    setup_cache.timeout = 2 * TIMEOUT  # type: ignore[attr-defined]


class Kernels(_Sessions):
    params = (KERNEL, DEVICE, JIT, MASK_DTYPE, SIZE)
    param_names = ("kernel", "device", "jit", "mask_dtype", "size")
    track_kernel = tracked("kernel", "seconds")
    track_kernel_ratio = tracked("kernel_ratio", "ratio")
    track_kernel_bytes = tracked("kernel_bytes", "bytes")
    track_kernel_bandwidth = tracked("kernel_bandwidth", "share")


class Copies(_Sessions):
    params = (DEVICE, SIZE)
    param_names = ("device", "size")
    track_kernel_copy = tracked("kernel_copy", "bytes/s")
