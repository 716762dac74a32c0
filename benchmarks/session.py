"""A session: what one fresh process measures of one cell, and the file that it leaves."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from remedies.devices import gpu_throttled
from remedies.metrics import METRICS, Kind
from remedies.registry import PLACEBO
from remedies.steps.sampling import Budget, Sampled, Series, sample

FORMAT = 1
DONE, FAILED, UNAVAILABLE = "done", "failed", "unavailable"
_ALWAYS = ("metric", "value", "axes")  # of an entry; the rest is written where it has it
_IDLE, _IOWAIT, _STEAL = 3, 4, 7  # columns of /proc/stat


@dataclass(frozen=True)
class Session:
    """What one fresh process measures; an axis without a bearing, or meant as a whole, is empty."""

    kind: str  # the module of `benchmarks` that measures it
    workload: str = ""
    device: str = "cpu"
    batch: int = 0  # examples a step
    # Which of the processes that measure the same: the layout of a process shifts its times.
    launch: int = 0
    # ("base", folder) and ("head", folder) where two copies of the recipes are compared, and
    # (remedy, folder) where one is tried; each folder holds a folder a workload.
    sources: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        batch = f"batch{self.batch}" if self.batch else ""
        launch = f"launch{self.launch}" if self.launch else ""
        sources = (name for name, _ in self.sources)
        parts = (self.kind, self.workload, self.device, batch, *sources, launch)
        return "-".join(filter(None, parts))

    @property
    def axes(self) -> dict[str, str | int]:
        """Return the axes that hold for everything this session measures."""
        own: dict[str, str | int] = {
            "workload": self.workload,
            "device": self.device,
            "batch": self.batch,
        }
        return {name: value for name, value in own.items() if value}


@dataclass
class Entry:
    """One value of one metric of `remedies.metrics.METRICS`."""

    metric: str
    value: float  # in the metric's unit; finite
    axes: dict[str, str | int] = field(default_factory=dict)  # those that the session does not fix
    text: str = ""  # what the number stands for, where the metric's definition says so
    error: float = 0.0  # standard error of a ratio or a difference within its launch, 0: not known
    rounds: int = 0  # samples that it is the median of; 0 where it is no median


@dataclass(frozen=True)
class Folder:
    """A folder of session files: those of one run, whichever machines and shards made them."""

    path: Path  # made when the first file is written
    identity: str  # of code and packages; a file with another one is as if it were not there

    def file(self, session: Session) -> Path:
        """Return where the outcome of `session` goes."""
        return self.path / f"{session}.json"

    def read(self, session: Session) -> dict[str, Any]:
        """Return the outcome of `session`, empty where it was not run with this code."""
        try:
            outcome = json.loads(self.file(session).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        current = isinstance(outcome, dict) and outcome.get("identity") == self.identity
        return outcome if current else {}

    def done(self, session: Session) -> bool:
        """Return whether `session` need not be run: it was measured, or cannot be here."""
        return self.read(session).get("status") in (DONE, UNAVAILABLE)

    def entries(self, session: Session) -> list[Entry]:
        """Return what `session` measured; nothing where it was not run or failed."""
        return [Entry(**entry) for entry in self.read(session).get("entries", ())]

    def write(self, session: Session, outcome: Mapping[str, Any], entries: Iterable[Entry]) -> None:
        """Write the file of `session`, whole or not at all, and without paths of this machine."""
        values = [
            {name: value for name, value in asdict(entry).items() if value or name in _ALWAYS}
            for entry in entries
        ]
        described = {**asdict(session), "sources": [name for name, _ in session.sources]}
        own = {"format": FORMAT, "session": described, "identity": self.identity}
        text = json.dumps({**own, **outcome, "entries": values}, indent=1, allow_nan=False)
        self.path.mkdir(parents=True, exist_ok=True)
        partial = self.path / f".{session}.partial"
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(self.file(session))
        finally:
            partial.unlink(missing_ok=True)


class Watch:
    """Samples series, and knows how quiet the machine was since this was made."""

    def __init__(self, device: str) -> None:
        self._device, self._clock_share = device, 0.0
        self._start = _ticks(), time.process_time(), time.perf_counter()

    def sample(self, series: Series, base: str, budget: Budget, **how: Any) -> Sampled:
        """Sample `series` as `remedies.steps.sampling` does."""
        sampled = sample(series, base, budget, **how)
        self._clock_share = max(sampled.clock_share, self._clock_share)
        return sampled

    def health(self) -> dict[str, float]:
        """Return shares of 1: of the processors' time, and the clock's of the shortest sample.

        ``steal`` is what the hypervisor took and ``foreign_load`` what other processes used;
        ``throttled`` is 1 where the GPU is slowed down.
        """
        ticks, own, wall = self._start
        passed = [after - before for before, after in zip(ticks, _ticks(), strict=True)]
        total = sum(passed) or 1
        steal, idle = passed[_STEAL] / total, (passed[_IDLE] + passed[_IOWAIT]) / total
        used = (time.process_time() - own) / (time.perf_counter() - wall) / (os.cpu_count() or 1)
        foreign = max(0.0, 1 - idle - steal - used)
        shares = {"clock_share": self._clock_share, "steal": steal, "foreign_load": foreign}
        return shares | ({"throttled": float(gpu_throttled())} if self._device == "gpu" else {})


def _ticks() -> list[int]:
    """Return the processors' time by use, in ticks; zeros where the system does not say."""
    with suppress(OSError):
        return [int(word) for word in Path("/proc/stat").read_text("utf-8").split()[1:9]]
    return [0] * 8


def timed(
    stem: str, sampled: Sampled, name: str, base: str, axes: dict[str, Any]
) -> Iterator[Entry]:
    """Yield the ``stem_seconds`` of a series that is no placebo, and its ``stem_ratio`` to base."""
    if name != PLACEBO:
        yield Entry(f"{stem}_seconds", sampled.seconds(name), axes, rounds=sampled.rounds)
    if name != base:
        yield comparison(f"{stem}_ratio", sampled, name, base, axes)


def comparison(metric: str, sampled: Sampled, name: str, base: str, axes: dict[str, Any]) -> Entry:
    """Return the entry of one series of `sampled` compared with another, as `metric` does it."""
    compared = name, base, METRICS[metric].kind is Kind.RATIO
    value, error = sampled.compared(*compared), sampled.error(*compared)
    return Entry(metric, value, axes, error=error, rounds=sampled.rounds)


def identity(*parts: str) -> str:
    """Return a short name of the code and the cards of `benchmarks` and `remedies`, and `parts`."""
    import remedies

    digest = hashlib.sha256("\0".join(parts).encode())
    for package in (Path(__file__).parent, Path(remedies.__file__).parent):
        for file in sorted([*package.rglob("*.py"), *package.rglob("*.txtpb")]):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
