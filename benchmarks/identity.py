"""Which variants of a cell are the same step: exact, so it is measured once and timed never."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.session import Entry, Session
from benchmarks.settings import Setting
from benchmarks.variants import Variant, make, reference, tensors, variants
from remedies import REFERENCE
from remedies.steps import same_step

Steps = dict[Variant, same_step.Step]


def measure(session: Session, setting: Setting) -> Iterator[Entry]:
    """Yield what each variant's steps are, and how they differ from the reference step."""
    data = tensors(session)
    for jit in setting.jits:
        cells: dict[str, Steps] = {step: {} for step in same_step.STEPS}
        for variant in variants(session):
            model = make(session, variant, jit)
            for step, cell in cells.items():
                fed = data[variant.mask_dtype]
                cell[variant] = same_step.identify(model, step, *fed)
        for step, cell in cells.items():
            yield from _entries(cell, {"jit": jit, "step": step})


def _entries(cell: Steps, axes: dict[str, Any]) -> Iterator[Entry]:
    numbers = same_step.group(cell, plain(cell))
    for variant, step in cell.items():
        base = cell[reference(variant)]
        own = {**axes, **variant.axes}
        differs = int(step.program != base.program)
        difference, number = same_step.difference(step, base), numbers[variant]
        if variant.source:  # against base's own recipe: 0 is the same step
            number = number + 1 if difference else 0
        yield Entry("program_differs", differs, own, step.program)
        yield Entry("step_group", number, own, difference)
        if (count := same_step.calls_that_differ(step.calls, base.calls)) is not None:
            yield Entry("python_calls_differ", count, own, step.python)
            yield Entry("python_calls", len(step.calls or ()), own)
        for metric, value in step.counts.items():
            yield Entry(metric, value, own)


def plain(cell: Iterable[Variant]) -> Variant:
    """Return the reference step's variant, which the placebo is a copy of."""
    return Variant(next(iter(cell)).source, REFERENCE, "bool")


@dataclass
class Classes:
    """One step of a cell: members of one class take equal time."""

    program: dict[Variant, str] = field(default_factory=dict)  # fingerprints
    python: dict[Variant, str] = field(default_factory=dict)  # fingerprints; none if withheld
    calls: dict[Variant, int] = field(default_factory=dict)  # that differ from the reference step's

    def timed_as(self, variant: Variant) -> Variant:
        """Return the variant whose time is that of the program of `variant`.

        A ratio of two sources holds their Python too, so that there it must be the same as well.
        """

        def clocked(each: Variant) -> tuple[str, str]:
            python = self.python.get(each, str(each)) if each.source else ""
            return self.program[each], python

        members = [each for each in self.program if clocked(each) == clocked(variant)]
        return min(members, key=lambda v: (v.remedy != REFERENCE, v.source != "base"))

    def timed(self) -> list[Variant]:
        """Return one variant of each program that differs from what it is compared with."""
        pairs = [(v, reference(v)) for v in self.program]
        differ = [(v, base) for v, base in pairs if self.program[v] != self.program[base]]
        return list(dict.fromkeys(self.timed_as(v) for pair in differ for v in pair))

    def other_python(self) -> list[Variant]:
        """Return one variant of each Python that differs from what it is compared with."""
        pairs = [(v, own, self.python.get(reference(v), own)) for v, own in self.python.items()]
        return list({own: v for v, own, base in pairs if own != base}.values())


def classes(identity: Iterable[Entry]) -> dict[tuple[str, str], Classes]:
    """Return (jit, step) -> classes."""
    cells: dict[tuple[str, str], Classes] = defaultdict(Classes)
    for entry in identity:
        cell = cells[str(entry.axes["jit"]), str(entry.axes["step"])]
        variant = Variant(*(str(entry.axes.get(name, "")) for name in Variant._fields))
        if entry.metric == "program_differs":
            cell.program[variant] = entry.text
        elif entry.metric == "python_calls_differ" and entry.text:
            cell.python[variant] = entry.text
            cell.calls[variant] = int(entry.value)
    return cells
