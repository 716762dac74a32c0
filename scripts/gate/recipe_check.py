"""The check of two commits that pin the same libraries: what differs is measured, nothing else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.plan import targets
from benchmarks.runner import run
from benchmarks.session import Folder, Session, identity
from remedies import REFERENCE, WORKLOADS
from remedies.environment import facts
from reports import frame
from reports.gate import pairs
from reports.gate.runs import PACKAGES
from reports.gate.verdict import Finding, Reason, Row
from scripts.gate.commits import NAMES, Pins, Recipe, recipes
from scripts.gate.probe import broken

SETTING = "default"
# Launches at each look; a look more is a chance more to be wrong, which the interval allows for.
LAUNCHES = (4, 6, 9, 13, 19, 28)
EXACT, TIMED = ("identity", "fidelity"), ("step_times", "saving")


@dataclass
class Comparison:
    """What two commits are compared by: each side's workloads (`folders`) and `pins`.

    `work` keeps what was measured, so that the same check goes on; no launch starts after
    `deadline`, in seconds since the epoch. `notes` has a line for each thing that failed and
    `problems` for each unusable file; `differs` are packages with another version on each side.
    """

    folders: Mapping[str, Path]
    pins: Mapping[str, Pins]
    device: str
    work: Path
    deadline: float
    workloads: tuple[str, ...] = tuple(WORKLOADS)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    differs: tuple[str, ...] = ()

    def read(self, folder: Path) -> frame.Run:
        """Return what was measured with the current code."""
        current, _ = frame.latest(frame.read(folder))
        self.problems += current.problems
        return current

    def session(self, kind: str, workload: str, **known: Any) -> Session:
        """Return a session of the workload's own batch size."""
        batch = WORKLOADS[workload].batch if kind in ("identity", "programs", "step_times") else 0
        return Session(kind, workload, **{"device": self.device, **known}, batch=batch)


class Check(Comparison):
    """Measures the recipes that differ, base's and head's side by side in each process."""

    def run(self) -> list[Row]:
        """Return a row for everything that was compared, or could not be."""
        every = [recipes(self.folders[name]).items() for name in NAMES]
        base, head = (
            {one: code for one, code in side if one.workload in self.workloads} for side in every
        )
        changed = [one for one in head if head[one] != base.get(one)]
        made = [_row(one, Finding.EQUAL) for one in base if base[one] == head.get(one)]
        made += [_row(one, Finding.DISAPPEARED) for one in base if one not in head]
        made += [_row(one, Finding.APPEARED) for one in changed if one not in base]
        failing = list(self._broken(changed, [one for one in changed if one in base]))
        lost = {(row.workload, row.remedy) for row in failing}
        timed = {one for one in changed if one in base and one not in lost}
        return made + failing + (self._measured(timed) if timed else [])

    def _broken(self, of_head: list[Recipe], of_base: list[Recipe]) -> Iterator[Row]:
        """Yield a row for each changed recipe that does not run on a side."""
        say("does every changed recipe run?")
        head, base = broken(self.folders["head"], of_head), broken(self.folders["base"], of_base)
        for name, side in (("base", base), ("head", head)):
            self.notes += [f"{one}, {name}: {reason}" for one, reason in side.items()]
        for one in dict.fromkeys([*head, *base]):
            if one not in head:
                yield _row(one, Finding.MENDED)
            elif one in base:
                yield _row(one, Finding.NOT_COMPARED, Reason.NOT_RUN, blocks=True)
            else:
                yield _row(one, Finding.BROKEN, Reason.NOT_RUN)

    def _measured(self, timed: set[Recipe]) -> list[Row]:
        """Measure exact things first, then launch after launch until all is decided."""
        for folder in self.folders.values():
            for one in recipes(folder):
                if one not in timed and one.remedy != REFERENCE:  # equal ones need no clock
                    (folder / one.workload / f"{one.remedy}.py").unlink()
        workloads = sorted({one.workload for one in timed})
        self.launch((kind, name) for name in workloads for kind in EXACT)
        for target in targets():
            self.launch((("programs", name) for name in workloads), device=target)
        rows: list[Row] = []
        launches = 0
        for count in LAUNCHES:
            while launches < count and time.time() < self.deadline:
                self.launch(((kind, name) for name in workloads for kind in TIMED), launches)
                launches += 1
            self.problems = []
            every = pairs.compare(self.read(self.work / "sessions"))
            rows = [row for row in every if not row.remedy or (row.workload, row.remedy) in timed]
            if launches < count or not any(row.word == "undecided" and row.blocks for row in rows):
                break
        return rows

    def launch(self, asked: Iterable[tuple[str, str]], number: int = 0, device: str = "") -> None:
        """Run a session of each kind and workload that is asked and not done."""
        packages = [f"{name} {value}" for name, value in facts().items() if name in PACKAGES]
        store = Folder(self.work / "sessions", identity("gate", *packages))
        store.path.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("REMEDIES_MACHINE", os.uname().nodename)
        sources = tuple((name, str(self.folders[name])) for name in NAMES)
        known: dict[str, Any] = {"launch": number, "sources": sources}
        known |= {"device": device or self.device}
        sessions = [self.session(*one, **known) for one in asked]
        failures = run(sessions, store, SETTING, say)
        self.notes += [f"{session}: {reason}" for session, reason in failures.items()]


def say(*words: object) -> None:
    """Print what is being done; the verdict alone goes to standard output."""
    print(*words, file=sys.stderr, flush=True)


def _row(recipe: Recipe, word: Finding, reason: Reason = Reason.NONE, blocks: bool = False) -> Row:
    known = {"remedy": recipe.remedy, "reason": reason.value, "blocks": blocks}
    return Row("recipe_lines", word.value, recipe.workload, **known)  # type: ignore[arg-type]
