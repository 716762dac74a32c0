"""The benchmark parameters and the values that each takes, the same on every machine."""

from __future__ import annotations

from remedies import REMEDIES, WORKLOADS
from remedies.devices import DEVICES
from remedies.registry import JAX_REMEDIES

# The order in which every benchmark takes its parameters.
AXES = (
    *("backend", "workload", "remedy", "kernel", "step"),
    *("device", "jit", "mask_dtype", "batch", "size"),
)
PLACEBO = "placebo"
YARDSTICK = "yardstick"
LARGE = "large"
REMEDY = list(REMEDIES)
SERIES = [*REMEDY, PLACEBO]
ON_JAX = list(JAX_REMEDIES)
WORKLOAD = list(WORKLOADS)
DEVICE = list(DEVICES)
JIT = ["graph", "xla"]
MASK_DTYPE = ["bool", "float32"]
STEP = ["train", "predict"]
KERNEL = ["where", "where_cast"]
SIZE = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000]


def batches(workload: str) -> list[int]:
    """Return the batch sizes that `workload` is timed at, its default first."""
    default = WORKLOADS[workload].batch
    return [default, 4 * default]
