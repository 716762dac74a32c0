"""What needs no clock: defects, steps, and the counts of a program, of base and of head.

Equal on every machine at every load, but for programs: XLA may compile another one for another
processor, so that programs which differ are compared within a processor only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from remedies.intervals import Word
from remedies.metrics import METRICS, PROGRAMS, RECIPES, Kind
from reports.gate.verdict import ROW_AXES, Finding, Reason, Row

STEP = "step_group"  # the row that says whether a step is the same
_PROGRAM, _PYTHON = "program_differs", "python_calls_differ"
COUNTS = {
    name
    for name, metric in (PROGRAMS | RECIPES).items()
    if metric.kind is Kind.COUNT and name not in (STEP, _PROGRAM, _PYTHON)
} | {"file_bytes"}
Key = tuple[Any, ...]  # a metric and its axes, in the order of `ROW_AXES`


@dataclass(frozen=True)
class Side:
    """One side's values of one metric and its axes.

    Attributes
    ----------
    values : dict
        Kind of processor -> launch by launch the machine, the launch, the value, its text and why
        it is no evidence.
    """

    values: dict[str, list[tuple[str, int, float, str, str]]] = field(default_factory=dict)

    def one(self, processor: str) -> tuple[float, str]:
        """Return the first value on a kind of processor, and its text."""
        _, _, value, text, _ = self.values[processor][0]
        return value, text


Table = dict[Key, Side]


def table(frame: Any, processors: Mapping[str, str]) -> Table:
    """Return a frame's values by metric and axes.

    Parameters
    ----------
    frame : DataFrame
        Of `reports.frame.read`.
    processors : mapping of str to str
        Machine -> kind of processor.
    """
    made: Table = {}
    columns = ("metric", *ROW_AXES, "machine", "launch", "value", "text", "unreliable")
    for row in frame[list(columns)].itertuples(index=False, name=None):
        key, (machine, launch, value, text, fault) = row[: len(ROW_AXES) + 1], row[-5:]
        values = made.setdefault(key, Side()).values
        found = values.setdefault(processors.get(machine, machine), [])
        found.append((machine, launch, value, text, fault))
    return made


def row(key: Key, word: str, **known: Any) -> Row:
    """Return a row of the metric and axes in `key`."""
    return Row(key[0], word, **dict(zip(ROW_AXES, key[1:], strict=True)), **known)


def lacking(key: Key, reason: Reason, blocks: bool = True) -> Row:
    """Return the row of what could not be compared."""
    return row(key, Finding.NOT_COMPARED.value, reason=reason.value, blocks=blocks)


def rows(base: Table, head: Table) -> Iterator[Row]:
    """Yield a row for every defect, step and count that both sides have."""
    for key in base:
        if key not in head:
            continue
        if METRICS[key[0]].kind is Kind.DEFECT or (
            key[0] in COUNTS and _common(base[key], head[key])
        ):
            yield _compared(key, *_values(base[key], head[key]))
        elif key[0] == _PROGRAM:
            yield _step(key, base, head)


def _values(base: Side, head: Side) -> tuple[float, float]:
    """Return the values to compare: of processors that both have, those that differ if any do."""
    both = _common(base, head)
    pairs = [(base.one(name)[0], head.one(name)[0]) for name in both]
    pairs = pairs or [(base.one(one)[0], head.one(two)[0])
                      for one in base.values for two in head.values]  # fmt: skip
    return max(pairs, key=lambda pair: (pair[1] > pair[0], pair[1] != pair[0]))


def _common(base: Side, head: Side) -> list[str]:
    return [name for name in base.values if name in head.values]


def _compared(key: Key, before: float, after: float) -> Row:
    word = Finding.MORE if after > before else Finding.FEWER if after < before else Finding.EQUAL
    return row(key, word.value, before=before, after=after)


def _step(key: Key, base: Table, head: Table) -> Row:
    """Say whether a step has the same program and the same Python as before."""
    step, python = (STEP, *key[1:]), (_PYTHON, *key[1:])
    program = _equal(base[key], head[key])
    if program is None:
        return lacking(step, Reason.OTHER_PROCESSOR)
    if not program:
        return row(step, Finding.OTHER_STEP.value)
    known = python in base and python in head
    calls = _equal(base[python], head[python]) if known else None
    if calls is None:
        return lacking(step, Reason.WITHHELD)
    return row(step, Word.SAME_STEP.value if calls else Finding.OTHER_STEP.value)


def _equal(base: Side, head: Side) -> bool | None:
    """Return whether two sides have one fingerprint; None where that cannot be said."""
    both = _common(base, head)
    if both:
        pairs = [(base.one(name)[1], head.one(name)[1]) for name in both]
        return None if any("" in pair for pair in pairs) else all(a == b for a, b in pairs)
    texts = {side.one(name)[1] for side in (base, head) for name in side.values}
    # Another processor may have another program: that tells nothing of the change.
    return True if len(texts) == 1 and "" not in texts else None
