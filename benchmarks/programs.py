"""What XLA makes of each remedy's step. No load on the machine changes these: a change is news."""

from __future__ import annotations

from benchmarks.axes import DEVICE, MASK_DTYPE, REMEDY, STEP, batches
from benchmarks.engine.launch import TIMEOUT, collect
from benchmarks.engine.results import Results
from benchmarks.tracked import tracked


class _Programs:
    version = "1"
    param_names = ("workload", "remedy", "step", "device", "mask_dtype", "batch")
    track_xla_differs = tracked("xla_differs", "programs")
    track_xla_rest_differs = tracked("xla_rest_differs", "programs")
    track_xla_instructions = tracked("xla_instructions", "instructions")
    track_xla_converts = tracked("xla_converts", "instructions")
    track_xla_compares = tracked("xla_compares", "instructions")
    track_xla_fusions = tracked("xla_fusions", "instructions")
    track_xla_bytes = tracked("xla_bytes", "bytes")
    track_xla_flops = tracked("xla_flops", "operations")
    track_xla_temporary = tracked("xla_temporary", "bytes")

    def setup_cache(self) -> Results:
        return collect("programs")

    setup_cache.timeout = 6 * TIMEOUT  # type: ignore[attr-defined]


class ImagePrograms(_Programs):
    params = (["image"], REMEDY, STEP, DEVICE, MASK_DTYPE, batches("image")[:1])


class AttentionPrograms(_Programs):
    params = (["attention"], REMEDY, STEP, DEVICE, MASK_DTYPE, batches("attention")[:1])


class InpaintPrograms(_Programs):
    params = (["inpaint"], REMEDY, STEP, DEVICE, MASK_DTYPE, batches("inpaint")[:1])
