"""How often the gate is wrong, counted over checks that are drawn from real launches.

Each check draws its launches anew from the pool, in an order of its own and without using one
twice: so checks share launches, but no launch speaks twice in one check. A check of identical
commits takes all rows as they are. A check of a slowdown takes the rows that were really slowed
down in the same launches, in place of the others.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from reports.gate.decision import SCREENING, control_moved
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
class Case:
    """A kind of check: what was slowed down, and how often each rule should find it.

    Attributes
    ----------
    name : str
        What a reader is told.
    pool : Pool
        Where its launches come from.
    slowed : dict of Row to float
        Row -> the share that it was slowed down by; empty for identical commits.
    """

    name: str
    pool: Pool
    slowed: Mapping[Row, float]


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
    slower : frozenset of Row
        The rows that the gate calls slower; none where it says that it cannot judge.
    launches : int
        How many launches it took.
    drawn : dict of Row to list of (float, float)
        All of those launches, for other rules to judge.
    """

    slower: frozenset[Row]
    launches: int
    drawn: Mapping[Row, Pairs]


def draw(
    pool: Pool,
    slowed: Mapping[Row, float],
    floors: Mapping[str, float],
    rng: random.Random,
) -> Check:
    """Draw one check in which the rows of `slowed` are slowed down by their shares."""
    order = rng.sample(range(pool.launches), pool.launches)
    used, starts = 0, dict[int, int]()

    def take(rows: Sequence[Row], launches: int, stage: int) -> Mapping[Row, Pairs]:
        nonlocal used
        # Of a look that measures in two turns, no row is in both.
        start = starts.setdefault(stage, used)
        chosen = order[start : start + launches]
        if not chosen:
            return {}
        # The last look may get fewer than it asked for, as at a budget's end.
        used = start + len(chosen)
        return {row: [found(row)[launch] for launch in chosen] for row in rows}

    def found(row: Row) -> Pairs:
        bare = row.bare
        return pool.rows[bare][slowed.get(bare, 0.0)]

    _, judged = look(Record("0" * 40, "0" * 40, rows=tuple(pool.rows)), floors, take)
    alarms = [one.row.bare for one in judged if one.word == "slower"]
    slower = frozenset(() if control_moved(judged) else alarms)
    rows = [row for row in pool.rows if row.remedy != PLACEBO]
    return Check(slower, used, {row: [found(row)[i] for i in order[:used]] for row in rows})


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


RULES: Mapping[str, Callable[[Pairs], bool]] = {
    "`asv continuous`, factor 1.1": asv_says_slower,
    "ratio over 120 %": ratio_says_slower(1.2),
    "ratio over 200 %": ratio_says_slower(2.0),
}


def table(cases: Sequence[Case], checks: int, floors: Mapping[str, float], seed: int = 0) -> str:
    """Return Markdown: for each case how many checks each rule alarmed in, and the launches.

    A slowdown is found where at least one of the rows that were slowed down is called slower; an
    alarm of identical commits is false whichever row it is of.
    """
    rng = random.Random(seed)  # noqa: S311 - draws launches, guards nothing
    heads = ["", "this gate", "false, beside it", *RULES, "launches, median and most"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for case in cases:
        drawn = [draw(case.pool, case.slowed, floors, rng) for _ in range(checks)]
        wanted = case.slowed or case.pool.rows
        found = sum(any(row in wanted for row in check.slower) for check in drawn)
        false = sum(any(row not in wanted for row in check.slower) for check in drawn)
        cells = [str(Tally(found, checks)), str(false) if case.slowed else ""]
        for rule in RULES.values():
            said = sum(
                any(rule(pairs) for row, pairs in check.drawn.items() if row in wanted)
                for check in drawn
            )
            cells.append(str(Tally(said, checks)))
        launches = sorted(check.launches for check in drawn)
        cells.append(f"{launches[len(launches) // 2]}, {launches[-1]}")
        lines.append(f"| {case.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(pool: Pool) -> dict[str, float]:
    """Return metric -> the standard error that screening's estimate has without any change.

    Of the metric's median row: the standard deviation of its launches' logarithms, over the square
    root of how many launches screening takes.
    """
    found: dict[str, list[float]] = {}
    for row, shares in pool.rows.items():
        if row.remedy != PLACEBO:
            logs = [math.log(after / before) for before, after in shares[0.0]]
            error = statistics.stdev(logs) / math.sqrt(SCREENING)
            found.setdefault(row.metric, []).append(error)
    return {metric: statistics.median(errors) for metric, errors in sorted(found.items())}
