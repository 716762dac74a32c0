"""Two commits compared, side by side or each in an environment of its own: ``scripts/pr_check``."""

import argparse
import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.runner import alone, run
from benchmarks.session import Folder, Session, identity
from benchmarks.settings import targets
from remedies import REFERENCE, WORKLOADS
from remedies.devices import DEVICES, facts, missing
from remedies.intervals import Word
from reports import frame
from reports.__main__ import LAYOUT
from reports.gate.comment import whole
from reports.gate.runs import FILES, LAUNCHES, compare, compare_pairs, differs
from reports.gate.verdict import COULD_NOT_JUDGE, NOT_COMPARED, PACKAGES, Reason, Row, conclude
from scripts.pull_request.commits import NAMES, Recipe, export, freeze, pins, recipes

ROOT = Path(__file__).parents[2]
EXACT, TIMED = ("identity", "fidelity"), ("step_times", "saving")
# The sides that hold a recipe, and those on which it does not run -> what is said of it.
HOLDING = {("head",): "appeared", ("base",): "disappeared", NAMES: "equal"}
FAILING = {("head",): "broken", ("base",): "mended", NAMES: NOT_COMPARED}
LEAST_IN_TURN, MOST_IN_TURN = 2, 8  # launches


@dataclass
class Comparison:
    """What two commits are compared by, and how."""

    folders: Mapping[str, Path]  # of each side's workloads
    pins: Mapping[str, str]
    device: str
    work: Path  # keeps what was measured, so that the same check goes on
    deadline: float  # in seconds since the epoch; after it no launch starts but the first
    notes: list[str] = field(default_factory=list)  # a line for each thing that failed
    differs: list[str] = field(default_factory=list)  # packages with another version on each side

    def session(self, kind: str, workload: str, **fields: Any) -> Session:
        """Return a session of the workload's own batch size."""
        batch = WORKLOADS[workload].batch if kind in ("identity", "programs", "step_times") else 0
        return Session(kind, workload, **{"device": self.device, **fields}, batch=batch)

    def measure(
        self, sessions: Sequence[Session], side: str, marks: Iterable[str], **more: Any
    ) -> dict[Session, str]:
        """Run those of `sessions` that are not done, and return why those that failed did.

        What was done with other code, or other `marks`, is done again.
        """
        folder = Folder(self.work / side / "sessions", identity("gate", *marks))
        folder.path.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("REMEDIES_MACHINE", os.uname().nodename)
        progress = partial(print, f"{side}:", file=sys.stderr)
        failures = run(sessions, folder, "default", progress, **more)
        self.notes += [f"{side}: {session}: {reason}" for session, reason in failures.items()]
        return failures

    def read(self, side: str) -> frame.Run:
        """Return what was measured with the current code."""
        current = frame.latest(frame.read(self.work / side / "sessions"))
        self.notes += current.problems
        return current


class SideBySide(Comparison):
    """Measures the recipes that differ, base's and head's in one process: their pins are equal."""

    def run(self) -> list[Row]:
        held = {name: recipes(self.folders[name]) for name in NAMES}
        base, head = held["base"], held["head"]
        changed = [each for each in head if head[each] != base.get(each)]
        both = [each for each in changed if each in base]
        broken = {"base": self._broken("base", both), "head": self._broken("head", changed)}
        timed = {*both} - broken["base"] - broken["head"]
        rows = []
        for each in (each for each in base | head if each not in timed):
            holding = tuple(name for name in NAMES if each in held[name])
            failing = tuple(name for name in NAMES if each in broken[name])
            reason = Reason.NOT_RUN.value if "head" in failing else ""
            word = FAILING.get(failing, HOLDING[holding])
            rows.append(Row("recipe_lines", word, each.workload, remedy=each.remedy,
                            reason=reason, blocks=failing == NAMES))  # fmt: skip
        return rows + (self._measured(timed) if timed else [])

    def _broken(self, name: str, asked: Iterable[Recipe]) -> set[Recipe]:
        folder = str(self.folders[name])
        tries = [
            Session("dry_run", workload, self.device, sources=((remedy, folder),))
            for workload, remedy in asked
        ]
        failures = self.measure(tries, name, (), at_once=os.cpu_count())
        return {Recipe(each.workload, each.sources[0][0]) for each in failures}

    def _measured(self, timed: set[Recipe]) -> list[Row]:
        """Measure exact things first, then launch after launch until all is decided."""
        for folder in self.folders.values():
            for each in recipes(folder):
                if each not in timed and each.remedy != REFERENCE:  # equal ones need no clock
                    (folder / each.workload / f"{each.remedy}.py").unlink()
        workloads = sorted({each.workload for each in timed})
        self.launch(product(EXACT, workloads))
        for target in targets():
            self.launch(product(["programs"], workloads), device=target)
        exact = [row for row in self._compared(timed) if row.kind != "times"]
        if any(row.regressed for row in exact):  # no clock can change that
            return exact
        todo = [*product(TIMED, workloads)]
        for launch in range(LAUNCHES[-1]):
            if not todo or (launch and time.time() >= self.deadline):
                break
            self.launch(todo, launch=launch)
            if launch + 1 in LAUNCHES:
                todo = undecided(self._compared(timed))
        return self._compared(timed)

    def _compared(self, timed: set[Recipe]) -> list[Row]:
        every = compare_pairs(self.read("both"))
        return [row for row in every if not row.remedy or (row.workload, row.remedy) in timed]

    def launch(self, cells: Iterable[tuple[str, str]], **fields: Any) -> None:
        """Run a session of each kind and workload, of both sides' recipes in one process."""
        fields["sources"] = tuple((name, str(self.folders[name])) for name in NAMES)
        sessions = [self.session(kind, name, **fields) for kind, name in cells]
        packages = [f"{name} {value}" for name, value in facts().items() if name in PACKAGES]
        self.measure(sessions, "both", packages)


