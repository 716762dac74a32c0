"""Exact statistics of few launches: what they tell of a ratio, and what they cannot tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

LEVEL = 0.99


@dataclass(frozen=True)
class Estimate:
    """A ratio of head to base over launches.

    Attributes
    ----------
    ratio : float
        Hodges-Lehmann: the median of all pairwise means of the launches' logarithms.
    low, high : float
        The interval of at least 99 % that inverts the exact signed-rank test; 0 and infinity where
        so few launches cannot give one.
    launches : int
        How many there are.
    """

    ratio: float
    low: float
    high: float
    launches: int


def estimate(logs: Sequence[float], level: float = LEVEL) -> Estimate:
    """Estimate a ratio from the logarithms that each launch found, at least one.

    Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods*, section 3.3.
    """
    means, n = _walsh(logs), len(logs)
    cut = int(np.searchsorted(_cumulated(n), (1 - level) / 2, side="right"))
    low, high = (means[cut - 1], means[-cut]) if cut else (-math.inf, math.inf)
    return Estimate(math.exp(np.median(means)), math.exp(low), math.exp(high), n)


def p_value(logs: Sequence[float], margin: float) -> float:
    """Return how probable such launches are if head takes at most ``1 + margin`` of base's time.

    The exact one-sided signed-rank test.
    """
    means = _walsh(logs)
    above = int(np.sum(means > math.log1p(margin)))
    # The ranks' sum is symmetric: at least `above` is as probable as at most all but `above`.
    return float(_cumulated(len(logs))[len(means) - above])


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Return which hypotheses are rejected if one false rejection among all may have `alpha`."""
    rejected = [False] * len(p_values)
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        rejected[index] = True
    return rejected


def fewest(family: int, alpha: float) -> int:
    """Return how many launches it takes before the test of `family` rows can reject anything.

    All of `n` launches on one side of the margin have the probability ``2 ** -n``.
    """
    return math.ceil(math.log2(family / alpha))


def _walsh(logs: Sequence[float]) -> np.ndarray:
    values = np.asarray(logs, float)
    first, second = np.triu_indices(len(values))
    means: np.ndarray = np.sort((values[first] + values[second]) / 2)
    return means


@lru_cache
def _cumulated(n: int) -> np.ndarray:
    """Return P(sum of the positive ranks <= t) for t = 0, 1, ... n * (n + 1) / 2."""
    counts = np.ones(1)
    for rank in range(1, n + 1):
        counts = np.convolve(counts, [0.5, *np.zeros(rank - 1), 0.5])
    cumulated: np.ndarray = np.cumsum(counts)
    return cumulated
