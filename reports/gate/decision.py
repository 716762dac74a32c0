"""A word for every row of a check, and one for the whole.

The gates, in this order: counts of defects, which are exact; the program's fingerprint, where the
same program cannot have become slower; times. Times are judged in two steps. *Screening* looks at
all rows in few launches: a row whose 99 % interval lies within the floor is the same. All others
are *suspects*, and are measured again: what is said of them rests on the new launches alone, so it
does not matter how they were chosen. A suspect is slower where the exact signed-rank test, over all
suspects together (Holm), rejects that head takes at most half the floor more than base.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from reports.gate.record import Record, Row
from reports.gate.statistic import Estimate, estimate, fewest, holm, p_value
from reports.verdicts import more_samples
from reports.vocabulary import PLACEBO

ALPHA = 0.01  # for one false alarm in a whole check
SCREENING = 12  # launches of all rows
SPARE = 4  # launches of suspects, beyond the fewest that can reject


@dataclass(frozen=True)
class Judged:
    """A row, its word and what that rests on.

    Attributes
    ----------
    row : Row
        What was measured.
    word : str
        One of `reports.github.verdict.WORDS`.
    found : Estimate or None
        Of the launches that the word rests on.
    more : int
        How many launches more an undecided row needs.
    floor : float
        The relative change that this row's word is about.
    """

    row: Row
    word: str
    found: Estimate | None = None
    more: int = 0
    floor: float = 0.0


def judge(record: Record, floors: Mapping[str, float]) -> list[Judged]:
    """Return a word for every row of `record`.

    Parameters
    ----------
    floors : mapping of str to float
        Metric -> the relative change from which on a time counts as changed (`floors`).
    """
    losing = {
        _recipe(row) for row in record.rows if row.kind == "exact" and _word_of(row) == "broken"
    }
    judged = [
        _at_once(row, record, losing) or _screened(row, floors[row.metric]) for row in record.rows
    ]
    suspects = [i for i, one in enumerate(judged) if one.word == "suspect"]
    for index, confirmed in zip(suspects, _confirmed([judged[i] for i in suspects]), strict=True):
        judged[index] = confirmed
    return judged


def control_moved(judged: Sequence[Judged]) -> bool:
    """Whether the step that no change touches seems to have changed: then no time can be told."""
    return any(
        one.found is not None
        and one.row.remedy == PLACEBO
        and (one.found.low > 1 + one.floor / 2 or one.found.high < 1 / (1 + one.floor / 2))
        for one in judged
    )


def needed(judged: Sequence[Judged]) -> int:
    """Return how many launches more suspects need before the next look; 0 where none is left."""
    return max((one.more for one in judged if one.word == "undecided"), default=0)


def _at_once(row: Row, record: Record, losing: Set[tuple[str, str]]) -> Judged | None:
    """Return the word of a row that needs no statistics; `losing` are recipes that lose state."""
    if row.state != "ok" or row.kind == "exact":
        return Judged(row, _word_of(row))
    base, head = row.fingerprints
    if base is not None and base == head:
        return Judged(row, "same program")
    # The speed of a remedy that loses state is not a result.
    if record.unexplained or _recipe(row) in losing:
        return Judged(row, "not comparable")
    return None


def _word_of(row: Row) -> str:
    if row.state != "ok":
        return "broken" if row.state.startswith("broken") else _MOVED[row.state]
    before, after = row.before[-1], row.after[-1]
    return "broken" if after > before else "repaired" if after < before else "same"


def _recipe(row: Row) -> tuple[str, str]:
    return row.workload, row.remedy


_MOVED = {
    "appeared": "appeared",
    "disappeared": "disappeared",
    "changed meaning": "not comparable",
}


def _screened(row: Row, floor: float) -> Judged:
    control = row.remedy == PLACEBO
    logs = [log for log, stage in _launches(row) if stage == 0 or control]
    if len(logs) < SCREENING:
        found = estimate(logs) if logs else None
        return Judged(row, "undecided", found, SCREENING - len(logs), floor)
    found = estimate(logs)
    if _within(found, floor):
        return Judged(row, "same", found, 0, floor)
    return Judged(row, "control" if control else "suspect", found, 0, floor)


def _confirmed(suspects: list[Judged]) -> list[Judged]:
    """Judge suspects on their confirming launches.

    Each look at more launches is another chance of a false alarm, so the k-th look has the
    ``2 ** -k``-th part of `ALPHA`, and all looks together have at most all of it.
    """
    family = len(suspects)
    logs = [[log for log, stage in _launches(one.row) if stage] for one in suspects]
    looks = [max(one.row.stages) for one in suspects]
    slower, faster = (
        holm(
            [
                p_value([sign * log for log in row], one.floor / 2) * 2**look if row else 1.0
                for one, row, look in zip(suspects, logs, looks, strict=True)
            ],
            ALPHA,
        )
        for sign in (1, -1)
    )
    return [
        _word(one, row, family * 2 ** max(look, 1), up, down)
        for one, row, look, up, down in zip(suspects, logs, looks, slower, faster, strict=True)
    ]


def _word(one: Judged, logs: list[float], family: int, slower: bool, faster: bool) -> Judged:
    least = fewest(family, ALPHA)
    if not logs:
        return replace(one, word="undecided", more=least + SPARE)
    found = estimate(logs)
    if slower or faster:
        if len(logs) < least:
            raise AssertionError("the test rejected with launches that cannot reject")
        return replace(one, word="slower" if slower else "faster", found=found)
    if _within(found, one.floor):
        return replace(one, word="same", found=found)
    return replace(one, word="undecided", found=found, more=_more(found, one.floor, least))


def _more(found: Estimate, floor: float, least: int) -> int:
    """Return about how many launches more would tell `found` from the floor or half of it."""
    short = least - found.launches
    more = more_samples(found.ratio, found.low, found.high, found.launches, floor)
    # Beyond some dozens nobody waits, and the estimate of how many is worth little.
    return int(min(max(short, SPARE, more if math.isfinite(more) else SPARE), 60))


def _within(found: Estimate, floor: float) -> bool:
    return 1 / (1 + floor) <= found.low and found.high <= 1 + floor


def _launches(row: Row) -> list[tuple[float, int]]:
    pairs = zip(row.before, row.after, row.stages, strict=True)
    return [(math.log(after / before), stage) for before, after, stage in pairs]
