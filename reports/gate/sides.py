"""Base and head as each was measured: exact evidence compared, and times not taken in pairs.

A machine is not as fast tonight as it was last night. Where a variant is the same step on both
sides, exactly, its time is what the machine did, and the others' are divided by it. Only a change
beyond `MARGIN` is an alarm.
"""

import statistics
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from remedies import REFERENCE
from remedies.devices import DEVICES
from remedies.intervals import Interval, Word, intervals, judge, widening
from remedies.metrics import AXES, METRICS, PROGRAMS, RECIPES, Kind
from remedies.registry import PLACEBO
from reports.frame import Run
from reports.gate.verdict import Finding, Reason, Row

MARGIN = 0.10
BIG = 1.5
STEP = "step_group"  # the row that says whether a step is the same
IDENTITY = _PROGRAM, _PYTHON = "program_differs", "python_calls_differ"
COUNTS = {"file_bytes", *PROGRAMS, *RECIPES} - {STEP, *IDENTITY}
TIMES = {
    name
    for name, metric in METRICS.items()
    if metric.kind is Kind.TIME and metric.history and name != "python_extra_seconds"
}
_DEVICE, _REMEDY, _DTYPE = (1 + AXES.index(name) for name in ("device", "remedy", "mask_dtype"))
_VARIANT = ("workload", "batch", "jit", "step", "remedy", "mask_dtype")


Key = tuple[Any, ...]  # a metric and its axes, in the order of `AXES`
Side = dict[str, list[Any]]  # kind of processor -> rows of the frame
Table = dict[Key, Side]
Launch = tuple[float, float, float]  # base's seconds, head's, and how many times as long it took


def named(frame: Any) -> Any:
    """Return a frame that names no device but those that are compiled for and not run on."""
    return frame.assign(device=frame["device"].where(~frame["device"].isin(DEVICES), ""))


def table(run: Run) -> Table:
    """Return a run's values by metric and axes, and by kind of processor."""
    made: Table = {}
    key_of = attrgetter("metric", *AXES)
    for value in named(run.frame[run.frame["remedy"] != PLACEBO]).itertuples(index=False):
        facts = run.facts.get(value.machine, {})
        # Another processor has other times, and may have other programs; not so what is compiled.
        processor = f"{facts.get('cpu', value.machine)} {facts.get('gpu', '')}"
        side = made.setdefault(key_of(value), {})
        side.setdefault("" if value.device else processor, []).append(value)
    return made


def row(key: Key, word: str, **current: Any) -> Row:
    """Return a row of the metric and axes in `key`."""
    return Row(key[0], word, **dict(zip(AXES, key[1:], strict=True)), **current)


def lacking(key: Key, reason: Reason, blocks: bool = True) -> Row:
    """Return the row of what could not be compared."""
    return row(key, Finding.NOT_COMPARED.value, reason=reason.value, blocks=blocks)


def exact(base: Table, head: Table) -> Iterator[Row]:
    """Yield a row for every defect, step and count that both sides have."""
    for key in (key for key in base if key in head):
        defect = METRICS[key[0]].kind is Kind.DEFECT
        pairs = _pairs(base[key], head[key], defect)
        if (defect or key[0] in COUNTS) and pairs:
            # Of those of several processors the worst.
            values = [(ours.value, theirs.value) for ours, theirs in pairs]
            before, after = max(values, key=lambda pair: (pair[1] > pair[0], pair[1] != pair[0]))
            more = Finding.MORE if after > before else Finding.FEWER
            word = Finding.EQUAL if after == before else more
            yield row(key, word.value, before=before, after=after)
        elif key[0] == _PROGRAM:
            yield _step(key, base, head)


def _pairs(base: Side, head: Side, everywhere: bool) -> list[tuple[Any, Any]]:
    """Return the first values on each kind of processor that both have, or that any two have."""
    same = [(base[name][0], head[name][0]) for name in base if name in head]
    return same or [(b[0], h[0]) for b in base.values() for h in head.values() if everywhere]


