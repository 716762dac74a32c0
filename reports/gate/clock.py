"""Times that were not taken in pairs: of two nights, or of two environments.

A machine is not as fast tonight as it was last night. Where a variant is the same step on both
sides, exactly, its time is what the machine did, and the others' are divided by it; where there is
none, times are compared as they are. Either way only a change beyond `MARGIN` is an alarm.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from remedies import REFERENCE
from remedies.intervals import Interval, intervals
from remedies.metrics import AXES, METRICS, Kind
from remedies.registry import PLACEBO
from remedies.words import Word, more_launches, widening
from reports.gate.exact import STEP, Key, Side, Table, lacking, row
from reports.gate.verdict import Reason, Row

MARGIN = 0.10
BIG = 1.5
TIMES = {
    name
    for name, metric in METRICS.items()
    if metric.kind is Kind.TIME and metric.history and name != "python_extra_seconds"
}
_REMEDY, _DTYPE = (1 + AXES.index(name) for name in ("remedy", "mask_dtype"))
_VARIANT = ("workload", "batch", "jit", "step", "remedy", "mask_dtype")
Launch = tuple[float, float, float]  # base's seconds, head's, and how many times as long it took


def rows(base: Table, head: Table, exact: Sequence[Row], same_pins: bool) -> Iterator[Row]:
    """Yield a row for each time that both sides have; `exact` is what exact evidence says."""
    steps = {_variant(step): step for step in exact if step.metric == STEP}
    same = {variant for variant, step in steps.items() if step.word == Word.SAME_STEP.value}
    changed = {step.remedy for variant, step in steps.items() if variant not in same}
    still = [step.remedy for step in steps.values() if same_pins and step.remedy not in changed]
    control = REFERENCE if REFERENCE in still else next(iter(still), "")
    every: dict[str, dict[Key, tuple[Launch, ...]]] = {}
    for key in base:
        if key[0] in TIMES and key in head and PLACEBO not in key:
            every.setdefault(key[0], {})[key] = tuple(_launches(key, base, head, control))
    for own in every.values():
        timed = {each: [ratio for *_, ratio in each] for each in own.values() if len(each) > 1}
        blocks = intervals([{launches: ratios} for launches, ratios in timed.items()])
        made = {launches: interval for block in blocks for launches, interval in block.items()}
        for key, launches in own.items():
            if launches in made:
                yield _judged(key, launches, made[launches], len(made))
            else:
                reason = _reason(base[key], head[key])
                # Of the same step exact evidence says what a clock would, if the clock ran at all.
                covered = reason is Reason.OTHER_PROCESSOR and same_pins and made
                yield lacking(key, reason, not (covered and _variant(row(key, "")) in same))


def _variant(row: Row) -> tuple[str | int, ...]:
    return tuple(getattr(row, axis) for axis in _VARIANT)


def _launches(key: Key, base: Table, head: Table, control: str) -> Iterator[Launch]:
    """Yield the launches that both sides have on each kind of processor."""
    for name in (name for name in base[key] if name in head[key]):
        sides = [_times(key, table, name, control) for table in (base, head)]
        for (before, early), (after, late) in zip(*sides, strict=False):
            yield before, after, late / early


def _times(key: Key, table: Table, processor: str, control: str) -> Iterator[tuple[float, float]]:
    """Yield a variant's seconds in each launch, as they are and by the control's."""
    own = list(key)
    own[_REMEDY], own[_DTYPE] = control, "bool" if key[_DTYPE] else ""
    controls = table.get(tuple(own), {}).get(processor, ())
    yardstick = {value[:2]: value.value for value in controls if control and key[_REMEDY]}
    for value in sorted(table[key][processor]):
        unit = yardstick.get(value[:2], 0.0) if control and key[_REMEDY] else 1.0
        if not value.fault and value.value > 0 and unit > 0:
            yield value.value, value.value / unit


def _reason(*sides: Side) -> Reason:
    """Return why there are no two launches to compare."""
    if not {*sides[0]} & {*sides[1]}:
        return Reason.OTHER_PROCESSOR
    faults = any(value.fault for side in sides for values in side.values() for value in values)
    return Reason.UNRELIABLE if faults else Reason.ONE_LAUNCH


def _judged(key: Key, launches: Sequence[Launch], interval: Interval, asked: int) -> Row:
    low, high, most = interval.low, interval.high, 1 + MARGIN
    more = (high / low) ** ((widening(asked, interval.degrees) - 1) / 2)
    word = Word.UNDECIDED
    if low / more > most:
        word = Word.SLOWER
    elif high * more < 1 / most:
        word = Word.FASTER
    elif 1 / most <= low and high <= most:
        word = Word.SAME
    before, after = (statistics.median(side) for side in list(zip(*launches, strict=True))[:2])
    current: dict[str, Any] = {
        "before": before,
        "after": after,
        "ratio": interval.center,
        "low": low,
        "high": high,
    }
    if word is not Word.UNDECIDED:
        return row(key, word.value, **current)
    # What is surely small does not stop a night; what looks like an alarm, or might be one, does.
    blocks = interval.center > most or high > BIG
    current["more_launches"] = more_launches(interval, MARGIN, asked)
    return row(key, word.value, **current, blocks=blocks)
