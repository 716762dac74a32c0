"""A whole measurement: which sessions it has, in which folder, and when it may stop."""

import os
import platform
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.plan import TIMED, Shard, exact, launches
from benchmarks.runner import Progress, alone, run
from benchmarks.session import Folder, Session, identity
from benchmarks.settings import SETTINGS, Setting, setting
from remedies.devices import facts
from remedies.intervals import DECIDED
from remedies.registry import PLACEBO, require
from remedies.workloads import WORKLOADS, own

ROOT = Path(__file__).parents[1]
SETTING_VARIABLE = "REMEDIES_SETTING"
MOST_AT_ONCE = 4  # each takes about a gigabyte


@dataclass
class Measurement:
    """One run of the suite.

    By default its session files go to a folder below ``.asv/sessions`` that is named by the
    setting, the code and the packages.
    """

    name: str  # of the setting
    kinds: tuple[str, ...] = ()  # of session that it has; empty for all
    shard: Shard = field(default_factory=Shard)
    path: Path | None = None

    def __post_init__(self) -> None:
        require("setting", self.name, SETTINGS)
        packages = [f"{name} {value}" for name, value in facts().items() if name in _DECIDING]
        mark = identity(self.name, *packages, *_users_code())
        path = self.path or ROOT / ".asv" / "sessions" / f"{self.name}-{mark}"
        self.folder = Folder(path.resolve(), mark)

    @property
    def setting(self) -> Setting:
        """Return how much is measured."""
        return setting(self.name)

    def rounds(self) -> Iterator[list[Session]]:
        """Yield the sessions to run next: first the exact ones, then launch after launch.

        Beyond the setting's fewest launches only cells with an undecided comparison get more, and
        only what should end in time.
        """
        began = time.monotonic()
        yield self._own(exact(self.setting))
        every = [self._own(launch) for launch in launches(self.setting)]
        first = [session for sessions in every[: self.setting.least] for session in sessions]
        yield [session for session in first if not _alone(session)]
        yield [session for session in first if _alone(session)]
        for sessions in every[self.setting.least :]:
            # More launches than the fewest decide nothing of the bare kernels' speeds.
            asked = self.undecided([s for s in sessions if s.kind != "kernels"])
            for together in _in_turn(asked):
                took = max(self._took(session) for session in together)
                in_time = time.monotonic() - began + took <= self.setting.seconds
                yield [s for s in together if in_time or self.folder.done(s)]

    def _took(self, session: Session) -> float:
        """Return the seconds that the first launch of `session` took."""
        return float((self.folder.read(replace(session, launch=0)) or {}).get("seconds", 0))

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
        frame = latest(read(self.folder.path))[0].frame
        frame = frame[frame["identity"] == self.folder.identity]
        judged = judge(frame, looks=self.setting.launches - self.setting.least + 1)
        asked = judged[~judged["word"].isin(DECIDED) & (judged["remedy"] != PLACEBO)]
        asked = asked.to_dict("records")
        return [
            session
            for session in sessions
            if any(
                row["metric"] in metrics[session] and session.axes.items() <= row.items()
                for row in asked
            )
        ]

    def run(self, progress: Progress) -> dict[Session, str]:
        """Run what is missing, and return why each failed session did.

        Raises
        ------
        InUseError
            Where another run works in the same folder.
        OSError
            Where the disk is full.
        """
        os.environ["REMEDIES_MACHINE"] = os.environ.get("REMEDIES_MACHINE") or platform.node()
        os.environ["REMEDIES_COMMIT"] = os.environ.get("ASV_COMMIT") or commit()
        failures: dict[Session, str] = {}
        with alone(self.folder.path, str(self.shard)):
            for sessions in self.rounds():
                failures |= run(
                    sessions, self.folder, self.name, progress, at_once=at_once(sessions)
                )
        return failures

    def planned(self) -> list[Session]:
        """Return every session that there may be, in the order of running."""
        timed = [session for launch in launches(self.setting) for session in launch]
        return self._own([*exact(self.setting), *timed])

    def finished(self) -> int:
        """Return how many sessions need not be run any more."""
        return sum(self.folder.done(session) for session in self.planned())

    def _own(self, sessions: Sequence[Session] | Iterator[Session]) -> list[Session]:
        return [
            session
            for session in sessions
            if (not self.kinds or session.kind in self.kinds) and self.shard.holds(session)
        ]


# What decides, beside the code, whether a value measured before still holds.
_DECIDING = ("python", "tensorflow", "tensorflow-cpu", "keras", "numpy", "cpu", "XLA_FLAGS",
             "jax-cuda13-pjrt", "TF_XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS")  # fmt: skip


def _users_code() -> list[str]:
    """Return the text of the users' workloads: a value measured with another one is no more."""
    files = [file for name in own() for file in sorted(WORKLOADS[name].folder.rglob("*.py"))]
    return [file.read_text(encoding="utf-8") for file in files]


def _alone(session: Session) -> bool:
    """Return whether `session` runs with no other beside it.

    Exact evidence does not depend on what else the machine does. On a CPU steps are timed by the
    processor seconds of one thread, which other processes hardly change.
    """
    shared = session.kind == "step_times" and session.device == "cpu"
    return session.device == "gpu" or (session.kind in TIMED and not shared)


def _in_turn(sessions: Sequence[Session]) -> Iterator[list[Session]]:
    """Yield which of `sessions` run side by side, in turn."""
    shared = [session for session in sessions if not _alone(session)]
    most = at_once(shared)
    yield from (shared[start : start + most] for start in range(0, len(shared), most))
    yield from ([session] for session in sessions if _alone(session))


def at_once(sessions: Sequence[Session]) -> int:
    """Return how many of `sessions` run side by side."""
    return 1 if any(map(_alone, sessions)) else max(1, min(MOST_AT_ONCE, os.cpu_count() or 1))


def current_setting() -> str:
    """Return the setting's name from the environment; ``default`` where there is none."""
    return os.environ.get(SETTING_VARIABLE, "default")


def commit() -> str:
    """Return the commit of this checkout; empty where it is none."""
    command = ["git", "rev-parse", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else ""
