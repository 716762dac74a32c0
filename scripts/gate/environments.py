"""Two commits that pin other libraries: asv makes each an environment, and both run in turn.

One process cannot hold two versions of a library, so each side's ordinary sessions run in its own
environment: exact evidence first, then launches in turn, A B B A.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.session import Session
from reports.gate import runs
from reports.gate.verdict import Row
from scripts.gate.commits import NAMES, CommitError
from scripts.gate.recipe_check import EXACT, ROOT, TIMED, Comparison, say

LEAST, LAUNCHES = 2, 8


class InTurn(Comparison):
    """Runs both sides' ordinary sessions, each in an environment of its own."""

    def run(self) -> list[Row]:
        """Return a row for everything that was compared, or could not be."""
        pythons = {name: self._environment(name) for name in NAMES}
        every = [self.session(kind, name) for name in self.workloads for kind in EXACT]
        every += [Session("recipes"), Session("situations", device=self.device)]
        for name in NAMES:
            self._run(name, pythons[name], every)
        for launch in range(LAUNCHES):
            if launch >= LEAST and time.time() >= self.deadline:
                break
            every = [self.session(kind, name, launch=launch)
                     for name in self.workloads for kind in TIMED]  # fmt: skip
            for name in NAMES[:: 1 if launch % 2 == 0 else -1]:
                self._run(name, pythons[name], every)
        base, head = (self.read(self.work / name / "sessions") for name in NAMES)
        self.differs = runs.differs(base, head)
        return runs.compare(base, head)

    def _environment(self, name: str) -> Path:
        """Have asv make the environment that a side pins, and return its Python."""
        from asv.config import Config
        from asv.environment import get_environments

        say(f"{name}: making the environment that it pins")
        lock, matrix = self.pins[name]
        folder = self.work.parent / "environments" / self._mark(name)
        installed, partial = folder / "lock.txt", folder / "lock.partial"
        given = json.loads((ROOT / "asv.conf.json").read_text("utf-8"))
        given |= {"matrix": json.loads(matrix), "repo": str(ROOT), "env_dir": str(folder)}
        given |= {"pythons": ["{}.{}".format(*sys.version_info)]}
        try:
            [environment] = get_environments(Config.from_json(given), [], verbose=False)
            environment.create()
            if lock and not installed.exists():
                partial.write_text(lock, encoding="utf-8")
                words = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(partial)]
                environment.run(words, timeout=1800)
                partial.rename(installed)
        except Exception as error:  # asv raises what pip and virtualenv raise
            reason = " ".join(str(error).split())[:300]
            raise CommitError(f"asv made no environment of {name}: {reason}") from error
        return Path(environment._path, "bin", "python")

    def _mark(self, name: str) -> str:
        """Return a short name that only equal pins have."""
        return hashlib.sha256("\0".join(self.pins[name]).encode()).hexdigest()[:12]

    def _run(self, name: str, python: Path, sessions: Sequence[Session]) -> None:
        """Run sessions of this checkout's code, with a side's workloads in place of its own."""
        code = self.work / name / "code"
        shutil.rmtree(code, ignore_errors=True)
        for package in ("benchmarks", "remedies"):
            shutil.copytree(ROOT / package, code / package)
        for data in self.folders[name].glob("*/data.py"):
            shutil.rmtree(code / "remedies" / data.parent.name, ignore_errors=True)
            shutil.copytree(data.parent, code / "remedies" / data.parent.name)
        worker = ["env", f"PYTHONPATH={code}", str(python), str(code / "benchmarks" / "worker.py")]
        self.measure(sessions, self.work / name / "sessions", [self._mark(name)], worker)
