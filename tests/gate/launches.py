"""Made-up launches, with the faults that real machines have."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reports.gate.record import Record, Row

BASE, HEAD = "a" * 40, "b" * 40
Pairs = list[tuple[float, float]]


def timed(effect: float = 0.0, launches: int = 12, noise: float = 0.012, **about: object) -> Row:
    """Return a row whose launches found head slower by `effect`, with noise of their own."""
    rng = random.Random(str(about) + str(effect))
    pairs = simulated(launches, effect, noise, rng)
    return with_launches(Row(**{"metric": "train_step", **about}), pairs)  # type: ignore[arg-type]


def simulated(launches: int, effect: float, noise: float, rng: random.Random) -> Pairs:
    """Return base's and head's seconds on a machine that drifts, bursts and has two levels.

    All that strikes a launch strikes both sides, because they run in turn in one process; what is
    left over is `noise`, and now and then a burst that strikes one side alone.
    """
    pairs = []
    for launch in range(launches):
        level = 0.12 * rng.randrange(2) + 0.02 * launch
        burst = rng.choice((0.0, 0.1)) * (rng.random() < 0.05)
        left = rng.gauss(0, noise) + rng.choice((1, -1)) * burst
        before = 0.003 * math.exp(level)
        pairs.append((before, before * (1 + effect) * math.exp(left)))
    return pairs


def with_launches(row: Row, pairs: Sequence[tuple[float, float]], stage: int = 0) -> Row:
    """Return `row` with launches of a stage after those that it has."""
    before, after = zip(*pairs, strict=True) if pairs else ((), ())
    stages = (*row.stages, *[stage] * len(pairs))
    return replace(row, before=row.before + before, after=row.after + after, stages=stages)


def record(*rows: Row, **changes: object) -> Record:
    """Return a check of these rows."""
    return Record(BASE, HEAD, rows=rows, **changes)  # type: ignore[arg-type]


class Machine:
    """Takes launches of rows that are slower by known shares, until `budget` launches are spent."""

    def __init__(self, slower: Mapping[str, float], seed: int, budget: int = 100) -> None:
        self._slower, self._rng, self.left = slower, random.Random(seed), budget

    def take(self, rows: Sequence[Row], launches: int, stage: int) -> dict[Row, Pairs]:
        """Measure, as `reports.gate.looks.Take`."""
        launches = min(launches, self.left)
        self.left -= launches
        return {
            row: simulated(launches, self._slower.get(row.remedy, 0.0), 0.012, self._rng)
            for row in rows
        }
