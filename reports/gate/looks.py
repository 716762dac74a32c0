"""Launches are spent where they tell something: few on all rows, then more on suspects alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        wanted = [one.row for one in judged if one.word == "undecided"]
        wanted = [row for row in wanted if row.remedy != PLACEBO]
        if not wanted or (stage and control_moved(judged)):
            break
        if stage:
            launches = needed(judged)
        jits = {row.jit for row in wanted}
        controls = [row for row in record.rows if row.remedy == PLACEBO and row.jit in jits]
        taken = take([*wanted, *controls], launches, stage)
        if not any(taken.values()):
            break
        rows = (_longer(row, taken.get(row, ()), stage) for row in record.rows)
        record = replace(record, rows=tuple(rows))
    return record, judge(record, floors)


def _longer(row: Row, pairs: Sequence[tuple[float, float]], stage: int) -> Row:
    return replace(
        row,
        before=(*row.before, *(before for before, _ in pairs)),
        after=(*row.after, *(after for _, after in pairs)),
        stages=(*row.stages, *[stage] * len(pairs)),
    )
