"""What needs no clock: defects, steps, and the counts of a program, of base and of head.

Equal on every machine at every load, but for programs: XLA may compile another one for another
processor, so that programs which differ are compared within a processor only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from remedies.devices import DEVICES
from remedies.metrics import AXES, METRICS, PROGRAMS, RECIPES, Kind
from remedies.words import Word
from reports.frame import Run
from reports.gate.verdict import Finding, Reason, Row

STEP = "step_group"  # the row that says whether a step is the same
IDENTITY = _PROGRAM, _PYTHON = "program_differs", "python_calls_differ"
COUNTS = {"file_bytes", *PROGRAMS, *RECIPES} - {STEP, *IDENTITY}
_DEVICE = 1 + AXES.index("device")
Key = tuple[Any, ...]  # a metric and its axes, in the order of `AXES`


class Value(NamedTuple):
    """A value as measured, the text beside it, and why it is no evidence."""

    machine: str
    launch: int
    value: float
    text: str
    fault: str


Side = dict[str, list[Value]]  # kind of processor -> values
Table = dict[Key, Side]


def named(frame: Any) -> Any:
    """Return a frame that names no device but those that are compiled for and not run on."""
    return frame.assign(device=frame["device"].where(~frame["device"].isin(DEVICES), ""))


def table(run: Run) -> Table:
    """Return a run's values by metric and axes, and by kind of processor.

    Times of different processors are never compared. What is only compiled for has none: it is the
    same on every machine.
    """
    made: Table = {}
    columns = ["metric", *AXES, "machine", "launch", "value", "text", "unreliable"]
    for entry in named(run.frame)[columns].itertuples(index=False, name=None):
        value = Value(*entry[-5:])
        facts = run.facts.get(value.machine, {})
        processor = f"{facts.get('cpu', value.machine)} {facts.get('gpu', '')}"
        side = made.setdefault(entry[:-5], {})
        side.setdefault("" if entry[_DEVICE] else processor, []).append(value)
    return made


def row(key: Key, word: str, **current: Any) -> Row:
    """Return a row of the metric and axes in `key`."""
    return Row(key[0], word, **dict(zip(AXES, key[1:], strict=True)), **current)


def lacking(key: Key, reason: Reason, blocks: bool = True) -> Row:
    """Return the row of what could not be compared."""
    return row(key, Finding.NOT_COMPARED.value, reason=reason.value, blocks=blocks)


def rows(base: Table, head: Table) -> Iterator[Row]:
    """Yield a row for every defect, step and count that both sides have."""
    for key in (key for key in base if key in head):
        defect = METRICS[key[0]].kind is Kind.DEFECT
        pairs = _pairs(base[key], head[key], everywhere=defect)
        if (defect or key[0] in COUNTS) and pairs:
            yield _compared(key, pairs)
        elif key[0] == _PROGRAM:
            yield _step(key, base, head)


def _pairs(base: Side, head: Side, everywhere: bool = False) -> list[tuple[Value, Value]]:
    """Return the first values on each kind of processor that both have, or that any two have."""
    same = [(base[name][0], head[name][0]) for name in base if name in head]
    return same or [(b[0], h[0]) for b in base.values() for h in head.values() if everywhere]


def _compared(key: Key, pairs: list[tuple[Value, Value]]) -> Row:
    """Compare two counts; of those of several processors the worst."""
    values = [(before.value, after.value) for before, after in pairs]
    before, after = max(values, key=lambda pair: (pair[1] > pair[0], pair[1] != pair[0]))
    word = Finding.MORE if after > before else Finding.FEWER if after < before else Finding.EQUAL
    return row(key, word.value, before=before, after=after)


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
    equal = [ours.text == theirs.text for ours, theirs in _pairs(base, head, everywhere=True)]
    texts = {values[0].text for side in (base, head) for values in side.values()}
    if not equal or "" in texts:
        return None
    # Another processor may have another program: that tells nothing of the change.
    return all(equal) if {*base} & {*head} or all(equal) else None
