"""The interval of a ratio over several launches: a randomised block design.

In a cell every launch (a fresh process: the block) measures every series once, so the logarithms of
the launches' estimates are `series effect + launch effect + error`. A launch's effect is common to
its series and drops out of each ratio. What is left over, after the series' and the launches' means
are taken away, is the error: it holds the noise within a launch *and* what the layout of a process
does to one series and not to another. It is estimated from all series of the cell together, with
``(series - 1) * (launches - 1)`` degrees of freedom, so a few launches suffice. (Fisher 1935, *The
Design of Experiments*; any textbook on the analysis of variance.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from reports.vocabulary import LATER_AXES

LEVEL = 0.99
CELL = ["machine", "commit", "environment", "metric", "workload", "device", "jit", "batch"]
CELL += LATER_AXES

_COLUMNS = {
    "ratio": "ratio",
    "ratio_ci_low": "low",
    "ratio_ci_high": "high",
    "ratio_n": "launches",
    "ratio_degrees": "degrees",
}
_RANKED = 8  # the least samples whose ranks make a 99 % interval (asv_runner.statistics)


@dataclass(frozen=True)
class Interval:
    """A ratio with its 99 % interval, over `launches` launches.

    Attributes
    ----------
    degrees : float
        Degrees of freedom of the error that its width comes from: the fewer, the longer the tails.
    """

    ratio: float
    low: float
    high: float
    launches: int
    degrees: float


def intervals(blocks: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, Interval]:
    """Return the interval of every ratio of a cell.

    Parameters
    ----------
    blocks : sequence of mapping of str to sequence of float
        For each reference of the cell: series -> its ratio to that reference, launch by launch.
        The references themselves are not listed; the order of launches is the same for all.

    Returns
    -------
    dict of str to Interval
        For each series; empty where there are fewer than two launches, because then nothing tells
        how much one launch differs from the next.
    """
    blocks = [block for block in blocks if block]
    launches = {len(ratios) for block in blocks for ratios in block.values()}
    known = (ratio for block in blocks for ratios in block.values() for ratio in ratios)
    if len(launches) != 1 or not all(0 < ratio < math.inf for ratio in known):
        return {}
    if (n := launches.pop()) < 2:
        return {}
    logs = [np.log(np.array(list(block.values()), float)) for block in blocks]
    error = degrees = 0.0
    for log in logs:
        # The reference's own ratio is 1 in every launch.
        table = np.vstack([log, np.zeros(n)])
        left = table - table.mean(0) - table.mean(1, keepdims=True) + table.mean()
        error += float((left**2).sum())
        degrees += (len(table) - 1) * (n - 1)
    spread = float(stdtrit(degrees, (1 + LEVEL) / 2)) * math.sqrt(2 * error / degrees / n)
    names = [name for block in blocks for name in block]
    means = [float(mean) for log in logs for mean in log.mean(1)]
    return {
        name: Interval(math.exp(mean), math.exp(mean - spread), math.exp(mean + spread), n, degrees)
        for name, mean in zip(names, means, strict=True)
    }


def settle(frame: Any) -> Any:
    """Give each ratio the interval over its launches, where the results hold them.

    Parameters
    ----------
    frame : DataFrame
        As `reports.load` returns it; `launches` holds each ratio's estimates, one a launch.

    Returns
    -------
    DataFrame
        `frame` with `ratio`, `ratio_ci_low`, `ratio_ci_high` and `ratio_n`, the number of launches,
        replaced, and `ratio_degrees`; where there is one launch or none is told, asv's own interval
        stays. That counts ranks, so its degrees are infinite; below `_RANKED` samples it is a
        posterior with long tails, taken as that of one series.
    """
    n = frame["ratio_n"].to_numpy(float, na_value=math.nan)
    frame["ratio_degrees"] = np.where(n < _RANKED, np.maximum(n - 1, 1), math.inf)
    told = frame[frame["launches"].notna()]
    found: dict[Any, Interval] = {}
    for _, cell in told.groupby(CELL, dropna=False, sort=False):
        # A remedy is compared within its mask dtype, a cast with one step for all mask dtypes.
        references = cell["mask_dtype"].where(cell["remedy"] != "", "")
        blocks = [dict(own["launches"].items()) for _, own in cell.groupby(references)]
        found |= intervals(blocks)
    for column, attribute in _COLUMNS.items():
        frame.loc[list(found), column] = [getattr(one, attribute) for one in found.values()]
    return frame
