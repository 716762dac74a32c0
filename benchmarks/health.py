"""How quiet the machine was while a session measured: facts beside its values."""

from __future__ import annotations

import os
import time
from pathlib import Path

from remedies.devices import gpu_throttled

_STAT = Path("/proc/stat")
_IDLE, _IOWAIT, _STEAL = 3, 4, 7


class Watch:
    """Watches the processors while it is open.

    `shares` are shares of 1: ``steal`` is processor time that the hypervisor took, ``foreign_load``
    that other processes used, ``clock_share`` the clock's part of the shortest sample, and
    ``throttled`` is 1 where the GPU was slowed down.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self.shares: dict[str, float] = {"clock_share": 0.0}

    def __enter__(self) -> Watch:
        self._before = _ticks(), sum(os.times()[:4]), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        ticks, own, wall = self._before
        passed = [after - before for before, after in zip(ticks, _ticks(), strict=True)]
        total = sum(passed) or 1
        steal = passed[_STEAL] / total
        idle = (passed[_IDLE] + passed[_IOWAIT]) / total
        cores = os.cpu_count() or 1
        mine = (sum(os.times()[:4]) - own) / (cores * max(1e-9, time.perf_counter() - wall))
        self.shares |= {"steal": steal, "foreign_load": max(0.0, 1 - idle - steal - mine)}
        if self._device == "gpu":
            self.shares["throttled"] = float(gpu_throttled())

    def clock(self, share: float) -> None:
        """Take in the clock's share of one sampling; the largest counts."""
        self.shares["clock_share"] = max(share, self.shares["clock_share"])


def _ticks() -> list[int]:
    """Return the processors' time by use, in ticks; zeros where the system does not say."""
    try:
        return [int(word) for word in _STAT.read_text(encoding="utf-8").split("\n")[0].split()[1:9]]
    except (OSError, ValueError):
        return [0] * 8
