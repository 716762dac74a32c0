"""Base and head as each was measured: exact evidence compared, and times not taken in pairs.

The time of a step that is the same on both sides, exactly, is what the machine did: the others'
are divided by it. Only a change beyond `MARGIN` is an alarm.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, product
from operator import attrgetter
from typing import Any

from remedies import REFERENCE
from remedies.devices import TARGETS
from remedies.intervals import Interval, Word, intervals, judge, widening
from remedies.metrics import AXES, METRICS, PROGRAMS, RECIPES, Kind
from remedies.registry import PLACEBO
from reports.frame import Run
from reports.gate.verdict import NOT_COMPARED, Reason, Row

MARGIN, BIG = 0.10, 1.5
STEP = "step_group"  # the row that says whether a step is the same
IDENTITY = _PROGRAM, _PYTHON = "program_differs", "python_calls_differ"
COUNTS = {"file_bytes", *PROGRAMS, *RECIPES} - {STEP, *IDENTITY}
TIMES = [
    name
    for name, metric in METRICS.items()
    if metric.kind is Kind.TIME and metric.history and name != "python_extra_seconds"
]

Key = tuple[Any, ...]  # a metric and its axes, in the order of `AXES`
Side = dict[str, list[Any]]  # kind of processor -> rows of the frame
Table = dict[Key, Side]

key_of = attrgetter("metric", *AXES)
_variant_of = attrgetter("workload", "batch", "jit", "step", "remedy", "mask_dtype")


def table(run: Run) -> Table:
    """Return a run's values by metric and axes, and by kind of processor."""
    made: Table = {}
    for value in run.frame[run.frame["remedy"] != PLACEBO].itertuples(index=False):
        facts = run.facts.get(value.machine, {})
        # Another processor has other times, and may have other programs; not so what is compiled.
        processor = f"{facts.get('cpu', value.machine)} {facts.get('gpu', '')}"
        side = made.setdefault(key_of(value), {})
        side.setdefault("" if value.device in TARGETS else processor, []).append(value)
    return made


def row(key: Key, word: str, **current: Any) -> Row:
    """Return a row of the metric and axes in `key`."""
    return Row(key[0], word, *key[1:], **current)


def lacking(key: Key, reason: Reason, blocks: bool = True) -> Row:
    """Return the row of what could not be compared."""
    return row(key, NOT_COMPARED, reason=reason.value, blocks=blocks)


def exact(base: Table, head: Table) -> Iterator[Row]:
    """Yield a row for every defect, step and count that both sides have."""
    for key in (key for key in base if key in head):
        defect = METRICS[key[0]].kind is Kind.DEFECT
        before, after, alike = _pair(base[key], head[key])
        if defect or (alike and key[0] in COUNTS):
            before, after = before.value, after.value
            word = "equal" if after == before else "more" if after > before else "fewer"
            yield row(key, word, before=before, after=after)
        elif key[0] == _PROGRAM:
            step, python = (STEP, *key[1:]), (_PYTHON, *key[1:])
            program = _equal(base[key], head[key])
            calls = _equal(base.get(python, {}), head.get(python, {}))
            if program is None:
                yield lacking(step, Reason.OTHER_PROCESSOR)
            elif program and calls is None and "" not in base[key]:  # what is compiled has none
                yield lacking(step, Reason.WITHHELD)
            else:
                same = program and calls is not False
                yield row(step, Word.SAME_STEP.value if same else "another step")


def _pair(base: Side, head: Side) -> tuple[Any, Any, bool]:
    """Return a value of each side, of one kind of processor if they share one, and whether so."""
    every = product(base.items(), head.items())
    (here, ours), (there, theirs) = min(every, key=lambda pair: pair[0][0] != pair[1][0])
    return ours[0], theirs[0], here == there


def _equal(base: Side, head: Side) -> bool | None:
    """Return whether two sides have one fingerprint; None where that cannot be said."""
    if not base or not head:
        return None
    ours, theirs, alike = _pair(base, head)
    # Another processor may have another program: that tells nothing of the change.
    unknown = not (ours.text and theirs.text) or (ours.text != theirs.text and not alike)
    return None if unknown else ours.text == theirs.text


def times(base: Table, head: Table, made: Sequence[Row], same_pins: bool) -> Iterator[Row]:
    """Yield a row for each time that both sides have; `made` is what exact evidence says."""
    steps = [row for row in made if row.metric == STEP]
    same = {_variant_of(step) for step in steps if step.word == Word.SAME_STEP}
    changed = {step.remedy for step in steps if _variant_of(step) not in same}
    still = [step.remedy for step in steps if same_pins and step.remedy not in changed]
    control = REFERENCE if REFERENCE in still else next(iter(still), "")
    for metric in TIMES:
        every = [key for key in base if key[0] == metric and key in head]
        own = {key: tuple(_ratios(key, base, head, control)) for key in every}
        # What is the same step was timed once: it is one question.
        timed = dict.fromkeys(ratios for ratios in own.values() if len(ratios) > 1)
        blocks = intervals([{ratios: ratios} for ratios in timed])
        judged = {ratios: interval for block in blocks for ratios, interval in block.items()}
        for key, ratios in own.items():
            values = [*chain(*base[key].values(), *head[key].values())]
            if ratios in judged:
                yield _judged(key, judged[ratios], len(judged))
            elif not base[key].keys() & head[key].keys():
                # Of the same step exact evidence says what a clock would, if the clock ran at all.
                covered = same_pins and judged and _variant_of(values[0]) in same
                yield lacking(key, Reason.OTHER_PROCESSOR, not covered)
            else:
                unsound = any(value.unreliable for value in values)
                yield lacking(key, Reason.UNRELIABLE if unsound else Reason.ONE_LAUNCH)


def _ratios(key: Key, base: Table, head: Table, control: str) -> Iterator[float]:
    """Yield how many times as long head's launches took, on each kind of processor of both."""
    for name in base[key]:
        sides = (_times(key, table, name, control) for table in (base, head))
        for before, after in zip(*sides, strict=False):
            yield after / before


def _times(key: Key, table: Table, processor: str, control: str) -> Iterator[float]:
    """Yield a variant's time in each launch: by the control's, where there is one."""
    launch_of = attrgetter("machine", "launch")
    for value in sorted(table[key].get(processor, ()), key=launch_of):
        dtype = "bool" if value.mask_dtype else ""
        beside = table.get(key_of(value._replace(remedy=control, mask_dtype=dtype)), {})
        units = {launch_of(each): each.value for each in beside.get(processor, ())}
        unit = units.get(launch_of(value), 0.0) if control and value.remedy else 1.0
        if not value.unreliable and value.value > 0 and unit > 0:
            yield value.value / unit


def _judged(key: Key, interval: Interval, asked: int) -> Row:
    low, high, most = interval.low, interval.high, 1 + MARGIN
    word = judge(low, high, MARGIN, widening(asked, interval.degrees))
    if word is not Word.SAME and low <= most and high >= 1 / most:
        word = Word.UNDECIDED
    # What is surely small does not stop a night; what looks like an alarm, or might be one, does.
    blocks = word is Word.UNDECIDED and (interval.center > most or high > BIG)
    return row(key, word.value, ratio=interval.center, low=low, high=high, blocks=blocks)
