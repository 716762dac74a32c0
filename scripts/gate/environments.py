"""Two commits that pin other libraries: asv makes each an environment, and both run in turn.

One process cannot hold two versions of a library, so each side's ordinary sessions run in its own
environment: exact evidence first, then launches in turn, A B B A.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.session import Session, identity
from remedies import WORKLOADS
from reports import frame
from reports.gate import runs
from reports.gate.verdict import Row
from scripts.gate.commits import Pins

ROOT = Path(__file__).parents[2]
LAUNCHES = 8
_SETTING = "default"
_RUN = """\
import json, sys
from pathlib import Path
from benchmarks.runner import run
from benchmarks.session import Folder, Session
sessions = [Session(**{**each, "sources": ()}) for each in json.load(sys.stdin)]
folder = Folder(Path(sys.argv[1]), sys.argv[2])
folder.path.mkdir(parents=True, exist_ok=True)
run(sessions, folder, sys.argv[3], lambda *said: print(*said, flush=True))
"""


class NoEnvironmentError(RuntimeError):
    """asv could not make an environment; the message is one line that says which."""


@dataclass(frozen=True)
class Sides:
    """Both sides' ordinary sessions, each in an environment of its own.

    Attributes
    ----------
    folders : mapping of str to Path
        ``base`` and ``head`` -> the folder of that side's workloads.
    pins : mapping of str to Pins
        ``base`` and ``head`` -> what that commit pins its libraries to.
    work : Path
        Keeps environments and session files, so that the same check goes on.
    deadline : float
        Seconds since the epoch after which no launch is started.
    say : callable
        Is given a line about what is being done.
    """

    folders: Mapping[str, Path]
    pins: Mapping[str, Pins]
    work: Path
    deadline: float
    say: Callable[[str], None] = lambda _: None

    def run(self, workloads: Sequence[str]) -> tuple[list[Row], tuple[str, ...], list[str]]:
        """Return all rows, the packages that differ, and a line for each session that failed."""
        pythons = {name: self._environment(name) for name in self.folders}
        names = workloads or tuple(WORKLOADS)
        exact = [Session("recipes")]
        for name in names:
            exact += [Session("identity", name, batch=WORKLOADS[name].batch),
                      Session("fidelity", name)]  # fmt: skip
        for side in pythons:
            self._sessions(side, pythons[side], exact)
        for launch in range(LAUNCHES):
            if time.time() >= self.deadline and launch >= 2:
                break
            for side in [*pythons][:: 1 if launch % 2 == 0 else -1]:
                self._sessions(side, pythons[side], _timed(names, launch))
        sides = [frame.latest(frame.read(self._store(name)))[0] for name in self.folders]
        notes = [
            f"{side}, {session}: {reason}"
            for side, run in zip(self.folders, sides, strict=True)
            for session, reason in run.failures
        ]
        return runs.compare(*sides), runs.differs(*sides), notes

    def _store(self, side: str) -> Path:
        return self.work / f"sessions-{side}"

    def _environment(self, side: str) -> Path:
        """Have asv make the environment that a side pins, and return its Python."""
        from asv.config import Config
        from asv.environment import get_environments

        self.say(f"{side}: making the environment that it pins")
        given = json.loads((ROOT / "asv.conf.json").read_text("utf-8"))
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        pins = self.pins[side]
        folder = self.work.parent / "environments" / pins.name
        given |= {"matrix": json.loads(pins.matrix), "pythons": [version], "repo": str(ROOT)}
        given |= {"env_dir": str(folder)}
        lock = folder / "lock.txt"
        try:
            [environment] = get_environments(Config.from_json(given), [], verbose=False)
            environment.create()
            if pins.lock and not lock.exists():
                partial = folder / "lock.partial"
                partial.write_text(pins.lock, encoding="utf-8")
                words = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(partial)]
                environment.run(words, timeout=1800)
                partial.rename(lock)
        except Exception as error:  # asv raises what pip and virtualenv raise
            reason = " ".join(str(error).split())[:300]
            raise NoEnvironmentError(f"asv made no environment of {side}: {reason}") from error
        return Path(environment._path, "bin", "python")

    def _code(self, side: str) -> Path:
        """Return this checkout's code with the workloads of a side in place of its own."""
        code = self.work / f"code-{side}"
        shutil.rmtree(code, ignore_errors=True)
        for package in ("benchmarks", "remedies"):
            skipped = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, code / package, ignore=skipped)
        for data in self.folders[side].glob("*/data.py"):
            own = code / "remedies" / data.parent.name
            shutil.rmtree(own, ignore_errors=True)
            shutil.copytree(data.parent, own)
        return code

    def _sessions(self, side: str, python: Path, sessions: Sequence[Session]) -> None:
        code = self._code(side)
        known = {"PYTHONPATH": str(code), "REMEDIES_MACHINE": os.uname().nodename}
        mark = identity("gate", self.pins[side].name)
        process = subprocess.Popen(  # noqa: S603 - our own code, in asv's environment
            [str(python), "-c", _RUN, str(self._store(side)), mark, _SETTING],
            cwd=code, env=os.environ | known, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin and process.stdout  # noqa: S101 - pipes, for mypy
        process.stdin.write(json.dumps([asdict(session) for session in sessions]))
        process.stdin.close()
        for line in process.stdout:
            self.say(f"{side}, {line.rstrip()}")
        if status := process.wait():
            raise NoEnvironmentError(f"{side}: its sessions ended with status {status}")


def _timed(workloads: Sequence[str], launch: int) -> list[Session]:
    made = [Session("step_times", name, batch=WORKLOADS[name].batch, launch=launch)
            for name in workloads]  # fmt: skip
    return made + [Session("saving", name, launch=launch) for name in workloads]
