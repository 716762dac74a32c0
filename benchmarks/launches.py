"""Which cells need another launch: those with a comparison that is not decided yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from benchmarks.session import Entry, Folder, Session
from remedies.intervals import Interval, common, intervals
from remedies.metrics import METRICS, Kind
from remedies.registry import PLACEBO
from remedies.words import DECIDED, judge, widening

Block = dict[str, list[Entry]]  # variant -> its ratio, launch by launch


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
    judged = iter(_intervals(blocks))
    asked = looks * max(1, len(blocks))
    decided = [[_decided(next(judged), asked) for _ in cells] for cells in earlier]
    return [s for s, cells in zip(sessions, decided, strict=True) if not all(cells)]


def _intervals(blocks: Sequence[Block]) -> Iterator[dict[str, Interval]]:
    """Yield the intervals of each block, in the light of those of its own metric."""
    made: dict[str, Iterator[dict[str, Interval]]] = {}
    metrics = [next(iter(block.values()))[0].metric for block in blocks]
    for metric in dict.fromkeys(metrics):
        own = [block for block, name in zip(blocks, metrics, strict=True) if name == metric]
        values = [{v: [e.value for e in row] for v, row in block.items()} for block in own]
        errors = [common([[e.error for e in row] for row in block.values()]) for block in own]
        copies = {name for block in own for name in block if PLACEBO in name}
        made[metric] = iter(intervals(values, errors=errors, copies=copies))
    return (next(made[metric]) for metric in metrics)


def _cells(launches: Sequence[Session], folder: Folder) -> list[Block]:
    """Return variant -> ratios, launch by launch, of each cell; one step counts once."""
    cells: dict[str, Block] = defaultdict(lambda: defaultdict(list))
    for session in launches:
        for entry in folder.entries(session):
            if METRICS[entry.metric].kind is Kind.RATIO:
                axes = {**session.axes, **entry.axes}
                names = ("source", "remedy", "mask_dtype")
                variant = " ".join(str(axes.pop(name, "")) for name in names)
                cells[f"{entry.metric} {sorted(axes.items())}"][variant].append(entry)
    return [_distinct(variants) for variants in cells.values()]


def _distinct(variants: Block) -> Block:
    once = {tuple(entry.value for entry in row): variant for variant, row in variants.items()}
    return {variant: variants[variant] for variant in once.values()}


def _decided(block: Mapping[str, Interval], asked: int) -> bool:
    for variant, interval in block.items():
        word = judge(interval.low, interval.high, wider=widening(asked, interval.degrees))
        if word not in DECIDED and PLACEBO not in variant:
            return False
    return True
