"""The check of two commits that pin the same libraries: what differs is measured, nothing else."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.axes import JIT
from benchmarks.engine.plan import Session
from benchmarks.engine.sides import NAMES, Wanted
from benchmarks.engine.store import Outcome
from reports.gate.decision import Judged
from reports.gate.looks import look
from reports.gate.record import Record, Row
from reports.vocabulary import DEFECTS, SECOND
from scripts.gate.pool import launches, measure, sessions
from scripts.gate.recipes import About, Recipe, changed, controls, rows

Measured = dict[tuple[str, Recipe], Outcome]
Pairs = Sequence[tuple[float, float]]
Told = Callable[[str, int, int], None]


@dataclass
class Check:
    """Measures the recipes that differ between two folders of `remedies`.

    Parameters
    ----------
    sides : mapping
        ``base`` and ``head`` -> the recipes there, as `scripts.gate.recipes.catalogue` tells.
    folders : dict of str to str
        ``base`` and ``head`` -> the folder that holds its package.
    device : str
        ``"cpu"`` or ``"gpu"``.
    store : Path
        Keeps what was measured, so that the same check goes on from there.
    deadline : float
        Seconds since the epoch after which nothing more is started.
    told : callable
        Is told what is being done, and how much of it: ``told(what, done, total)``.
    """

    sides: Mapping[str, Mapping[Recipe, About]]
    folders: dict[str, str]
    device: str
    store: Path
    deadline: float
    told: Told = lambda *_: None
    _first: int = field(default=0, init=False)

    def run(self, record: Record, floors: Mapping[str, float]) -> tuple[Record, list[Judged]]:
        """Measure, exact things first, and return all launches with their words."""
        recipes = changed(self.sides)
        alone = self._alone(recipes)
        found = [_settled(row, alone) for row in rows(self.sides)]
        found += [row for recipe in recipes for row in _defects(recipe, alone)]
        timed = {row.workload for row in found if _is_open(row)}
        batches = {recipe.workload: self.sides["base"][recipe].batch for recipe in recipes}
        found += [row for name in sorted(timed) for row in controls(name, batches[name])]
        return look(replace(record, rows=tuple(found)), floors, self.take)

    def take(self, wanted: Sequence[Row], count: int, stage: int) -> Mapping[Row, Pairs]:
        """Measure rows in so many new launches; fewer where the time is up."""
        numbers = range(self._first, self._first + count)
        self._first += count
        taken: dict[Row, list[tuple[float, float]]] = {row: [] for row in wanted}
        for workload in dict.fromkeys(row.workload for row in wanted):
            own = [row for row in wanted if row.workload == workload]
            lines = sorted({(row.metric, row.remedy, row.mask_dtype) for row in own})
            kinds = [jit for jit in JIT if any(row.jit == jit for row in own)]
            kinds += ["files"] if any(not row.jit for row in own) else []
            asked = Wanted(self.folders, tuple(lines))
            key = hashlib.sha256(repr((lines, kinds)).encode()).hexdigest()[:12]
            planned = sessions(workload, self.device, kinds, numbers)
            outcomes = self._outcomes(f"launches of look {stage + 1}", asked, planned, key)
            for cell, found in launches(outcomes).items():
                row = Row(*cell[:6])
                for one in [each for each in own if each.bare == row]:
                    taken[one] += [(launch.before, launch.after) for launch in found]
        return taken

    def _outcomes(
        self, what: str, asked: Wanted, planned: Sequence[Session], key: str
    ) -> dict[Session, Outcome]:
        outcomes: dict[Session, Outcome] = {}
        if not planned:
            return outcomes
        self.told(what, 0, len(planned))
        if time.time() < self.deadline:
            for session, outcome in measure(asked, planned, self.store / key):
                outcomes[session] = outcome
                self.told(what, len(outcomes), len(planned))
                if time.time() >= self.deadline:
                    break
        return outcomes

    def _alone(self, recipes: Sequence[Recipe]) -> Measured:
        """Return what each side's recipes lose, and which programs they are."""
        planned = {
            Session(
                "side", recipe.workload, self.device, "", self.sides[name][recipe].batch, 0, name,
                recipe.remedy,
            ): (name, recipe)
            for recipe in recipes
            for name in NAMES
        }  # fmt: skip
        found = self._outcomes("recipes", Wanted(self.folders), list(planned), "alone")
        lost = {"status": "failed", "reason": "there was no time left to look at it"}
        return {key: found.get(session, lost) for session, key in planned.items()}


def _is_open(row: Row) -> bool:
    base, head = row.fingerprints
    return row.kind == "time" and row.state == "ok" and (base is None or base != head)


def _settled(row: Row, alone: Measured) -> Row:
    """Return a time's row with what is known of it before anything is timed."""
    recipe = Recipe(row.workload, row.remedy)
    outcomes = [alone.get((name, recipe)) for name in NAMES]
    if None in outcomes:
        return row  # the same code on both sides
    if broken := _broken(row, alone):
        return broken
    programs = [_program(outcome, row) for outcome in outcomes if outcome]
    return replace(row, fingerprints=(programs[0], programs[1]))


def _program(outcome: Outcome, row: Row) -> str | None:
    """Return the name of a step's program; None for saving and loading, which are no programs."""
    wanted = {"mask_dtype": row.mask_dtype, "jit": row.jit, "step": row.metric.split("_")[0]}
    for entry in outcome["entries"]:
        if entry["metric"] == "program" and entry["parameters"] == wanted:
            return str(entry["measured"])
    return None


def _defects(recipe: Recipe, alone: Measured) -> Iterator[Row]:
    """Yield a row for each count of defects of a recipe that differs between the sides."""
    if broken := _broken(Row("weights_lost", *recipe, kind="exact"), alone):
        yield broken
        return
    counted = [
        {
            (entry["metric"], entry["parameters"]["mask_dtype"]): float(entry["measured"])
            for entry in alone[name, recipe]["entries"]
            if entry["metric"] in (*DEFECTS, SECOND)
        }
        for name in NAMES
    ]
    for metric, mask_dtype in [key for key in counted[0] if key in counted[1]]:
        before, after = (side[metric, mask_dtype] for side in counted)
        about = Row(metric, *recipe, "", mask_dtype, kind="exact")
        yield replace(about, before=(before,), after=(after,), stages=(0,))


def _broken(row: Row, alone: Measured) -> Row | None:
    """Return `row` as broken, where a side's recipe cannot be run at all."""
    recipe = Recipe(row.workload, row.remedy)
    bad = [name for name in NAMES if alone[name, recipe]["status"] != "done"]
    if not bad:
        return None
    reason = "; ".join(f"{name}: {alone[name, recipe].get('reason', '')}" for name in bad)
    return replace(row, state=f"broken {bad[0] if len(bad) == 1 else 'both'}", reason=reason[:300])
