"""A whole measurement: which sessions it has, in which folder, and when it may stop."""

import os
import platform
import subprocess
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.runner import Progress, alone, run
from benchmarks.session import Folder, Session, identity
from benchmarks.settings import SETTINGS, TIMED, setting
from remedies.devices import facts
from remedies.intervals import DECIDED
from remedies.registry import PLACEBO, WORKLOADS, own, require

ROOT = Path(__file__).parents[1]
MOST_AT_ONCE = 4  # each takes about a gigabyte
# What decides, beside the code, whether a value measured before still holds.
_DECIDING = ("python", "tensorflow", "tensorflow-cpu", "keras", "numpy", "cpu", "XLA_FLAGS",
             "jax-cuda13-pjrt", "TF_XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS")  # fmt: skip


class Shard(NamedTuple):
    """One part of a run: the `part`-th of `total`, from 1."""

    part: int = 1
    total: int = 1

    def holds(self, session: Session) -> bool:
        """Return whether `session` is of this part; all of one cell are, for they build on it."""
        cell = f"{session.workload} {session.batch} {session.device}"
        return zlib.crc32(cell.encode()) % self.total == self.part - 1


WHOLE = Shard()


@dataclass
class Measurement:
    """One run of the suite.

    By default its session files go to a folder below ``.asv/sessions`` that is named by the
    setting, the code (a user's workloads too) and the packages.
    """

    name: str  # of the setting
    kinds: tuple[str, ...] = ()  # of session that it has; empty for all
    shard: Shard = WHOLE
    path: Path | None = None

    def __post_init__(self) -> None:
        require("setting", self.name, SETTINGS)
        self.setting = setting(self.name)
        packages = [f"{name} {value}" for name, value in facts().items() if name in _DECIDING]
        files = [file for name in own() for file in sorted(WORKLOADS[name].folder.rglob("*.py"))]
        mark = identity(self.name, *packages, *(file.read_text("utf-8") for file in files))
        path = self.path or ROOT / ".asv" / "sessions" / f"{self.name}-{mark}"
        self.folder = Folder(path.resolve(), mark)

    def planned(self) -> list[Session]:
        """Return every session that there may be, in the order of running."""
        return [
            session
            for session in self.setting.sessions()
            if (not self.kinds or session.kind in self.kinds) and self.shard.holds(session)
        ]

    def finished(self) -> int:
        """Return how many sessions need not be run any more."""
        return sum(map(self.folder.done, self.planned()))

    def rounds(self) -> Iterator[list[Session]]:
        """Yield the sessions to run next: first the exact ones, then launch after launch.

        Beyond the setting's fewest launches only cells with an undecided comparison get more, and
        only what should end in time.
        """
        began, planned, least = time.monotonic(), self.planned(), self.setting.least
        yield [session for session in planned if session.kind not in TIMED]
        yield from _parted(s for s in planned if s.kind in TIMED and s.launch < least)
        for launch in range(least, self.setting.launches):
            # More launches than the fewest decide nothing of the bare kernels' speeds.
            every = [s for s in planned if s.launch == launch and s.kind != "kernels"]
            for sessions in _parted(self.undecided(every)):
                most = at_once(sessions)
                for start in range(0, len(sessions), most):
                    together = sessions[start : start + most]
                    before = (self.folder.read(replace(s, launch=0)) for s in together)
                    took = max(float(outcome.get("seconds", 0)) for outcome in before)
                    if time.monotonic() - began + took <= self.setting.seconds:
                        yield together

    def undecided(self, sessions: Sequence[Session]) -> list[Session]:
        """Return those of `sessions` whose earlier launches leave a comparison undecided.

        The report's own function judges them. Each look may stop at a lucky streak, so it is told
        how many there may be.
        """
        from reports.frame import latest, read  # here, for pandas takes a second
        from reports.judge import judge

        metrics = {
            s: {entry.metric for entry in self.folder.entries(replace(s, launch=0))}
            for s in sessions
        }
        if not any(metrics.values()):
            return []
        frame = latest(read(self.folder.path)).frame
        frame = frame[frame["identity"] == self.folder.identity]
        judged = judge(frame, looks=self.setting.launches - self.setting.least + 1)
        asked = judged[~judged["word"].isin(DECIDED) & (judged["remedy"] != PLACEBO)]
        rows = asked.to_dict("records")
        return [
            session
            for session, own in metrics.items()
            if any(row["metric"] in own and session.axes.items() <= row.items() for row in rows)
        ]

    def run(self, progress: Progress) -> dict[Session, str]:
        """Run what is missing, and return why each failed session did.

        Raises `InUseError` where another run works in the same folder, and `OSError` where the disk
        is full.
        """
        os.environ["REMEDIES_MACHINE"] = os.environ.get("REMEDIES_MACHINE") or platform.node()
        os.environ["REMEDIES_COMMIT"] = os.environ.get("ASV_COMMIT") or commit()
        failures: dict[Session, str] = {}
        with alone(self.folder.path, "-{}-of-{}".format(*self.shard)):
            for sessions in self.rounds():
                most = at_once(sessions)
                failures |= run(sessions, self.folder, self.name, progress, at_once=most)
        return failures


def _alone(session: Session) -> bool:
    """Return whether `session` runs with no other beside it.

    Exact evidence does not depend on what else the machine does. On a CPU steps are timed by the
    processor seconds of one thread, which other processes hardly change.
    """
    shared = session.kind == "step_times" and session.device == "cpu"
    return session.device == "gpu" or (session.kind in TIMED and not shared)


def _parted(sessions: Iterable[Session]) -> tuple[list[Session], list[Session]]:
    """Return those of `sessions` that may run side by side, and those that run alone."""
    parts: tuple[list[Session], list[Session]] = [], []
    for session in sessions:
        parts[_alone(session)].append(session)
    return parts


def at_once(sessions: Sequence[Session]) -> int:
    """Return how many of `sessions` run side by side."""
    return 1 if any(map(_alone, sessions)) else max(1, min(MOST_AT_ONCE, os.cpu_count() or 1))


def commit() -> str:
    """Return the commit of this checkout; empty where it is none."""
    command = ["git", "rev-parse", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()
