"""The check of two commits that pin the same libraries: what differs is measured, nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.plan import targets
from benchmarks.runner import run
from benchmarks.session import Folder, Session, identity
from remedies import REFERENCE, WORKLOADS
from remedies.environment import facts
from reports import frame
from reports.gate.runs import LAUNCHES, compare_pairs
from reports.gate.verdict import PACKAGES, Finding, Reason, Row
from scripts.gate.commits import NAMES, Recipe, recipes

ROOT = Path(__file__).parents[2]
SETTING = "default"
EXACT, TIMED = ("identity", "fidelity"), ("step_times", "saving")
TIMEOUT = 300


@dataclass
class Comparison:
    """What two commits are compared by: each side's workloads (`folders`) and `pins`.

    `work` keeps what was measured, so that the same check goes on; no launch starts after
    `deadline`, in seconds since the epoch. `notes` has a line for each thing that failed and
    `problems` for each unusable file; `differs` are packages with another version on each side.
    """

    folders: Mapping[str, Path]
    pins: Mapping[str, tuple[str, str]]
    device: str
    work: Path
    deadline: float
    workloads: tuple[str, ...] = tuple(WORKLOADS)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    differs: tuple[str, ...] = ()

    def session(self, kind: str, workload: str, **fields: Any) -> Session:
        """Return a session of the workload's own batch size."""
        batch = WORKLOADS[workload].batch if kind in ("identity", "programs", "step_times") else 0
        return Session(kind, workload, **{"device": self.device, **fields}, batch=batch)

    def measure(
        self,
        sessions: Sequence[Session],
        folder: Path,
        marks: Iterable[str],
        worker: Sequence[str] = (),
    ) -> None:
        """Run those of `sessions` that `folder` lacks; the code and `marks` are its identity."""
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("REMEDIES_MACHINE", os.uname().nodename)
        failures = run(sessions, Folder(folder, identity("gate", *marks)), SETTING, say, worker)
        self.notes += [f"{session}: {reason}" for session, reason in failures.items()]

    def read(self, folder: Path) -> frame.Run:
        """Return what was measured with the current code."""
        current, _ = frame.latest(frame.read(folder))
        self.problems += current.problems
        return current


class Check(Comparison):
    """Measures the recipes that differ, base's and head's side by side in each process."""

    def run(self) -> list[Row]:
        """Return a row for everything that was compared, or could not be."""
        base, head = (
            {each: code for each, code in recipes(self.folders[name]).items()
             if each.workload in self.workloads}
            for name in NAMES
        )  # fmt: skip
        changed = [each for each in head if head[each] != base.get(each)]
        both = [each for each in changed if each in base]
        made = [_row(each, Finding.EQUAL) for each in base if base[each] == head.get(each)]
        made += [_row(each, Finding.DISAPPEARED) for each in base if each not in head]
        made += [_row(each, Finding.APPEARED) for each in changed if each not in base]
        failing = list(self._broken(changed, both))
        timed = {*both} - {Recipe(row.workload, row.remedy) for row in failing}
        return made + failing + (self._measured(timed) if timed else [])

    def _broken(self, of_head: list[Recipe], of_base: list[Recipe]) -> Iterator[Row]:
        """Yield a row for each changed recipe that does not run on a side."""
        say("does every changed recipe run?")
        head, base = broken(self.folders["head"], of_head), broken(self.folders["base"], of_base)
        for name, side in (("base", base), ("head", head)):
            self.notes += [f"{each}, {name}: {reason}" for each, reason in side.items()]
        for each in dict.fromkeys([*head, *base]):
            if each not in head:
                yield _row(each, Finding.MENDED)
            elif each in base:
                yield _row(each, Finding.NOT_COMPARED, Reason.NOT_RUN, blocks=True)
            else:
                yield _row(each, Finding.BROKEN, Reason.NOT_RUN)

    def _measured(self, timed: set[Recipe]) -> list[Row]:
        """Measure exact things first, then launch after launch until all is decided."""
        for folder in self.folders.values():
            for each in recipes(folder):
                if each not in timed and each.remedy != REFERENCE:  # equal ones need no clock
                    (folder / each.workload / f"{each.remedy}.py").unlink()
        workloads = sorted({each.workload for each in timed})
        self.launch(EXACT, workloads)
        for target in targets():
            self.launch(["programs"], workloads, device=target)
        rows: list[Row] = []
        launches = 0
        for count in LAUNCHES:
            while launches < count and time.time() < self.deadline:
                self.launch(TIMED, workloads, launch=launches)
                launches += 1
            self.problems = []
            every = compare_pairs(self.read(self.work / "sessions"))
            rows = [row for row in every if not row.remedy or (row.workload, row.remedy) in timed]
            if launches < count or not any(row.word == "undecided" and row.blocks for row in rows):
                break
        return rows

    def launch(self, kinds: Iterable[str], workloads: Iterable[str], **fields: Any) -> None:
        """Run a session of each kind and workload, of both sides' recipes in one process."""
        fields["sources"] = tuple((name, str(self.folders[name])) for name in NAMES)
        sessions = [self.session(kind, name, **fields) for name in workloads for kind in kinds]
        packages = [f"{name} {value}" for name, value in facts().items() if name in PACKAGES]
        self.measure(sessions, self.work / "sessions", packages)


def say(*words: object) -> None:
    """Print what is being done; the verdict alone goes to standard output."""
    print(*words, file=sys.stderr, flush=True)


def _row(recipe: Recipe, word: Finding, reason: Reason = Reason.NONE, blocks: bool = False) -> Row:
    fields = {"remedy": recipe.remedy, "reason": reason.value, "blocks": blocks}
    return Row("recipe_lines", word.value, recipe.workload, **fields)  # type: ignore[arg-type]


def broken(folder: Path, recipes: Sequence[Recipe]) -> dict[Recipe, str]:
    """Return those of `recipes` that do not run, and why."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reasons = pool.map(partial(_reason, folder), recipes)
        return {recipe: why for recipe, why in zip(recipes, reasons, strict=True) if why}


def _reason(folder: Path, recipe: Recipe) -> str:
    """Return why a recipe does not run, in a line; empty where it does."""
    command = [sys.executable, "-m", "scripts.gate.recipe_check", str(folder), *recipe]
    current = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, cwd=ROOT, env=current, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"still running after {TIMEOUT} s, stopped"
    said = done.stderr.strip().splitlines()
    if done.returncode == 1 and said:
        return said[-1][:300]
    return f"ended its process with status {done.returncode}" if done.returncode else ""


def _try(folder: str, workload: str, remedy: str) -> None:
    """Make a recipe's model, train it for a step and save it, or leave with why that fails."""
    from remedies import build
    from remedies.problem import reason

    try:
        model = build(workload, remedy, folder=Path(folder, workload))
        model.train_on_batch(*WORKLOADS[workload].data(4))
        with tempfile.TemporaryDirectory() as work:
            model.save(Path(work, "model.keras"))
    except Exception as error:  # a contributor's code may raise anything
        sys.exit(reason(error))


if __name__ == "__main__":
    _try(*sys.argv[1:])
