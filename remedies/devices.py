"""The machine here: its devices, found without starting TensorFlow, and facts for results."""

import os
import platform
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

DEVICES = ("cpu", "gpu")
# Cards that steps are compiled for and never run on; a file beside them adds one.
TARGETS = {file.stem: file for file in sorted(Path(__file__).with_name("targets").glob("*.txtpb"))}
_COMPILER = "jax-cuda13-pjrt"  # what the extra `gpuless` alone installs
_GPU_NODES = ("/dev/nvidia0", "/dev/dxg")
# NVML's bits for clocks that something other than idleness or the application holds down: a power
# cap, hardware and software slowdown by heat, a power brake.
_SLOWING = 0x04 | 0x08 | 0x20 | 0x40 | 0x80
_PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "asv", "asv_runner",
             "nvidia-cuda-runtime-cu12", "nvidia-cudnn-cu12", _COMPILER)  # fmt: skip
_FLAGS = ("TF_XLA_FLAGS", "XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS", "NVIDIA_TF32_OVERRIDE",
          "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS",
          "KERAS_BACKEND")  # fmt: skip


class NotHereError(RuntimeError):
    """What was asked for cannot be had on this machine; the message is one line that says why."""


def uncompiled() -> str:
    """Return why this Python cannot compile for `TARGETS`, or an empty string where it can."""
    if sys.version_info < (3, 11):
        return "the extra `gpuless` has no wheels for Python 3.10"
    with suppress(metadata.PackageNotFoundError):
        metadata.version(_COMPILER)
        return ""
    return f"no {_COMPILER}: scripts/environment --gpuless, or the extra `gpuless`, installs it"


def missing(device: str) -> str:
    """Return why `device` cannot be used here, or an empty string where it can.

    A device node is no proof: `select` asks TensorFlow, in the process that will use the device.
    """
    if device in TARGETS:
        return uncompiled()
    if device != "gpu":
        return ""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides every GPU"
    here = any(Path(node).exists() for node in _GPU_NODES)
    return "" if here else "no NVIDIA GPU on this machine"


def select(device: str) -> str:
    """Make `device` the only one that this process uses, or return why that cannot be.

    Call it before anything else of TensorFlow.
    """
    if device == "cpu" or device in TARGETS:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        return ""
    if reason := missing(device):
        return reason
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "TensorFlow sees no GPU: is its CUDA build (the extra `gpu`) installed?"
    tf.config.set_visible_devices(gpus[:1], "GPU")
    tf.config.experimental.set_memory_growth(gpus[0], True)
    return ""


def use_one_thread() -> None:
    """Have TensorFlow compute in one thread; call before it is imported.

    How threads meet and move between cores makes equal steps differ in time.
    """
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    os.environ.update(dict.fromkeys(names, "1"))


def facts() -> dict[str, str]:
    """Return facts that need no TensorFlow: versions, flags, processor and GPU."""
    values = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            values[package] = metadata.version(package)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines = (line.partition(":") for line in _read("/proc/cpuinfo").splitlines())
    processor = {name.strip(): value.strip() for name, _, value in lines}
    values |= {flag: os.environ.get(flag, "") for flag in _FLAGS} | {
        "cpu": processor.get("model name") or platform.processor() or "unknown",
        "cores": str(cores),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip(),
        "virtual": "yes" if "hypervisor" in processor.get("flags", "").split() else "",
        "os": platform.platform(),
    }
    return {name: value for name, value in (values | gpu_facts()).items() if value}


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def gpu_facts() -> dict[str, str]:
    """Return name, driver, CUDA version, clocks and power cap; empty without a GPU."""
    with suppress(Exception):
        nvml, gpu = _gpu()
        cuda = nvml.nvmlSystemGetCudaDriverVersion()
        kinds = (nvml.NVML_CLOCK_SM, nvml.NVML_CLOCK_MEM)
        clocks = (nvml.nvmlDeviceGetMaxClockInfo(gpu, kind) for kind in kinds)
        return {
            "gpu": f"{nvml.nvmlDeviceGetName(gpu)}, the first of {nvml.nvmlDeviceGetCount()}",
            "driver": nvml.nvmlSystemGetDriverVersion(),
            "cuda-driver": f"{cuda // 1000}.{cuda % 1000 // 10}",
            "gpu-clocks": "sm {} MHz, memory {} MHz".format(*clocks),
            "gpu-power-cap": f"{nvml.nvmlDeviceGetEnforcedPowerLimit(gpu) / 1000:.0f} W",
            # TensorFlow uses TF32 unless this variable forbids it.
            "tf32": "off" if os.environ.get("NVIDIA_TF32_OVERRIDE") == "0" else "on",
        }
    return {}


def gpu_throttled() -> bool:
    """Return whether the GPU's clocks are held down at this moment."""
    with suppress(Exception):
        nvml, gpu = _gpu()
        return bool(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(gpu) & _SLOWING)
    return False


def _gpu() -> tuple[Any, Any]:
    """Return NVML and its first GPU; raises anything where package, driver or GPU is not there."""
    import pynvml

    pynvml.nvmlInit()
    return pynvml, pynvml.nvmlDeviceGetHandleByIndex(0)
