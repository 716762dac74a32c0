"""Times that were not taken in pairs: of two nights, or of two environments.

A machine is not as fast tonight as it was last night. Where a variant is the same step on both
sides, exactly, its time is what the machine did, and the others' are divided by it; where there is
none, times are compared as they are. Either way only a change beyond `MARGIN` is an alarm.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from remedies import REFERENCE
from remedies.intervals import Interval, Word, intervals, more_launches, widening
from remedies.metrics import METRICS, Kind
from reports.gate.exact import STEP, Key, Side, Table, lacking, row
from reports.gate.verdict import ROW_AXES, Reason, Row

MARGIN = 0.10
BIG = 1.5
TIMES = {
    name
    for name, metric in METRICS.items()
    if metric.kind is Kind.TIME and metric.history and name != "python_extra_seconds"
}
_REMEDY, _DTYPE, _KERNEL = (1 + ROW_AXES.index(name) for name in ("remedy", "mask_dtype", "kernel"))


@dataclass(frozen=True)
class _Compared:
    """A time on both sides: head by base, launch by launch."""

    key: Key
    ratios: tuple[float, ...]
    before: float
    after: float


def rows(base: Table, head: Table, exact: Sequence[Row], same_pins: bool) -> Iterator[Row]:
    """Yield a row for each time that both sides have.

    Parameters
    ----------
    base, head : dict
        Of `reports.gate.exact.table`.
    exact : sequence of Row
        What exact evidence says of the same two sides.
    same_pins : bool
        Whether the two environments hold the same packages.
    """
    same = {_identity(row) for row in exact if row.metric == STEP and row.word == "same step"}
    differ = {row.remedy for row in exact if row.metric == STEP and row.word != "same step"}
    remedies = [name for name in dict.fromkeys(row.remedy for row in exact) if name not in differ]
    known = [name for name in remedies if any(each[-2] == name for each in same)]
    control = (REFERENCE if REFERENCE in known else next(iter(known), "")) if same_pins else ""
    cells: dict[Key, list[_Compared]] = {}
    left: list[tuple[Key, Reason]] = []
    for key in base:
        if key[0] not in TIMES or key not in head or key[_REMEDY] == "placebo":
            continue
        made = _ratios(key, base, head, control)
        if isinstance(made, Reason):
            left.append((key, made))
        elif made.ratios:
            cells.setdefault(_cell(key), []).append(made)
    compared = {each.key[0] for cell in cells.values() for each in cell}
    for key, reason in left:
        # Of the same step exact evidence has said what a clock would, if the clock ran at all.
        covered = reason is Reason.OTHER_PROCESSOR and same_pins and key[0] in compared
        yield lacking(key, reason, blocks=not (covered and _identity(row(key, "")) in same))
    asked = len({(cell, each.ratios) for cell, own in cells.items() for each in own})
    for own in cells.values():
        found = _intervals(own, bool(control))
        yield from (_judged(each, found[each.ratios], asked) for each in own)


def _identity(row: Row) -> tuple[str | int, ...]:
    return row.workload, row.batch, row.jit, row.step, row.remedy, row.mask_dtype


def _cell(key: Key) -> Key:
    return tuple("" if i in (_REMEDY, _DTYPE, _KERNEL) else part for i, part in enumerate(key))


def _ratios(key: Key, base: Table, head: Table, control: str) -> _Compared | Reason:
    """Return head's times by base's, paired launch by launch within each kind of processor."""
    both = [name for name in base[key].values if name in head[key].values]
    if not both:
        return Reason.OTHER_PROCESSOR
    sides: list[list[float]] = []
    relative: list[list[float]] = []
    unreliable = False
    for table in (base, head):
        sides.append([])
        relative.append([])
        for name in both:
            yardstick = _yardstick(key, table, control, name)
            for machine, launch, value, _, fault in sorted(table[key].values[name]):
                unreliable |= bool(fault)
                by = yardstick.get((machine, launch), 0.0) if yardstick else 1.0
                if not fault and value > 0 and by > 0:
                    sides[-1].append(value)
                    relative[-1].append(value / by)
    pairs = list(zip(*relative, strict=False))
    if len(pairs) < 2 and not (pairs and set(pairs) == {(1.0, 1.0)}):
        return Reason.UNRELIABLE if unreliable else Reason.ONE_LAUNCH
    ratios = tuple(after / before for before, after in pairs)
    return _Compared(key, ratios, *(statistics.median(side) for side in sides))


def _yardstick(
    key: Key, table: Table, control: str, processor: str
) -> dict[tuple[str, int], float]:
    """Return the control's time in each launch; nothing where there is none."""
    if not control or not key[_REMEDY]:
        return {}
    own = list(key)
    own[_REMEDY] = control
    own[_DTYPE] = "bool" if key[_DTYPE] else ""
    values = table.get(tuple(own), Side()).values.get(processor, [])
    return {(machine, launch): value for machine, launch, value, _, _ in values}


def _intervals(cell: Sequence[_Compared], paired: bool) -> dict[tuple[float, ...], Interval]:
    """Return the interval of each distinct time of a cell.

    Times that were divided by a control share the launches' error. What strikes all variants of a
    launch alike does not drop out of the others, so that each has an error of its own.
    """
    made = {}
    blocks: dict[int, dict[str, tuple[float, ...]]] = {}
    for number, ratios in enumerate(dict.fromkeys(each.ratios for each in cell)):
        if set(ratios) == {1.0}:
            made[ratios] = Interval(1.0, 1.0, 1.0, len(ratios), math.inf)
        else:
            block = len(ratios) if paired else -number - 1
            blocks.setdefault(block, {})[str(number)] = ratios
    for together in blocks.values():
        made |= {together[name]: interval for name, interval in intervals([together]).items()}
    return made


def _judged(compared: _Compared, interval: Interval, asked: int) -> Row:
    low, high, most = interval.low, interval.high, 1 + MARGIN
    more = (high / low) ** ((widening(asked, interval.degrees) - 1) / 2)
    word = Word.UNDECIDED
    if low / more > most:
        word = Word.SLOWER
    elif high * more < 1 / most:
        word = Word.FASTER
    elif 1 / most <= low and high <= most:
        word = Word.SAME
    undecided = word is Word.UNDECIDED
    return row(
        compared.key,
        word.value,
        before=compared.before,
        after=compared.after,
        ratio=interval.center,
        low=low,
        high=high,
        more_launches=more_launches(interval, MARGIN, asked) if undecided else 0,
        # What is surely small does not stop a night; what looks like an alarm, or might be a big
        # one, does.
        blocks=undecided and (interval.center > most or high > BIG),
    )
