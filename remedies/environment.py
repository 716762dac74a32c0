"""Facts about the machine and its software, to stand beside every result."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

Answer = TypeVar("Answer")

# NVML's bits for clocks that something other than idleness or the application holds down: a power
# cap, hardware and software slowdown by heat, a power brake.
_SLOWING = 0x04 | 0x08 | 0x20 | 0x40 | 0x80
_PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "numpy",
    "asv",
    "asv_runner",
    "nvidia-cuda-runtime-cu12",
    "nvidia-cudnn-cu12",
    "jax-cuda13-pjrt",
)
_FLAGS = (
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
    "TF_ENABLE_ONEDNN_OPTS",
    "NVIDIA_TF32_OVERRIDE",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "KERAS_BACKEND",
)


def facts() -> dict[str, str]:
    """Return facts that need no TensorFlow: versions, flags, processor and GPU."""
    values = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            values[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    values |= {flag: os.environ[flag] for flag in _FLAGS if os.environ.get(flag)}
    return values | _machine() | gpu_facts()


def _machine() -> dict[str, str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines = (line.partition(":") for line in _read("/proc/cpuinfo").splitlines())
    processor = {name.strip(): value.strip() for name, _, value in lines}
    governor = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip()
    values = {
        "cpu": processor.get("model name") or platform.processor() or "unknown",
        "cores": str(cores),
        "governor": governor,
        "virtual": "yes" if "hypervisor" in processor.get("flags", "").split() else "",
        "os": platform.platform(),
    }
    return {name: value for name, value in values.items() if value}


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def gpu_facts() -> dict[str, str]:
    """Return name, driver, CUDA version, clocks and power cap; empty without a GPU."""
    return _ask(_gpu_facts, {})


def gpu_throttled() -> bool:
    """Return whether the GPU's clocks are held down at this moment."""
    return _ask(_throttled, False)


def _ask(question: Callable[[Any, Any], Answer], otherwise: Answer) -> Answer:
    """Ask NVML about the first GPU."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return question(pynvml, pynvml.nvmlDeviceGetHandleByIndex(0))
    except Exception:  # no package, no driver or no GPU: there are no facts
        return otherwise


def _gpu_facts(nvml: Any, handle: Any) -> dict[str, str]:
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


def _throttled(nvml: Any, handle: Any) -> bool:
    return bool(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle) & _SLOWING)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
