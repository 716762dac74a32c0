"""Facts about the machine and its software, to stand beside every result."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

_PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "jax", "asv", "asv_runner")
_FLAGS = ("TF_XLA_FLAGS", "XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS", "KERAS_BACKEND")


def facts() -> dict[str, str]:
    """Return what is known without importing TensorFlow: versions, flags, processor and GPU."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    found |= {flag: os.environ[flag] for flag in _FLAGS if os.environ.get(flag)}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return found | {"cpu": _cpu_model(), "cores": str(cores), "os": platform.platform()} | _gpu()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _gpu() -> dict[str, str]:
    try:
        import pynvml

        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
        return {
            "gpu": str(pynvml.nvmlDeviceGetName(handle)),
            "driver": str(pynvml.nvmlSystemGetDriverVersion()),
        }
    except Exception:  # no package, no driver or no GPU: each means that there is nothing to say
        return {}
