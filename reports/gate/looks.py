"""Launches are spent where they tell something: few on all rows, then more on suspects alone.

Of the suspects, those that seem to be slower come first: where the time runs out, it is the
harmless ones that stay undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from reports.gate.decision import SCREENING, Judged, control_moved, judge, needed
from reports.gate.record import Record, Row
from reports.vocabulary import PLACEBO

MOST_LOOKS = 6
# Measures rows in so many new launches of a stage; returns each row's new (before, after) pairs,
# or fewer than asked where there is no time left.
Take = Callable[[Sequence[Row], int, int], Mapping[Row, Sequence[tuple[float, float]]]]


def look(record: Record, floors: Mapping[str, float], take: Take) -> tuple[Record, list[Judged]]:
    """Measure until every row of `record` has its word or there is no time left.

    Parameters
    ----------
    record : Record
        With all its rows; those that need launches have none yet.
    floors : mapping of str to float
        As of `reports.gate.decision.judge`.
    take : callable
        ``take(rows, launches, stage)`` measures.

    Returns
    -------
    Record, list of Judged
        With all launches, and the words that they give.
    """
    launches = SCREENING
    for stage in range(MOST_LOOKS):
        judged = judge(record, floors)
        wanted = [o for o in judged if o.word == "undecided" and o.row.remedy != PLACEBO]
        if not wanted or (stage and control_moved(judged)):
            break
        if stage:
            launches = needed(judged)
        taken: dict[Row, Sequence[tuple[float, float]]] = {}
        for rows in _in_turn(wanted, record.rows):
            taken |= take(rows, launches, stage)
        if not any(taken.values()):
            break
        longer = (_longer(row, taken.get(row, ()), stage) for row in record.rows)
        record = replace(record, rows=tuple(longer))
    return record, judge(record, floors)


def _in_turn(wanted: Sequence[Judged], known: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the rows to measure together, each jit's control with the first that need it."""
    seen: set[str] = set()
    for urgent in (True, False):
        rows = [one.row for one in wanted if _seems_slower(one) is urgent]
        jits = {row.jit for row in rows} - seen
        seen |= jits
        if rows:
            yield [*rows, *(row for row in known if row.remedy == PLACEBO and row.jit in jits)]


def _seems_slower(one: Judged) -> bool:
    return one.found is not None and one.found.ratio > 1 + one.floor / 2


def _longer(row: Row, pairs: Sequence[tuple[float, float]], stage: int) -> Row:
    return replace(
        row,
        before=(*row.before, *(before for before, _ in pairs)),
        after=(*row.after, *(after for _, after in pairs)),
        stages=(*row.stages, *[stage] * len(pairs)),
    )
