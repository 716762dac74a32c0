"""A session: what one fresh process measures of one cell, and the file that it leaves."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from remedies.metrics import METRICS, Kind
from remedies.steps.sampling import Sampled

FORMAT = 1
DONE, FAILED, UNAVAILABLE = "done", "failed", "unavailable"


@dataclass(frozen=True)
class Session:
    """What one fresh process measures; an axis without a bearing, or meant as a whole, is empty."""

    kind: str  # the module of `benchmarks` that measures it
    workload: str = ""
    device: str = "cpu"
    jit: str = ""
    batch: int = 0  # examples a step
    # Which of the processes that measure the same: the layout of a process shifts its times.
    launch: int = 0
    # ("base", folder) and ("head", folder) where two copies of the recipes are compared, and
    # (remedy, folder) where one is tried; each folder holds a folder a workload.
    sources: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        batch = f"batch{self.batch}" if self.batch else ""
        sources = "-".join(name for name, _ in self.sources)
        parts = (self.kind, self.workload, self.device, self.jit, batch, sources)
        launch = f"launch{self.launch}" if self.launch else ""
        return "-".join(part for part in (*parts, launch) if part)

    @property
    def axes(self) -> dict[str, str | int]:
        """Return the axes that hold for everything this session measures."""
        own = asdict(self)
        return {name: own[name] for name in ("workload", "device", "jit", "batch") if own[name]}

    def sibling(self, kind: str) -> Session:
        """Return the session of another `kind` in the same cell, in its first launch."""
        return replace(self, kind=kind, launch=0)


@dataclass
class Entry:
    """One value of one metric of `remedies.metrics.METRICS`."""

    metric: str
    value: float  # in the metric's unit; finite
    axes: dict[str, str | int] = field(default_factory=dict)  # those that the session does not fix
    text: str = ""  # what the number stands for, where the metric's definition says so
    error: float = 0.0  # standard error of a ratio or a difference within its launch, 0: not known
    rounds: int = 0  # samples that it is the median of; 0 where it is no median

    def __post_init__(self) -> None:
        if self.metric not in METRICS or not math.isfinite(self.value):
            raise ValueError(f"no entry: {self.metric} {self.value}")


@dataclass(frozen=True)
class Folder:
    """A folder of session files: those of one run, whichever machines and shards made them."""

    path: Path  # made when the first file is written
    identity: str  # of code and packages; a file with another one is as if it were not there

    def file(self, session: Session) -> Path:
        """Return where the outcome of `session` goes."""
        return self.path / f"{session}.json"

    def read(self, session: Session) -> dict[str, Any] | None:
        """Return the outcome of `session`, or None where it was not run with this code."""
        try:
            outcome = json.loads(self.file(session).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        current = isinstance(outcome, dict) and outcome.get("identity") == self.identity
        return outcome if current else None

    def done(self, session: Session) -> bool:
        """Return whether `session` need not be run: it was measured, or cannot be here."""
        outcome = self.read(session)
        return outcome is not None and outcome.get("status") in (DONE, UNAVAILABLE)

    def entries(self, session: Session) -> list[Entry]:
        """Return what `session` measured; nothing where it was not run or failed."""
        return [Entry(**entry) for entry in (self.read(session) or {}).get("entries", ())]

    def write(self, session: Session, outcome: Mapping[str, Any], entries: Iterable[Entry]) -> None:
        """Write the file of `session`, whole or not at all."""
        values = [_written(entry) for entry in entries]
        own = {"format": FORMAT, "session": _described(session), "identity": self.identity}
        write_whole(self.file(session), json.dumps({**own, **outcome, "entries": values}, indent=1))


def seconds(metric: str, sampled: Sampled, name: str, axes: dict[str, Any]) -> Entry:
    """Return the entry of what one series of `sampled` took."""
    return Entry(metric, sampled.seconds(name), axes, rounds=sampled.rounds)


def comparison(metric: str, sampled: Sampled, name: str, base: str, axes: dict[str, Any]) -> Entry:
    """Return the entry of one series of `sampled` compared with another, as `metric` does it."""
    ratio = METRICS[metric].kind is Kind.RATIO
    value = sampled.compared(name, base, ratio)
    return Entry(metric, value, axes, "", sampled.error(name, base, ratio), sampled.rounds)


def _written(entry: Entry) -> dict[str, Any]:
    """Return what is written of an entry: its text, error and rounds only where it has them."""
    own = asdict(entry)
    return {name: own[name] for name in own if own[name] or name in ("metric", "value", "axes")}


def _described(session: Session) -> dict[str, Any]:
    """Return the session's attributes without paths of this machine."""
    return {**asdict(session), "sources": [name for name, _ in session.sources]}


def identity(*parts: str) -> str:
    """Return a short name of the code and the cards of `benchmarks` and `remedies`, and `parts`."""
    import remedies

    digest = hashlib.sha256("\0".join(parts).encode())
    for package in (Path(__file__).parent, Path(remedies.__file__).parent):
        for file in sorted([*package.rglob("*.py"), *package.rglob("*.txtpb")]):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def write_whole(file: Path, text: str) -> None:
    """Write `text` to `file` so that a reader finds all of it or what was there before."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
