"""How quiet the machine was while a session measured, and how well the measuring went."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.engine.results import entry
from benchmarks.engine.sampling import Sampled
from remedies import gpu

_STAT = Path("/proc/stat")
_IDLE, _IOWAIT, _STEAL = 3, 4, 7


class Watch:
    """Watches the processors while it is open, and takes in each sampling's own account.

    Parameters
    ----------
    device : str
        ``"gpu"`` is also asked whether it slowed its clocks down.
    """

    def __init__(self, device: str) -> None:
        self._device, self._found = device, list[Sampled]()

    def __enter__(self) -> Watch:
        self._before = _ticks(), sum(os.times()[:2]), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        ticks, own, wall = self._before
        passed = [after - before for before, after in zip(ticks, _ticks(), strict=True)]
        all_ticks = sum(passed) or 1
        idle = passed[_IDLE] + passed[_IOWAIT]
        cores = os.cpu_count() or 1
        mine = (sum(os.times()[:2]) - own) / (cores * (time.perf_counter() - wall))
        self.steal = passed[_STEAL] / all_ticks
        self.foreign_load = max(0.0, 1 - idle / all_ticks - self.steal - mine)

    def add(self, found: Sampled) -> None:
        """Take in how one sampling went."""
        self._found.append(found)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield an entry for each number that tells whether the session can be believed.

        All are shares of 1 but the rounds and the GPU's temperature: the clock's part of a sample,
        the processor time that the hypervisor took and that other processes used, samplings whose
        warm-up did not become steady, samplings that ended before their budget, and whether the
        GPU slowed down.
        """
        count = len(self._found)
        found = {
            "clock_share": max(each.clock_share for each in self._found),
            "unsteady": sum(not each.steady for each in self._found) / count,
            "precise": sum(each.precise for each in self._found) / count,
            "rounds": min(len(next(iter(each.samples.values()))) for each in self._found),
            "steal": self.steal,
            "foreign_load": self.foreign_load,
        }
        if self._device == "gpu":
            found |= {"throttled": float(bool(gpu.throttled())), "celsius": gpu.temperature()}
        for name, value in found.items():
            yield entry(f"session_{name}", {"samples": [value], "number": 1})


def _ticks() -> list[int]:
    """Return the processors' time by use, in ticks; zeros where the system does not tell."""
    try:
        return [int(word) for word in _STAT.read_text(encoding="utf-8").split("\n")[0].split()[1:9]]
    except (OSError, ValueError):
        return [0] * 8
