"""Which cells need another launch: those with a comparison that is not decided yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from benchmarks.session import Folder, Session
from benchmarks.variants import PLACEBO
from remedies.intervals import DECIDED, Interval, intervals, judge, widening
from remedies.metrics import METRICS, Kind

Block = dict[str, list[float]]  # variant -> its ratio, launch by launch


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
    earlier = [_cells([replace(s, launch=n) for n in range(s.launch)], folder) for s in sessions]
    blocks = [block for cells in earlier for block in cells]
    judged = iter(intervals(blocks))
    asked = looks * max(1, len(blocks))
    decided = [[_decided(next(judged), asked) for _ in cells] for cells in earlier]
    return [s for s, cells in zip(sessions, decided, strict=True) if not all(cells)]


def _cells(launches: Sequence[Session], folder: Folder) -> list[Block]:
    """Return variant -> ratios, launch by launch, of each cell; one step counts once."""
    cells: dict[str, Block] = defaultdict(lambda: defaultdict(list))
    for session in launches:
        for entry in folder.entries(session):
            if METRICS[entry.metric].kind is Kind.RATIO:
                axes = {**session.axes, **entry.axes}
                names = ("source", "remedy", "mask_dtype")
                variant = " ".join(str(axes.pop(name, "")) for name in names)
                cells[f"{entry.metric} {sorted(axes.items())}"][variant].append(entry.value)
    return [_distinct(variants) for variants in cells.values()]


def _distinct(variants: Block) -> Block:
    once = {tuple(values): variant for variant, values in variants.items()}
    return {variant: list(values) for values, variant in once.items()}


def _decided(block: Mapping[str, Interval], asked: int) -> bool:
    for variant, interval in block.items():
        word = judge(interval.low, interval.high, wider=widening(asked, interval.degrees))
        if word not in DECIDED and PLACEBO not in variant:
            return False
    return True
