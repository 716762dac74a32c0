"""The variants of one step by program and by Python, read from what an identity session left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.session import Entry
from benchmarks.variants import Variant, reference
from remedies import REFERENCE


@dataclass
class Classes:
    """One step of a cell: members of one class take equal time.

    Attributes
    ----------
    program, python : dict of Variant to str
        Fingerprints; no Python where it is withheld.
    calls : dict of Variant to int
        Python calls that differ from the reference step's.
    """

    program: dict[Variant, str] = field(default_factory=dict)
    python: dict[Variant, str] = field(default_factory=dict)
    calls: dict[Variant, int] = field(default_factory=dict)

    def plain(self) -> Variant:
        """Return the reference step's variant, which the placebo is a copy of."""
        return Variant(next(iter(self.program)).source, REFERENCE, "bool")

    def timed_as(self, variant: Variant) -> Variant:
        """Return the variant whose time is that of the program of `variant`.

        A ratio of two sources holds their Python too, so that there it must be the same as well.
        """
        own = self._clocked(variant)
        members = [v for v in self.program if self._clocked(v) == own]
        return min(members, key=lambda v: (v.remedy != REFERENCE, v.source != "base"))

    def _clocked(self, variant: Variant) -> tuple[str, str]:
        python = self.python.get(variant, str(variant)) if variant.source else ""
        return self.program[variant], python

    def timed(self) -> list[Variant]:
        """Return one variant of each program that differs from what it is compared with."""
        pairs = [(v, reference(v)) for v in self.program]
        differ = [p for p in pairs if self.program[p[0]] != self.program[p[1]]]
        return list(dict.fromkeys(self.timed_as(v) for pair in differ for v in pair))

    def other_python(self) -> list[Variant]:
        """Return one variant of each Python that differs from what it is compared with."""
        differ = {
            self.python[v]: v
            for v in self.program
            if {v, reference(v)} <= self.python.keys()
            and self.python[v] != self.python[reference(v)]
        }
        return list(differ.values())


def classes(identity: Iterable[Entry]) -> dict[tuple[str, str], Classes]:
    """Return (jit, step) -> classes."""
    cells: dict[tuple[str, str], Classes] = defaultdict(Classes)
    for entry in identity:
        cell = cells[str(entry.axes.get("jit")), str(entry.axes.get("step"))]
        variant = Variant(*(str(entry.axes.get(name, "")) for name in Variant._fields))
        if entry.metric == "program_differs":
            cell.program[variant] = entry.text
        elif entry.metric == "python_calls_differ" and entry.text:
            cell.python[variant] = entry.text
            cell.calls[variant] = int(entry.value)
    return {key: cell for key, cell in cells.items() if cell.program}
