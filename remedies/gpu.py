"""Facts about the NVIDIA GPU, asked of its driver and never of CUDA."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

Answer = TypeVar("Answer")

# NVML's bits for clocks that something other than idleness or the application holds down.
_SLOWING = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "hardware power brake",
}


def facts() -> dict[str, str]:
    """Return name, driver, CUDA version, clocks and power cap; empty without a GPU."""
    return _ask(_facts, {})


def throttled() -> list[str]:
    """Return why the GPU's clocks are held down at this moment; empty where they are not."""
    return _ask(_throttled, [])


def _ask(question: Callable[[Any, Any], Answer], otherwise: Answer) -> Answer:
    """Ask NVML about the first GPU."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return question(pynvml, pynvml.nvmlDeviceGetHandleByIndex(0))
    except Exception:  # no package, no driver or no GPU: there are no facts
        return otherwise


def _facts(nvml: Any, handle: Any) -> dict[str, str]:
    cuda = nvml.nvmlSystemGetCudaDriverVersion()
    kinds = {"sm": nvml.NVML_CLOCK_SM, "memory": nvml.NVML_CLOCK_MEM}
    clocks = {kind: nvml.nvmlDeviceGetMaxClockInfo(handle, code) for kind, code in kinds.items()}
    return {
        "gpu": f"{_text(nvml.nvmlDeviceGetName(handle))}, the first of {nvml.nvmlDeviceGetCount()}",
        "driver": _text(nvml.nvmlSystemGetDriverVersion()),
        "cuda-driver": f"{cuda // 1000}.{cuda % 1000 // 10}",
        "gpu-clocks": ", ".join(f"{kind} {mhz} MHz" for kind, mhz in clocks.items()),
        "gpu-power-cap": f"{nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000:.0f} W",
        # TensorFlow uses TF32 unless this variable forbids it.
        "tf32": "off" if os.environ.get("NVIDIA_TF32_OVERRIDE") == "0" else "on",
    }


def _throttled(nvml: Any, handle: Any) -> list[str]:
    bits = nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)
    return [reason for bit, reason in _SLOWING.items() if bits & bit]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