def undecided(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Return which sessions, by kind and workload, would tell more of what is undecided."""
    kinds = dict.fromkeys(FILES, "saving")
    own = (row for row in rows if row.word == Word.UNDECIDED)
    return sorted({(kinds.get(row.metric, "step_times"), row.workload) for row in own})


class InTurn(Comparison):
    """Runs both sides' ordinary sessions, each in the environment that asv makes of its pins."""

    # One process cannot hold two versions of a library: exact evidence first, then launches in
    # turn, A B B A.

    def run(self) -> list[Row]:
        pythons = {name: self._environment(name) for name in NAMES}
        every = [self.session(kind, name) for name in WORKLOADS for kind in EXACT]
        every += [Session("recipes"), Session("situations", device=self.device)]
        for launch in range(MOST_IN_TURN):
            if launch >= LEAST_IN_TURN and time.time() >= self.deadline:
                break
            every += [self.session(kind, name, launch=launch)
                      for name in WORKLOADS for kind in TIMED]  # fmt: skip
            for name in NAMES[:: 1 if launch % 2 == 0 else -1]:
                self._run(name, pythons[name], every)
            every = []
        base, head = map(self.read, NAMES)
        self.differs = differs(base, head)
        return compare(base, head)

    def _environment(self, name: str) -> Path:
        from asv.config import Config
        from asv.environment import get_environments

        print(f"{name}: making the environment that it pins", file=sys.stderr)
        mark = hashlib.sha256(self.pins[name].encode()).hexdigest()[:12]
        folder = self.work.parent / "environments" / mark
        own = {"repo": str(ROOT), "env_dir": str(folder), "environment_type": "virtualenv"}
        [environment] = get_environments(Config.from_json(own), [], verbose=False)
        environment.create()
        lock = folder / "lock.txt"
        lock.write_text(self.pins[name], encoding="utf-8")
        words = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
        environment.run(words, timeout=1800)
        return Path(environment._path, "bin", "python")

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
        self.measure(sessions, name, [self.pins[name]], command=worker)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check two commits, print the verdict as Markdown, and return its exit status."""
    options = argparse.ArgumentParser("scripts/pr_check", **LAYOUT)
    options.add_argument("base", metavar="BASE")
    options.add_argument("head", metavar="HEAD")
    options.add_argument("--budget", type=float, default=15.0)
    options.add_argument("--device", choices=DEVICES, default="cpu")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args(arguments)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        return _check(chosen)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except Exception as problem:  # whatever it is, Python's own status would say "regressed"
        print("could not judge:", " ".join(str(problem).split())[:300], file=sys.stderr)
        return COULD_NOT_JUDGE


def _check(chosen: argparse.Namespace) -> int:
    deadline = time.time() + 60 * chosen.budget
    commits = freeze(chosen.base, chosen.head)
    if reason := missing(chosen.device):
        raise ValueError(f"cannot check on the {chosen.device}: {reason}")
    name = "-".join([*(commit[:12] for commit in commits.values()), chosen.device])
    work = Path(".asv", "checks", name).resolve()
    os.environ["REMEDIES_COMMIT"] = commits["head"]
    with alone(work):
        folders = {name: export(commit, work / name) for name, commit in commits.items()}
        locks = {name: pins(commit, chosen.device) for name, commit in commits.items()}
        kind = SideBySide if locks["base"] == locks["head"] else InTurn
        check = kind(folders, locks, chosen.device, work, deadline)
        rows = check.run()
    verdict = conclude(rows, device=chosen.device, differs=check.differs, **commits)
    if chosen.json:
        chosen.json.write_text(verdict.as_json(), encoding="utf-8")
    print(whole(verdict, check.notes))
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
