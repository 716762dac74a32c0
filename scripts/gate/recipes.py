"""The recipes of two commits: which there are on each side, and which of them are the same code."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

from benchmarks.axes import JIT, PLACEBO
from benchmarks.engine.file_pairs import METRICS as FILES
from benchmarks.engine.pairs import EFFORTS
from benchmarks.engine.sides import NAMES, swapped
from reports.gate.record import Row
from scripts.gate import source


class Recipe(NamedTuple):
    """A workload written with a remedy."""

    workload: str
    remedy: str


@dataclass(frozen=True)
class About:
    """What a side says of a recipe: the mask dtypes it takes, its batch size and its code."""

    mask_dtypes: tuple[str, ...]
    batch: int
    code: str


def catalogue(folder: Path) -> dict[Recipe, About]:
    """Return the recipes of the `remedies` in `folder`; no TensorFlow is imported.

    Raises
    ------
    Exception
        Whatever importing that package raises.
    """
    with swapped({}, str(folder)):
        package = importlib.import_module("remedies")
        known = {
            Recipe(workload, remedy.name): (remedy.mask_dtypes, about.batch)
            for (workload, about), remedy in product(
                package.WORKLOADS.items(), package.REMEDIES.values()
            )
        }
    return {
        recipe: About(*about, source.fingerprint(folder, *recipe))
        for recipe, about in known.items()
    }


def changed(sides: Mapping[str, Mapping[Recipe, About]]) -> list[Recipe]:
    """Return the recipes that both sides have, and whose code differs."""
    base, head = (sides[name] for name in NAMES)
    return [recipe for recipe in base if recipe in head and base[recipe] != head[recipe]]


def rows(sides: Mapping[str, Mapping[Recipe, About]]) -> Iterator[Row]:
    """Yield a row for every time of every recipe; of one that did not change it is settled.

    A recipe that one side alone has is one row.
    """
    base, head = (sides[name] for name in NAMES)
    for recipe in dict.fromkeys([*base, *head]):
        if recipe not in base or recipe not in head:
            state = "appeared" if recipe in head else "disappeared"
            yield Row("train_step", *recipe, state=state)
            continue
        ours, theirs = base[recipe], head[recipe]
        same = ours.code if ours == theirs else None
        for row in _times(recipe, ours, theirs):
            yield replace(row, fingerprints=(same, same))


def controls(workload: str, batch: int) -> Iterator[Row]:
    """Yield the rows of the step that no change touches."""
    for metric, jit in product(EFFORTS, JIT):
        yield Row(metric, workload, PLACEBO, jit, "bool", batch)


def _times(recipe: Recipe, base: About, head: About) -> Iterator[Row]:
    both = [dtype for dtype in base.mask_dtypes if dtype in head.mask_dtypes]
    for metric, jit, mask_dtype in product(EFFORTS, JIT, both):
        yield Row(metric, *recipe, jit, mask_dtype, base.batch)
    for metric in FILES:
        yield Row(metric, *recipe)
