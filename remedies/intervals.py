"""The one statistic: the interval of a comparison over launches.

A launch is a fresh process that measures every variant of a cell once, so the launches' values are
``variant + launch + error``: a randomised block design (Fisher 1935, *The Design of Experiments*).
What a launch does to all variants alike drops out of each comparison with the reference. What is
left after the variants' and the launches' means are taken away is the error. It holds the noise
within a launch *and* what the layout of one process does to one variant only, and it is estimated
from all variants of the cell together, with ``(variants - 1) * (launches - 1)`` degrees of freedom.

A run has few launches and many cells, which share a machine. So each cell's error variance is
moved towards that of the others, the more so the more alike they are: the moderated t-statistic of
Smyth (2004, *Statistical Applications in Genetics and Molecular Biology* 3:3), which counts what
the others tell as further degrees of freedom.

The placebo is a second copy of the reference: the others are compared with the mean of both.

Ratios are compared by their logarithms, differences in seconds as they are.

Examples
--------
>>> measured = {"float_mask": [1.012, 1.011, 1.014, 1.012], "placebo": [1.0, 0.999, 1.001, 1.0]}
>>> interval = intervals([measured])[0]["float_mask"]
>>> f"{interval.center:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
'1.012 [1.011, 1.014]'
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, ndtri, polygamma, stdtrit

from remedies.registry import PLACEBO

LEVEL = 0.99
FEWEST_BLOCKS = 3  # fewer cells do not tell how alike cells are


@dataclass(frozen=True)
class Interval:
    """A comparison with the reference, a ratio or seconds, and its 99 % interval over launches."""

    center: float
    low: float  # endless with one launch: nothing tells how much the next one would differ
    high: float
    launches: int
    degrees: float  # of freedom of the error: the fewer, the longer the tails


def intervals(
    blocks: Sequence[Mapping[Any, Sequence[float]]],
    ratios: bool = True,
    errors: Sequence[Sequence[float]] = (),
    copies: Collection[Any] = (PLACEBO,),
) -> list[dict[Any, Interval]]:
    """Return the interval of every comparison of a run.

    Parameters
    ----------
    blocks : sequence of mapping of str to sequence of float
        For each cell and each of its references: variant -> its comparison with that reference,
        launch by launch, all of one length. The reference itself is not listed.
    ratios : bool
        Whether the values are ratios, which must be above 0, or differences.
    errors : sequence of sequence of float
        For each block the standard error of each launch within itself. They are used where all are
        above 0: a launch counts by the inverse of its square, and how much more the launches
        differ than that is what the cells tell one another.
    copies : collection
        The variants that are a second copy of the reference: the others are compared with the mean
        of it and them.

    Returns
    -------
    list of dict of str to Interval
        For each block one interval for each variant.

    Raises
    ------
    ValueError
        If a block's variants have not equally many launches, or a value is not finite or not a
        ratio.
    """
    tables = [_table(block, ratios) for block in blocks]
    weights = _weights(tables, errors)
    variances = _moderated([_error(*each) for each in zip(tables, weights, strict=True)])
    scale = _exp if ratios else float
    made: list[dict[Any, Interval]] = []
    for block, table, weight, (variance, degrees) in zip(
        blocks, tables, weights, variances, strict=True
    ):
        own = [name in copies for name in block]
        references = np.vstack([table[own], np.zeros(len(weight))]) if block else table
        made.append({})
        for name, row, copy in zip(block, table, own, strict=True):
            base = 0.0 if copy else references.mean(0)
            mean = float(np.average(row - base, weights=weight))
            half_width = math.inf
            if degrees > 0:
                copied = 1 + 1 / (1 if copy else len(references))
                deviation = math.sqrt(copied * variance / weight.sum())
                half_width = -quantile((1 - LEVEL) / 2, degrees) * deviation
            ends = (scale(mean), scale(mean - half_width), scale(mean + half_width))
            made[-1][name] = Interval(*ends, len(row), degrees)
    return made


def common(errors: Sequence[Sequence[float]]) -> list[float]:
    """Return for each launch the error that all variants share, 0 where one of them has none.

    Parameters
    ----------
    errors : sequence of sequence of float
        For each variant the standard error of its comparison in each launch.

    Examples
    --------
    >>> common([[0.003, 0.001], [0.004, 0.0]])
    [0.0035355339059327377, 0.0]
    """
    table = np.array([*errors], dtype=float)
    return [float(x) for x in np.sqrt((table**2).mean(0)) * table.all(0)]


def _table(block: Mapping[Any, Sequence[float]], ratios: bool) -> np.ndarray:
    """Return a row a variant and a column a launch."""
    lengths = {len(values) for values in block.values()}
    if len(lengths) > 1:
        raise ValueError(f"variants with {sorted(lengths)} launches; all must have as many")
    table = np.array([*block.values()], dtype=float)
    if not np.isfinite(table).all() or (ratios and not (table > 0).all()):
        raise ValueError("values must be finite" + ", and ratios above 0" * ratios)
    return np.log(table) if ratios else table


def _weights(tables: Sequence[np.ndarray], errors: Sequence[Sequence[float]]) -> list[np.ndarray]:
    """Return what each launch of each block counts."""
    if len(errors) and all(error > 0 for own in errors for error in own):
        return [1 / np.square(np.array(own, dtype=float)) for own in errors]
    return [np.ones(table.shape[-1]) for table in tables]


def _error(table: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return the variance of one block's error, in units of its weights, and its degrees."""
    # The reference against itself is 0 in every launch.
    block = np.vstack([table, np.zeros(table.shape[-1])]) if table.size else np.zeros((1, 1))
    degrees = (block.shape[0] - 1) * (block.shape[1] - 1)
    if not degrees:
        return 0.0, 0.0
    error = block - block.mean(0)
    error -= np.average(error, axis=1, weights=weight)[:, None]
    return float((weight * error**2).sum()) / degrees, degrees


def _moderated(errors: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return each error's variance and degrees of freedom, in the light of the others'."""
    usable = [(variance, degrees) for variance, degrees in errors if variance > 0]
    if len(usable) < FEWEST_BLOCKS:
        return [*errors]
    variances, degrees = np.array(usable).T
    half = degrees / 2
    logs = np.log(variances) - digamma(half) + np.log(half)
    # How much more the variances differ than chance alone makes them.
    spread = float(logs.var(ddof=1) - polygamma(1, half).mean())
    prior = 2 * _inverse_trigamma(spread) if spread > 0 else math.inf
    shift = digamma(prior / 2) - math.log(prior / 2) if prior < math.inf else 0.0
    common = math.exp(float(logs.mean()) + shift)
    most = float(degrees.sum())
    weight = min(prior, most)  # what the others tell cannot exceed what they measured
    return [
        ((weight * common + own * variance) / (weight + own), min(weight + own, most))
        if variance > 0
        else (variance, own)
        for variance, own in errors
    ]


def _inverse_trigamma(value: float) -> float:
    """Return where the trigamma function has `value`, which is above 0 (it falls from infinity)."""
    return float(brentq(lambda x: polygamma(1, x) - value, 1e-9, 1e9))


def _exp(value: float) -> float:
    return float(np.exp(value))


@lru_cache(maxsize=10_000)
def quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t, which is the normal one for infinite degrees."""
    return float(ndtri(probability) if degrees == math.inf else stdtrit(degrees, probability))
