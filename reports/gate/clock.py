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
from remedies.intervals import Interval, Word, intervals, more_launches, widening
from remedies.metrics import METRICS, Kind
from reports.gate.exact import STEP, Key, Table, lacking, row
from reports.gate.verdict import ROW_AXES, Reason, Row

MARGIN = 0.10
BIG = 1.5
TIMES = {
    name
    for name, metric in METRICS.items()
    if metric.kind is Kind.TIME and metric.history and name != "python_extra_seconds"
}
_REMEDY, _DTYPE, _KERNEL = (1 + ROW_AXES.index(name) for name in ("remedy", "mask_dtype", "kernel"))
_VARIANT = ("workload", "batch", "jit", "step", "remedy", "mask_dtype")


class _Time(NamedTuple):
    """A time on both sides: head by base launch by launch, and the medians."""

    key: Key
    ratios: tuple[float, ...]
    medians: dict[str, float]


def rows(base: Table, head: Table, exact: Sequence[Row], same_pins: bool) -> Iterator[Row]:
    """Yield a row for each time that both sides have; `exact` is what exact evidence says."""
    steps = [step for step in exact if step.metric == STEP]
    same = {_variant(step) for step in steps if step.word == Word.SAME_STEP.value}
    changed = {step.remedy for step in steps if _variant(step) not in same}
    still = [step.remedy for step in steps if same_pins and step.remedy not in changed]
    control = REFERENCE if REFERENCE in still else next(iter(still), "")
    asked = [key for key in base if key[0] in TIMES and key in head and "placebo" not in key]
    made = {key: _compared(key, base, head, control) for key in asked}
    cells: dict[Key, list[_Time]] = {}
    for key, time in made.items():
        if isinstance(time, _Time):
            cells.setdefault(_cell(key), []).append(time)
    timed = {cell[0] for cell in cells}
    for key, reason in made.items():
        if isinstance(reason, Reason):
            # Of the same step exact evidence has said what a clock would, if the clock ran at all.
            covered = reason is Reason.OTHER_PROCESSOR and same_pins and key[0] in timed
            yield lacking(key, reason, blocks=not (covered and _variant(row(key, "")) in same))
    distinct = len({(cell, time.ratios) for cell, own in cells.items() for time in own})
    for own in cells.values():
        result = _intervals(own, bool(control))
        yield from (_judged(time, result[time.ratios], distinct) for time in own)


def _variant(row: Row) -> tuple[str | int, ...]:
    return tuple(getattr(row, axis) for axis in _VARIANT)


def _cell(key: Key) -> Key:
    return tuple("" if i in (_REMEDY, _DTYPE, _KERNEL) else part for i, part in enumerate(key))


def _compared(key: Key, base: Table, head: Table, control: str) -> _Time | Reason:
    """Return head's times by base's, paired launch by launch within each kind of processor."""
    both = [name for name in base[key] if name in head[key]]
    if not both:
        return Reason.OTHER_PROCESSOR
    sides = [
        [pair for name in both for pair in _times(key, table, name, control)]
        for table in (base, head)
    ]
    pairs = list(zip(*([relative for _, relative in side] for side in sides), strict=False))
    if len(pairs) < 2 and set(pairs) != {(1.0, 1.0)}:
        faults = any(value.fault for table in (base, head) for name in both
                     for value in table[key][name])  # fmt: skip
        return Reason.UNRELIABLE if faults else Reason.ONE_LAUNCH
    medians = (statistics.median(seconds for seconds, _ in side) for side in sides)
    ratios = tuple(after / before for before, after in pairs)
    return _Time(key, ratios, dict(zip(("before", "after"), medians, strict=True)))


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


def _intervals(cell: Sequence[_Time], paired: bool) -> dict[tuple[float, ...], Interval]:
    """Return the interval of each distinct time of a cell.

    Times that were divided by a control share the launches' error. What strikes all variants of a
    launch alike does not drop out of the others, so that each has an error of its own.
    """
    made = {}
    blocks: dict[int, dict[str, tuple[float, ...]]] = {}
    for number, ratios in enumerate(dict.fromkeys(time.ratios for time in cell)):
        if set(ratios) == {1.0}:
            made[ratios] = Interval(1.0, 1.0, 1.0, len(ratios), math.inf)
        else:
            block = len(ratios) if paired else -number - 1
            blocks.setdefault(block, {})[str(number)] = ratios
    for together in blocks.values():
        made |= {together[name]: interval for name, interval in intervals([together])[0].items()}
    return made


def _judged(time: _Time, interval: Interval, asked: int) -> Row:
    low, high, most = interval.low, interval.high, 1 + MARGIN
    more = (high / low) ** ((widening(asked, interval.degrees) - 1) / 2)
    table = (
        (low / more > most, Word.SLOWER),
        (high * more < 1 / most, Word.FASTER),
        (1 / most <= low and high <= most, Word.SAME),
    )
    word = next((word for holds, word in table if holds), Word.UNDECIDED)
    undecided = word is Word.UNDECIDED
    return row(
        time.key,
        word.value,
        **time.medians,
        ratio=interval.center,
        low=low,
        high=high,
        more_launches=more_launches(interval, MARGIN, asked) if undecided else 0,
        # What is surely small does not stop a night; what looks like an alarm, or might be a big
        # one, does.
        blocks=undecided and (interval.center > most or high > BIG),
    )
