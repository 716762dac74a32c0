"""Which cells need another launch: those with a comparison that is not decided yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchmarks.session import Folder, Session
from benchmarks.variants import PLACEBO
from remedies.intervals import DECIDED, intervals, judge, widening
from remedies.metrics import METRICS, Kind

Block = dict[str, list[float]]  # variant -> its ratio, launch by launch
Cells = dict[str, Block]


def undecided(sessions: Iterable[Session], folder: Folder, looks: int) -> list[Session]:
    """Return those of `sessions` whose earlier launches leave a ratio undecided.

    Parameters
    ----------
    sessions : iterable of Session
        Of the next launch.
    looks : int
        How often the launches are looked at in all: each look may stop at a lucky streak.
    """
    sessions = list(sessions)
    earlier = {s: [replace(s, launch=n) for n in range(s.launch)] for s in sessions}
    asked = looks * max(1, sum(len(_ratios(before, folder)) for before in earlier.values()))
    return [s for s, before in earlier.items() if not _decided(_ratios(before, folder), asked)]


def _ratios(launches: Sequence[Session], folder: Folder) -> Cells:
    """Return cell -> variant -> ratios, launch by launch; members of one step count once."""
    cells: Cells = defaultdict(lambda: defaultdict(list))
    for session in launches:
        for entry in folder.entries(session):
            if METRICS[entry.metric].kind is Kind.RATIO:
                axes = {**session.axes, **entry.axes}
                names = ("source", "remedy", "mask_dtype")
                variant = " ".join(str(axes.pop(name, "")) for name in names)
                cells[f"{entry.metric} {sorted(axes.items())}"][variant].append(entry.value)
    return {cell: _distinct(variants) for cell, variants in cells.items()}


def _distinct(variants: Block) -> Block:
    once = {tuple(values): variant for variant, values in variants.items()}
    return {variant: list(values) for values, variant in once.items()}


def _decided(cells: Cells, asked: int) -> bool:
    for block in cells.values():
        for variant, interval in intervals([block]).items():
            word = judge(interval.low, interval.high, wider=widening(asked, interval.degrees))
            if word not in DECIDED and PLACEBO not in variant:
                return False
    return True
