"""From two commits to a verdict: take them out, measure, keep the record, let it be judged."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from benchmarks.engine.sides import NAMES
from benchmarks.engine.store import Store
from reports.__main__ import main as reports
from reports.gate.floors import floors
from reports.gate.record import Record, Row, dump, place
from scripts.gate.check import Check, Told
from scripts.gate.commits import Repository
from scripts.gate.in_turn import InTurn
from scripts.gate.recipes import About, Recipe, catalogue

REGRESSED, COULD_NOT_JUDGE = 1, 2
Sides = dict[str, dict[Recipe, About]]


class BrokenError(Exception):
    """A side's recipes cannot even be listed; ``args`` are the side and the reason."""


@dataclass(frozen=True)
class Checker:
    """Checks pairs of commits of a repository.

    Attributes
    ----------
    repository : Repository
        Holds the commits.
    device : str
        ``"cpu"`` or ``"gpu"``.
    budget : float
        Minutes that each check may measure.
    results : Path
        asv's results folder, where the records go.
    """

    repository: Repository
    device: str
    budget: float
    results: Path

    def check(self, base: str, head: str) -> int:
        """Measure two commits, given in full, print the verdict and return its exit status."""
        started = time.time()
        store = Path(".asv", "checks", f"{base[:12]}-{head[:12]}-{self.device}").resolve()
        deadline = started + 60 * self.budget
        empty = Record(base, head, self.device)
        with Store(store).used(), _progress() as told:
            if self.repository.pins(base) == self.repository.pins(head):
                record = self._side_by_side(empty, store, deadline, told)
            else:
                record = self._in_turn(empty, store, deadline, told)
        record = replace(record, minutes=(time.time() - started) / 60)
        dump(record, place(self.results, base, head, self.device))
        return self._judge(base, head)

    def narrow(self, base: str, head: str) -> str:
        """Halve the commits that touch the recipes until one is left, and say which it is."""
        commits = self.repository.between(base, head, "remedies")
        low, high = 0, len(commits) - 1  # the last one is known to be worse than base
        while low < high:
            middle = (low + high) // 2
            status = self.check(base, commits[middle])
            if status == COULD_NOT_JUDGE:
                left = ", ".join(commits[low : high + 1])
                return f"Could not judge {commits[middle]}; the regression came with one of: {left}"
            low, high = (low, middle) if status == REGRESSED else (middle + 1, high)
        return f"The regression came with {commits[low]}." if commits else "No commit can have."

    def _side_by_side(self, empty: Record, store: Path, deadline: float, told: Told) -> Record:
        with tempfile.TemporaryDirectory() as work:
            try:
                folders, sides = self._taken_out(empty.base, empty.head, Path(work))
            except BrokenError as error:
                side, reason = error.args
                return replace(empty, rows=(_broken(side, reason),))
            check = Check(sides, folders, self.device, store, deadline, told)
            return check.run(empty, floors(self.device))[0]

    def _in_turn(self, empty: Record, store: Path, deadline: float, told: Told) -> Record:
        commits = dict(zip(NAMES, (empty.base, empty.head), strict=True))
        matrices = {name: self.repository.matrix(commit) for name, commit in commits.items()}
        launches = InTurn(commits, matrices, store, deadline, told)
        return launches.run(empty, self.results.resolve())

    def _taken_out(self, base: str, head: str, work: Path) -> tuple[dict[str, str], Sides]:
        folders, sides = {}, {}
        for name, commit in zip(NAMES, (base, head), strict=True):
            folder = self.repository.export(commit, work / name)
            folders[name] = str(folder)
            try:
                sides[name] = catalogue(folder)
            except Exception as error:  # noqa: BLE001 - whatever a contributor's module raises
                raise BrokenError(name, f"{type(error).__name__}: {error}"[:300]) from error
        return folders, sides

    def _judge(self, base: str, head: str) -> int:
        words = ["gate", "--base", base, "--head", head, "--device", self.device]
        return reports([*words, "--results", str(self.results)])


def _broken(side: str, reason: str) -> Row:
    return Row("train_step", state=f"broken {side}", reason=reason)


@contextmanager
def _progress() -> Iterator[Told]:
    """Show how far the check is, on standard error: the verdict has standard output to itself."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=total)

        yield told
