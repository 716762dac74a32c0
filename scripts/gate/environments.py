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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.session import Session, identity
from remedies import WORKLOADS
from reports import frame
from reports.gate import runs
from reports.gate.verdict import Row
from scripts.gate.check import SETTING, say
from scripts.gate.commits import NAMES, Pins

ROOT = Path(__file__).parents[2]
LEAST, LAUNCHES = 2, 8
_RUN = """\
import json, sys
from pathlib import Path
from benchmarks.runner import run
from benchmarks.session import Folder, Session
sessions = [Session(**{**each, "sources": ()}) for each in json.load(sys.stdin)]
folder = Folder(Path(sys.argv[1]), sys.argv[2])
folder.path.mkdir(parents=True, exist_ok=True)
run(sessions, folder, sys.argv[3], lambda *said: print(*said, file=sys.stderr, flush=True))
"""


class NoEnvironmentError(RuntimeError):
    """An environment could not be made or used; the message is one line that says which."""


@dataclass(frozen=True)
class Sides:
    """Both sides' ordinary sessions, each in an environment of its own.

    Attributes
    ----------
    folders, pins : mapping
        ``base`` and ``head`` -> that side's workloads, and what it pins its libraries to.
    work : Path
        Keeps session files, so that the same check goes on.
    deadline : float
        Seconds since the epoch after which no launch is started.
    """

    folders: Mapping[str, Path]
    pins: Mapping[str, Pins]
    device: str
    work: Path
    deadline: float

    def run(self, workloads: Sequence[str]) -> tuple[list[Row], tuple[str, ...], list[str]]:
        """Return all rows, the packages that differ, and a line for each session that failed."""
        pythons = {name: self._environment(name) for name in NAMES}
        exact = [
            Session("recipes"),
            Session("situations"),
            *self._sessions(workloads, "identity", "fidelity"),
        ]
        for name in NAMES:
            self._run(name, pythons[name], exact)
        for launch in range(LAUNCHES):
            if launch >= LEAST and time.time() >= self.deadline:
                break
            timed = self._sessions(workloads, "step_times", "saving", launch=launch)
            for name in NAMES[:: 1 if launch % 2 == 0 else -1]:
                self._run(name, pythons[name], timed)
        base, head = (frame.latest(frame.read(self._store(name)))[0] for name in NAMES)
        failed = [*base.failures, *head.failures]
        notes = [f"{session}: {reason}" for session, reason in failed]
        return runs.compare(base, head), runs.differs(base, head), notes

    def _sessions(self, workloads: Sequence[str], *kinds: str, launch: int = 0) -> list[Session]:
        batches = {name: WORKLOADS[name].batch for name in workloads}
        return [
            Session(kind, name, self.device, launch=launch,
                    batch=batches[name] if kind in ("identity", "step_times") else 0)
            for name in workloads for kind in kinds
        ]  # fmt: skip

    def _store(self, name: str) -> Path:
        return self.work / f"sessions-{name}"

    def _environment(self, name: str) -> Path:
        """Have asv make the environment that a side pins, and return its Python."""
        from asv.config import Config
        from asv.environment import get_environments

        say(f"{name}: making the environment that it pins")
        pins = self.pins[name]
        folder = self.work.parent / "environments" / pins.name
        given = json.loads((ROOT / "asv.conf.json").read_text("utf-8"))
        given |= {"matrix": json.loads(pins.matrix), "repo": str(ROOT), "env_dir": str(folder)}
        given |= {"pythons": ["{}.{}".format(*sys.version_info)]}
        lock, partial = folder / "lock.txt", folder / "lock.partial"
        try:
            [environment] = get_environments(Config.from_json(given), [], verbose=False)
            environment.create()
            if pins.lock and not lock.exists():
                partial.write_text(pins.lock, encoding="utf-8")
                words = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(partial)]
                environment.run(words, timeout=1800)
                partial.rename(lock)
        except Exception as error:  # asv raises what pip and virtualenv raise
            reason = " ".join(str(error).split())[:300]
            raise NoEnvironmentError(f"asv made no environment of {name}: {reason}") from error
        return Path(environment._path, "bin", "python")

    def _code(self, name: str) -> Path:
        """Return this checkout's code with the workloads of a side in place of its own."""
        code = self.work / f"code-{name}"
        for package in ("benchmarks", "remedies"):
            shutil.rmtree(code / package, ignore_errors=True)
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, code / package, ignore=ignore)
        for data in self.folders[name].glob("*/data.py"):
            shutil.rmtree(code / "remedies" / data.parent.name, ignore_errors=True)
            shutil.copytree(data.parent, code / "remedies" / data.parent.name)
        return code

    def _run(self, name: str, python: Path, sessions: Sequence[Session]) -> None:
        code, mark = self._code(name), identity("gate", self.pins[name].name)
        known = {"PYTHONPATH": str(code), "REMEDIES_MACHINE": os.uname().nodename}
        done = subprocess.run(  # noqa: S603 - our own code, in asv's environment
            [str(python), "-c", _RUN, str(self._store(name)), mark, SETTING], cwd=code, text=True,
            env=os.environ | known, input=json.dumps([asdict(session) for session in sessions]),
        )  # fmt: skip
        if done.returncode:
            raise NoEnvironmentError(f"{name}: its sessions ended with status {done.returncode}")
