"""The one statistic: the interval of a comparison over launches, and the word that it earns.

A launch is a fresh process that measures every variant of a cell once, so the launches' values are
``variant + launch + error``: a randomised block design (Fisher 1935, *The Design of Experiments*).
What a launch does to all variants alike drops out of each comparison with the reference. The error
is the rest: the noise within a launch *and* what one process's layout does to one variant only.

A run has few launches and many cells, which share a machine. So each cell's error variance is
moved towards that of the others, the more so the more alike they are: the moderated t-statistic of
Smyth (2004, *Statistical Applications in Genetics and Molecular Biology* 3:3), which counts what
the others tell as further degrees of freedom.

Examples
--------
>>> measured = {"float_mask": [1.012, 1.011, 1.014, 1.012], "placebo": [1.0, 0.999, 1.001, 1.0]}
>>> interval = intervals([measured])[0]["float_mask"]
>>> f"{interval.center:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
'1.012 [1.011, 1.014]'
>>> judge(interval.low, interval.high).value, judge(interval.low, interval.high, 0.005).value
('same', 'slower')
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, ndtri, polygamma, stdtrit

from remedies.registry import PLACEBO

LEVEL = 0.99
MARGIN = 0.02  # a difference that does not matter
_TAIL = (1 - LEVEL) / 2
_FEWEST_BLOCKS = 3  # fewer cells do not tell how alike cells are


class Word(str, Enum):
    """What a comparison with the reference says."""

    SAME_STEP = "same step"
    PYTHON = "python"
    SLOWER = "slower"
    FASTER = "faster"
    SAME = "same"
    UNDECIDED = "undecided"
    UNRELIABLE = "unreliable"


DECIDED = frozenset(Word) - {Word.UNDECIDED, Word.UNRELIABLE}


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
    errors: Sequence[Sequence[Sequence[float]]] = (),
    copies: Collection[Any] = (PLACEBO,),
) -> list[dict[Any, Interval]]:
    """Return for each block, a cell with one of its references, the interval of each variant.

    A block has each variant's comparisons with the reference, launch by launch: ratios, compared by
    their logarithms, or differences. `errors` are the standard errors within each launch, in the
    same order; where all are above 0 a launch counts by the inverse of its mean square, and how
    much more the launches differ than that is what cells tell one another. `copies` are variants
    that are a second copy of the reference: the others are compared with the mean of all copies.
    Raises ValueError for unequally many launches and for values that are not finite or no ratios.
    """
    tables = [_table(block, ratios) for block in blocks]
    weights = [np.ones(table.shape[1]) for table in tables]
    if len(errors) and all((np.array(own) > 0).all() for own in errors):
        shared = [np.sqrt(np.square(own).mean(0)) for own in errors]
        weights = [1 / np.square(own) for own in shared]
    variances = _moderated([_error(*each) for each in zip(tables, weights, strict=True)])
    made = []
    for block, table, weight, (variance, degrees) in zip(
        blocks, tables, weights, variances, strict=True
    ):
        copy = np.array([name in copies for name in block])
        references = table[[*copy, True]]
        # A copy is itself compared with the reference alone.
        compared = table[:-1] - np.where(copy[:, None], 0.0, references.mean(0))
        center = np.average(compared, axis=1, weights=weight)
        reach = np.full(len(block), math.inf)
        if degrees > 0:
            copied = 1 + 1 / np.where(copy, 1, len(references))
            reach = -_quantile(_TAIL, degrees) * np.sqrt(copied * variance / weight.sum())
        ends = np.stack([center, center - reach, center + reach], axis=1)
        rows = (np.exp(ends) if ratios else ends).tolist()
        own = [Interval(mean, low, high, len(weight), degrees) for mean, low, high in rows]
        made.append(dict(zip(block, own, strict=True)))
    return made


def _table(block: Mapping[Any, Sequence[float]], ratios: bool) -> np.ndarray:
    """Return a row a variant, the reference last, and a column a launch."""
    table = np.array([*block.values()], dtype=float)
    if not np.isfinite(table).all() or (ratios and not (table > 0).all()):
        raise ValueError("values must be finite" + ", and ratios above 0" * ratios)
    # The reference against itself is 0 in every launch.
    return np.vstack([np.log(table) if ratios else table, np.zeros(table.shape[1])])


def _error(table: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return the variance of one block's error, in units of its weights, and its degrees."""
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    if not degrees:
        return 0.0, 0.0
    error = table - table.mean(0)
    error -= np.average(error, axis=1, weights=weight)[:, None]
    return float((weight * error**2).sum()) / degrees, degrees


