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
        same = _pairs(base[key], head[key])
        if METRICS[key[0]].kind is Kind.DEFECT or (key[0] in COUNTS and same):
            yield _compared(key, base[key], head[key])
        elif key[0] == _PROGRAM:
            yield _step(key, base, head)


def _pairs(base: Side, head: Side) -> list[tuple[Value, Value]]:
    """Return the first values on each kind of processor that both sides have."""
    return [(base[name][0], head[name][0]) for name in base if name in head]


def _compared(key: Key, base: Side, head: Side) -> Row:
    """Compare what both processors have, or else what any has; of several the worst."""
    pairs = _pairs(base, head)
    pairs = pairs or [(ours[0], theirs[0]) for ours in base.values() for theirs in head.values()]
    before, after = max(
        ((ours.value, theirs.value) for ours, theirs in pairs),
        key=lambda pair: (pair[1] > pair[0], pair[1] != pair[0]),
    )
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
    pairs = _pairs(base, head)
    if pairs:
        withheld = any("" in (ours.text, theirs.text) for ours, theirs in pairs)
        return None if withheld else all(ours.text == theirs.text for ours, theirs in pairs)
    texts = {values[0].text for side in (base, head) for values in side.values()}
    # Another processor may have another program: that tells nothing of the change.
    return True if base and head and len(texts) == 1 and "" not in texts else None