def _step(key: Key, base: Table, head: Table) -> Row:
    """Say whether a step has the same program and the same Python as before."""
    step, python = (STEP, *key[1:]), (_PYTHON, *key[1:])
    program = _equal(base[key], head[key])
    if program is None:
        return lacking(step, Reason.OTHER_PROCESSOR)
    # Of what is compiled and not run there is no Python.
    calls = bool(key[_DEVICE]) or _equal(base.get(python, {}), head.get(python, {}))
    if program and calls is None:
        return lacking(step, Reason.WITHHELD)
    return row(step, Word.SAME_STEP.value if program and calls else Finding.OTHER_STEP.value)


def _equal(base: Side, head: Side) -> bool | None:
    """Return whether two sides have one fingerprint; None where that cannot be said."""
    equal = [ours.text == theirs.text for ours, theirs in _pairs(base, head, True)]
    texts = {values[0].text for side in (base, head) for values in side.values()}
    if not equal or "" in texts:
        return None
    # Another processor may have another program: that tells nothing of the change.
    return all(equal) if {*base} & {*head} or all(equal) else None


def times(base: Table, head: Table, made: Sequence[Row], same_pins: bool) -> Iterator[Row]:
    """Yield a row for each time that both sides have; `made` is what exact evidence says."""
    steps = {_variant(step): step for step in made if step.metric == STEP}
    same = {variant for variant, step in steps.items() if step.word == Word.SAME_STEP.value}
    changed = {step.remedy for variant, step in steps.items() if variant not in same}
    still = [step.remedy for step in steps.values() if same_pins and step.remedy not in changed]
    control = REFERENCE if REFERENCE in still else next(iter(still), "")
    every: dict[str, dict[Key, tuple[Launch, ...]]] = {}
    for key in base:
        if key[0] in TIMES and key in head:
            every.setdefault(key[0], {})[key] = tuple(_launches(key, base, head, control))
    for own in every.values():
        timed = {each: [ratio for *_, ratio in each] for each in own.values() if len(each) > 1}
        blocks = intervals([{launches: ratios} for launches, ratios in timed.items()])
        judged = {launches: interval for block in blocks for launches, interval in block.items()}
        for key, launches in own.items():
            if launches in judged:
                yield _judged(key, launches, judged[launches], len(judged))
            else:
                reason = _reason(base[key], head[key])
                # Of the same step exact evidence says what a clock would, if the clock ran at all.
                covered = reason is Reason.OTHER_PROCESSOR and same_pins and judged
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
    by_control = bool(control and key[_REMEDY])
    launch_of = attrgetter("machine", "launch")
    units = {launch_of(value): value.value for value in controls if by_control}
    for value in sorted(table[key][processor], key=launch_of):
        unit = units.get(launch_of(value), 0.0) if by_control else 1.0
        if not value.unreliable and value.value > 0 and unit > 0:
            yield value.value, value.value / unit


def _reason(*sides: Side) -> Reason:
    """Return why there are no two launches to compare."""
    if not {*sides[0]} & {*sides[1]}:
        return Reason.OTHER_PROCESSOR
    faults = any(value.unreliable for side in sides for values in side.values() for value in values)
    return Reason.UNRELIABLE if faults else Reason.ONE_LAUNCH


def _judged(key: Key, launches: Sequence[Launch], interval: Interval, asked: int) -> Row:
    low, high, most = interval.low, interval.high, 1 + MARGIN
    word = judge(low, high, MARGIN, widening(asked, interval.degrees))
    if word is not Word.SAME and low <= most and high >= 1 / most:
        word = Word.UNDECIDED
    before, after = (statistics.median(side) for side in list(zip(*launches, strict=True))[:2])
    # What is surely small does not stop a night; what looks like an alarm, or might be one, does.
    blocks = word is Word.UNDECIDED and (interval.center > most or high > BIG)
    return row(key, word.value, before=before, after=after, ratio=interval.center, low=low,
               high=high, blocks=blocks)  # fmt: skip
