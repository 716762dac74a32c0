"""The most memory that this process, or its GPU, held since it was asked to forget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_GPU = "GPU:0"


class Peak:
    """The peak memory since this was made, beyond what was held then.

    Linux counts a process' peak by itself (`VmHWM`), and the siblings' not with it, and begins
    anew when it is asked to. `resource.getrusage` does not: its peak can be the parent's.

    Parameters
    ----------
    device : str
        ``"gpu"`` also counts what TensorFlow's allocator held on the GPU.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        try:
            _FORGET.write_text("5", encoding="ascii")
            self._held = _kibibytes("VmRSS")
        except OSError:  # no Linux, or not allowed: then the peak is that of the imports
            self._held = None
        if device == "gpu":
            _memory().reset_memory_stats(_GPU)

    def bytes(self) -> dict[str, int]:
        """Return bytes by metric; what the system does not say is left out."""
        peaks = {}
        if self._held is not None and (peak := _kibibytes("VmHWM")) is not None:
            peaks["peak_host_bytes"] = 1024 * (peak - self._held)
        if self._device == "gpu":
            peaks["peak_device_bytes"] = int(_memory().get_memory_info(_GPU)["peak"])
        return peaks


def _kibibytes(name: str) -> int | None:
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return None


def _memory() -> Any:
    import tensorflow as tf

    return tf.config.experimental