def _moderated(errors: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return each error's variance and degrees of freedom, in the light of the others'."""
    usable = [(variance, degrees) for variance, degrees in errors if variance > 0]
    if len(usable) < _FEWEST_BLOCKS:
        return [*errors]
    variances, degrees = np.array(usable).T
    half = degrees / 2
    logs = np.log(variances) - digamma(half) + np.log(half)
    # How much more the variances differ than chance alone makes them.
    spread = float(logs.var(ddof=1) - polygamma(1, half).mean())
    prior, shift = math.inf, 0.0
    if spread > 0:
        prior = 2 * float(brentq(lambda x: polygamma(1, x) - spread, 1e-9, 1e9))
        shift = digamma(prior / 2) - math.log(prior / 2)
    common = math.exp(float(logs.mean()) + shift)
    most = float(degrees.sum())
    weight = min(prior, most)  # what the others tell cannot exceed what they measured
    return [
        ((weight * common + own * variance) / (weight + own), min(weight + own, most))
        if variance > 0
        else (variance, own)
        for variance, own in errors
    ]


def _quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t, which is the normal one for infinite degrees."""
    return float(ndtri(probability) if degrees == math.inf else stdtrit(degrees, probability))


def widening(asked: int, degrees: float = math.inf) -> float:
    """Return how much wider `asked` intervals must be to hold all at once as surely as one.

    One 99 % interval in a hundred excludes 1 by chance, and a question has dozens. By Bonferroni's
    inequality each may do so `asked` times more rarely; the tails are those of Student's t.

    >>> round(widening(1, 9), 2), round(widening(20, 9), 2), round(widening(20), 2)
    (1.0, 1.63, 1.35)
    """
    if degrees <= 0:
        return 1.0
    return _quantile(_TAIL / max(1, asked), degrees) / _quantile(_TAIL, degrees)


def judge(low: float, high: float, margin: float = MARGIN, wider: float = 1.0) -> Word:
    """Return the word for a ratio of times whose 99 % interval is `low` to `high`.

    Only a difference needs the interval that is `wider` on a logarithmic scale: it is what chance
    would bring up if many were asked. Sameness is shown by an interval inside the margin.

    >>> judge(0.995, 1.004).value, judge(1.03, 1.05).value, judge(0.99, 1.05).value
    ('same', 'slower', 'undecided')
    """
    if not 0 < low <= high < math.inf:
        return Word.UNDECIDED
    if 1 / (1 + margin) <= low and high <= 1 + margin:
        return Word.SAME
    more = (high / low) ** ((wider - 1) / 2)
    if low / more > 1:
        return Word.SLOWER
    return Word.FASTER if high * more < 1 else Word.UNDECIDED


def more_launches(low: float, high: float, launches: int, margin: float = MARGIN) -> int:
    """Return how many more launches would roughly decide a ratio that stays what it is.

    Its interval gets narrower with the square root of the launches, until it fits inside the margin
    or excludes 1.

    >>> more_launches(0.985, 1.025, launches=2), more_launches(0.97, 1.05, launches=3)
    (2, 39)
    """
    center, half = math.log(high * low) / 2, math.log(high / low) / 2
    needed = max(math.log1p(margin) - abs(center), abs(center))
    return max(1, math.ceil(launches * ((half / needed) ** 2 - 1)))
