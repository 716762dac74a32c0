"""How often the gate is wrong, counted over checks that are drawn from real launches.

Each check draws its launches anew from the pool, in an order of its own and without using one
twice: so checks share launches, but no launch speaks twice in one check. A check of identical
commits takes all rows as they are. A check of a slowdown takes the rows that were really slowed
down in the same launches, in place of the others.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.stats import binomtest

from reports.gate.decision import Judged, control_moved
from reports.gate.looks import look
from reports.gate.record import Record, Row
from reports.vocabulary import PLACEBO

LEVEL = 0.99
Pairs = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Pool:
    """Real launches of one commit against itself.

    Attributes
    ----------
    rows : dict of Row to dict of float to list of (float, float)
        Row without launches -> share that head was slowed down by -> launch by launch, base's and
        head's seconds.
    """

    rows: Mapping[Row, Mapping[float, Pairs]]

    @property
    def launches(self) -> int:
        """Return how many launches every row has."""
        return min(len(pairs) for shares in self.rows.values() for pairs in shares.values())


@dataclass(frozen=True)
class Tally:
    """How many of the checks ended in a way, with the exact binomial interval."""

    count: int
    checks: int

    def __str__(self) -> str:
        bounds = binomtest(self.count, self.checks).proportion_ci(LEVEL)
        return f"{self.count} of {self.checks} [{bounds.low:.1%}, {bounds.high:.1%}]"


@dataclass(frozen=True)
class Check:
    """One check drawn from the pool.

    Attributes
    ----------
    judged : list of Judged
        The gate's words.
    launches : int
        How many launches it took.
    drawn : dict of Row to list of (float, float)
        The launches of screening, for other rules to judge.
    """

    judged: list[Judged]
    launches: int
    drawn: Mapping[Row, Pairs]

    def words(self, rows: Iterable[Row]) -> set[str]:
        """Return the words of `rows`."""
        wanted = {_bare(row) for row in rows}
        return {one.word for one in self.judged if _bare(one.row) in wanted}

    def alarms(self) -> list[Row]:
        """Return the rows that the gate calls slower, unless it says that it cannot judge."""
        if control_moved(self.judged):
            return []
        return [_bare(one.row) for one in self.judged if one.word == "slower"]


def draw(
    pool: Pool,
    slowed: Mapping[Row, float],
    floors: Mapping[str, float],
    rng: random.Random,
) -> Check:
    """Draw one check in which the rows of `slowed` are slowed down by their shares."""
    order = rng.sample(range(pool.launches), pool.launches)
    used = 0

    def take(rows: Sequence[Row], launches: int, stage: int) -> Mapping[Row, Pairs]:
        nonlocal used
        chosen = order[used : used + launches]
        if len(chosen) < launches:
            return {}
        used += launches
        return {row: [found(row)[launch] for launch in chosen] for row in rows}

    def found(row: Row) -> Pairs:
        bare = _bare(row)
        return pool.rows[bare][slowed.get(bare, 0.0)]

    record = Record("0" * 40, "0" * 40, rows=tuple(pool.rows))
    _, judged = look(record, floors, take)
    first = order[: min(used, len(order))]
    return Check(judged, used, {row: [found(row)[i] for i in first] for row in pool.rows})


def _bare(row: Row) -> Row:
    return replace(row, before=(), after=(), stages=())


def asv_says_slower(pairs: Pairs, factor: float = 1.1) -> bool:
    """Whether `asv continuous` would call head slower, at its default factor.

    It takes all samples of both sides as independent: a rank test, and a ratio of medians.
    """
    from asv.commands.compare import _is_result_better
    from asv.util import is_nan
    from asv_runner.statistics import compute_stats

    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    (before, stats_before), (after, stats_after) = (compute_stats(side, 1) for side in sides)
    return not is_nan(before) and bool(
        _is_result_better(before, after, (stats_before, sides[0]), (stats_after, sides[1]), factor)
    )


def ratio_says_slower(factor: float) -> Callable[[Pairs], bool]:
    """Return the rule that plain wall-time gates use: medians that differ by `factor`."""

    def says(pairs: Pairs) -> bool:
        before, after = (sorted(pair[side] for pair in pairs) for side in (0, 1))
        return after[len(after) // 2] > factor * before[len(before) // 2]

    return says


def spread(pool: Pool) -> dict[str, float]:
    """Return metric -> the half-width that screening's interval has, at its median row."""
    from reports.gate.decision import SCREENING
    from reports.gate.statistic import estimate

    found: dict[str, list[float]] = {}
    for row, shares in pool.rows.items():
        logs = [math.log(after / before) for before, after in shares[0.0]]
        if row.remedy != PLACEBO:
            for start in range(0, len(logs) - SCREENING + 1, SCREENING):
                one = estimate(logs[start : start + SCREENING])
                found.setdefault(row.metric, []).append((one.high - one.low) / 2)
    return {metric: sorted(widths)[len(widths) // 2] for metric, widths in found.items()}
