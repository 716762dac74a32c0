"""Which devices there are, found without starting TensorFlow or CUDA in the asking process."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path

DEVICES = ("cpu", "gpu")
REFUSED = 3  # exit status of `card_compiler` where a card cannot be compiled for
# Cards that steps are compiled for and never run on; a file beside them adds one.
TARGETS = {file.stem: file for file in sorted(Path(__file__).with_name("targets").glob("*.txtpb"))}
_COMPILER = ("jax", "jaxlib", "jax-cuda13-plugin", "jax-cuda13-pjrt")
_GPU_NODES = ("/dev/nvidia0", "/dev/dxg")


class NotHereError(RuntimeError):
    """What was asked for cannot be had on this machine; the message is one line that says why."""


def uncompiled() -> str:
    """Return why this Python cannot compile for `TARGETS`, or an empty string where it can."""
    if sys.version_info < (3, 11):
        return "the extra `gpuless` has no wheels for Python 3.10"
    versions = {}
    for name in _COMPILER:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            return f"no {name}: scripts/environment --gpuless, or the extra `gpuless`, installs it"
    if len({*versions.values()}) > 1:
        said = ", ".join(f"{name} {version}" for name, version in versions.items())
        return f"jax and its plugins must be of one version: {said}"
    return ""


def missing(device: str) -> str:
    """Return why `device` cannot be used here, or an empty string where it can.

    A device node is a promise, not a proof: `select` asks TensorFlow itself, in the process that
    will use the device.
    """
    if device in TARGETS:
        return uncompiled()
    if device != "gpu":
        return ""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides every GPU"
    return (
        "" if any(Path(node).exists() for node in _GPU_NODES) else "no NVIDIA GPU on this machine"
    )


def select(device: str) -> str:
    """Make `device` the only one that this process uses; call before anything else of TensorFlow.

    Returns
    -------
    str
        Empty, or why the device cannot be used; then nothing must be measured here.
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


def synchronise() -> None:
    """Wait until the device has done all the work that it was given."""
    import tensorflow as tf

    if tf.config.list_logical_devices("GPU"):
        tf.test.experimental.sync_devices()
