"""Times that were not taken in pairs: of two nights, or of two environments.

A machine is not as fast tonight as it was last night. Where a variant is the same step on both
sides, exactly, its time is what the machine did, and the others' are divided by it; where there is
none, times are compared as they are. Either way only a change beyond `MARGIN` is an alarm.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from remedies import REFERENCE
from remedies.intervals import Interval, intervals
from remedies.metrics import AXES, METRICS, Kind
from remedies.registry import PLACEBO
from remedies.words import Word, more_launches, widening
from reports.gate.exact import STEP, Key, Table, lacking, row
from reports.gate.verdict import Reason, Row

MARGIN = 0.10
BIG = 1.5
TIMES = {
    name
    for name, metric in METRICS.items()
    if metric.kind is Kind.TIME and metric.history and name != "python_extra_seconds"
}
_REMEDY, _DTYPE, _KERNEL = (1 + AXES.index(name) for name in ("remedy", "mask_dtype", "kernel"))
_VARIANT = ("workload", "batch", "jit", "step", "remedy", "mask_dtype")


class _Time(NamedTuple):
    """A time on both sides: the medians, and head by base launch by launch."""

    before: float
    after: float
    ratios: tuple[float, ...]


def rows(base: Table, head: Table, exact: Sequence[Row], same_pins: bool) -> Iterator[Row]:
    """Yield a row for each time that both sides have; `exact` is what exact evidence says."""
    steps = [step for step in exact if step.metric == STEP]
    same = {_variant(step) for step in steps if step.word == Word.SAME_STEP.value}
    changed = {step.remedy for step in steps if _variant(step) not in same}
    still = [step.remedy for step in steps if same_pins and step.remedy not in changed]
    control = REFERENCE if REFERENCE in still else next(iter(still), "")
    cells: dict[Key, dict[Key, _Time]] = {}
    reasons: dict[Key, Reason] = {}
    for key in base:
        if key[0] in TIMES and key in head and PLACEBO not in key:
            time = _compared(key, base, head, control)
            if isinstance(time, Reason):
                reasons[key] = time
            else:
                cells.setdefault(_cell(key), {})[key] = time
    timed = {cell[0] for cell in cells}
    for key, reason in reasons.items():
        # Of the same step exact evidence has said what a clock would, if the clock ran at all.
        covered = reason is Reason.OTHER_PROCESSOR and same_pins and key[0] in timed
        yield lacking(key, reason, blocks=not (covered and _variant(row(key, "")) in same))
    distinct = len({(cell, time.ratios) for cell, own in cells.items() for time in own.values()})
    for own in cells.values():
        result = _intervals({time.ratios for time in own.values()}, bool(control))
        yield from (_judged(key, time, result[time.ratios], distinct) for key, time in own.items())


def _variant(row: Row) -> tuple[str | int, ...]:
    return tuple(getattr(row, axis) for axis in _VARIANT)


def _cell(key: Key) -> Key:
    return tuple("" if i in (_REMEDY, _DTYPE, _KERNEL) else part for i, part in enumerate(key))


def _compared(key: Key, base: Table, head: Table, control: str) -> _Time | Reason:
    """Return head's times by base's, paired launch by launch within each kind of processor."""
    both = [name for name in base[key] if name in head[key]]
    if not both:
        return Reason.OTHER_PROCESSOR
    before, after = (
        [pair for name in both for pair in _times(key, table, name, control)]
        for table in (base, head)
    )
    ratios = tuple(late / early for (_, early), (_, late) in zip(before, after, strict=False))
    itself = control and (key[_REMEDY], key[_DTYPE]) in ((control, "bool"), (control, ""))
    if len(ratios) < (1 if itself else 2):
        values = (value for table in (base, head) for name in both for value in table[key][name])
        return Reason.UNRELIABLE if any(value.fault for value in values) else Reason.ONE_LAUNCH
    early, late = (statistics.median(seconds for seconds, _ in side) for side in (before, after))
    return _Time(early, late, ratios)


def _times(key: Key, table: Table, processor: str, control: str) -> Iterator[tuple[float, float]]:
    """Yield a variant's seconds in each launch, as they are and by the control's."""
    own = list(key)
    own[_REMEDY], own[_DTYPE] = control, "bool" if key[_DTYPE] else ""
    if control and key[_REMEDY]:
        values = table.get(tuple(own), {}).get(processor, [])
        yardstick = {value[:2]: value.value for value in values}
    else:
        yardstick = {value[:2]: 1.0 for value in table[key][processor]}
    for value in sorted(table[key][processor]):
        if not value.fault and value.value > 0 and yardstick.get(value[:2], 0) > 0:
            yield value.value, value.value / yardstick[value[:2]]


def _intervals(cell: set[tuple[float, ...]], paired: bool) -> dict[tuple[float, ...], Interval]:
    """Return the interval of each distinct time of a cell.

    Times that were divided by a control share the launches' error. What strikes all variants of a
    launch alike does not drop out of the others, so that each has an error of its own.
    """
    # The control by itself has no error, and tells nothing of the others'.
    made = {own: Interval(1.0, 1.0, 1.0, len(own), math.inf) for own in cell}
    blocks: dict[object, dict[str, tuple[float, ...]]] = {}
    for ratios in sorted(own for own in cell if set(own) != {1.0}):
        blocks.setdefault(len(ratios) if paired else ratios, {})[str(ratios)] = ratios
    for block in blocks.values():
        made |= {block[name]: interval for name, interval in intervals([block])[0].items()}
    return made


def _judged(key: Key, time: _Time, interval: Interval, asked: int) -> Row:
    low, high, most = interval.low, interval.high, 1 + MARGIN
    more = (high / low) ** ((widening(asked, interval.degrees) - 1) / 2)
    word = Word.UNDECIDED
    if low / more > most:
        word = Word.SLOWER
    elif high * more < 1 / most:
        word = Word.FASTER
    elif 1 / most <= low and high <= most:
        word = Word.SAME
    current = {"before": time.before, "after": time.after}
    current |= {"ratio": interval.center, "low": low, "high": high}
    if word is not Word.UNDECIDED:
        return row(key, word.value, **current)
    # What is surely small does not stop a night; what looks like an alarm, or might be one, does.
    blocks = interval.center > most or high > BIG
    launches = more_launches(interval, MARGIN, asked)
    return row(key, word.value, **current, more_launches=launches, blocks=blocks)
