"""The check of two commits that pin the same libraries: what differs is measured, nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.runner import run
from benchmarks.session import Folder, Session
from remedies import REFERENCE, WORKLOADS
from reports import frame
from reports.gate import pairs
from reports.gate.verdict import Finding, Reason, Row
from scripts.gate.commits import Recipe, recipes
from scripts.gate.probe import broken

SETTING = "default"
NAMES = ("base", "head")
# Launches at each look; a look more is a chance more to be wrong, which the interval allows for.
LAUNCHES = (4, 6, 9, 13, 19, 28)
_RECIPE = "recipe_lines"  # the metric that stands for a recipe as a whole


@dataclass
class Check:
    """Measures the recipes that differ between two folders of workloads.

    Attributes
    ----------
    folders : dict of str to Path
        ``base`` and ``head`` -> the folder of that side's workloads; what cannot be run is taken
        out of it.
    device : str
        ``"cpu"`` or ``"gpu"``.
    store : Folder
        Keeps what was measured, so that the same check goes on from there.
    deadline : float
        Seconds since the epoch after which no launch is started.
    say : callable
        Is given a line about what is being done.
    workloads : tuple of str
        Those to check; empty for all.
    """

    folders: Mapping[str, Path]
    device: str
    store: Folder
    deadline: float
    say: Callable[[str], None] = lambda _: None
    workloads: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def run(self) -> list[Row]:
        """Return a row for everything that was compared, or could not be."""
        sides = {name: self._asked(recipes(self.folders[name])) for name in NAMES}
        base, head = (sides[name] for name in NAMES)
        made = [_row(one, Finding.EQUAL) for one in base if base[one] == head.get(one)]
        made += [_row(one, Finding.DISAPPEARED) for one in base if one not in head]
        changed = [one for one in head if head[one] != base.get(one)]
        made += [_row(one, Finding.APPEARED) for one in changed if one not in base]
        failing = self._broken(changed, base)
        made += failing
        lost = {Recipe(row.workload, row.remedy) for row in failing}
        timed = [one for one in changed if one in base and one not in lost]
        return made + (self._measured(timed) if timed else [])

    def _asked(self, known: Mapping[Recipe, str]) -> dict[Recipe, str]:
        chosen = self.workloads or tuple(WORKLOADS)
        return {one: code for one, code in known.items() if one.workload in chosen}

    def _broken(self, changed: Iterable[Recipe], base: Mapping[Recipe, str]) -> list[Row]:
        """Return a row for each changed recipe that does not run on a side."""
        self.say("does every changed recipe run?")
        of_head = broken(self.folders["head"], changed)
        of_base = broken(self.folders["base"], [one for one in changed if one in base])
        rows = []
        for one in dict.fromkeys([*of_head, *of_base]):
            self.notes += [
                f"{one}, {side}: {reason[one]}"
                for side, reason in (("base", of_base), ("head", of_head))
                if one in reason
            ]
            if one in of_head and one in of_base:
                rows.append(_row(one, Finding.NOT_COMPARED, Reason.NOT_RUN, blocks=True))
            elif one in of_head:
                rows.append(_row(one, Finding.BROKEN, Reason.NOT_RUN))
            else:
                rows.append(_row(one, Finding.MENDED))
        return rows

    def _measured(self, timed: list[Recipe]) -> list[Row]:
        """Measure exact things first, then launch after launch until all is decided."""
        for folder in self.folders.values():
            _keep(folder, timed)
        planned = dict.fromkeys(one.workload for one in timed)
        failures = self._launch(
            session for workload in planned for session in self._exact(workload)
        )
        rows: list[Row] = []
        launches = 0
        for count in LAUNCHES:
            while launches < count and time.time() < self.deadline:
                sessions = [s for name in planned for s in self._timed(name, launches)]
                failures |= self._launch(sessions)
                launches += 1
            current, _ = frame.latest(frame.read(self.store.path))
            rows = pairs.compare(current)
            if not any(row.word == "undecided" for row in rows) or time.time() >= self.deadline:
                break
        self.notes += [f"{session}: {reason}" for session, reason in failures.items()]
        return rows

    def _exact(self, workload: str) -> Iterator[Session]:
        batch = WORKLOADS[workload].batch
        yield self._session("identity", workload, batch=batch)
        yield self._session("fidelity", workload)

    def _timed(self, workload: str, launch: int) -> Iterator[Session]:
        batch = WORKLOADS[workload].batch
        yield self._session("step_times", workload, batch=batch, launch=launch)
        yield self._session("saving", workload, launch=launch)

    def _session(self, kind: str, workload: str, **known: Any) -> Session:
        sources = tuple((name, str(self.folders[name])) for name in NAMES)
        return Session(kind, workload, self.device, sources=sources, **known)

    def _launch(self, sessions: Iterable[Session]) -> dict[Session, str]:
        def progress(session: Session, outcome: str) -> None:
            self.say(f"{session}: {outcome}")

        self.store.path.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("REMEDIES_MACHINE", os.uname().nodename)
        return run(list(sessions), self.store, SETTING, progress)


def _row(recipe: Recipe, word: Finding, reason: Reason = Reason.NONE, blocks: bool = False) -> Row:
    return Row(
        _RECIPE, word.value, recipe.workload, remedy=recipe.remedy, reason=reason.value,
        blocks=blocks,
    )  # fmt: skip


def _keep(folder: Path, timed: Iterable[Recipe]) -> None:
    """Leave only the recipes that are measured, and the reference: equal ones need no clock."""
    timed = set(timed)
    for recipe in recipes(folder):
        if recipe not in timed and recipe.remedy != REFERENCE:
            (folder / recipe.workload / f"{recipe.remedy}.py").unlink()
