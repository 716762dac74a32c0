"""Facts about the machine and its software, to stand beside every result."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from remedies import gpu

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
    return values | _machine() | gpu.facts()


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
