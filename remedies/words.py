"""The word that the interval of a comparison earns.

Examples
--------
>>> judge(1.011, 1.014, margin=0.005).value, judge(1.011, 1.014, margin=0.02).value
('slower', 'same')
"""

import math
from enum import Enum

from remedies.intervals import LEVEL, quantile

MARGIN = 0.02


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


def widening(asked: int, degrees: float = math.inf) -> float:
    """Return how much wider `asked` intervals must be to hold all at once as surely as one.

    One 99 % interval in a hundred excludes 1 by chance, and a question has dozens. By Bonferroni's
    inequality each may do so `asked` times more rarely. What that takes depends on the tails: those
    of Student's t, because the error is known from few launches.

    Parameters
    ----------
    asked : int
        How many intervals are read at once, times how often they are read before the launches
        stop.
    degrees : float
        The intervals' degrees of freedom.

    Examples
    --------
    >>> round(widening(1, 9), 2), round(widening(20, 9), 2), round(widening(20), 2)
    (1.0, 1.63, 1.35)
    """
    tail = (1 - LEVEL) / 2
    if degrees <= 0:
        return 1.0
    return quantile(tail / max(1, asked), degrees) / quantile(tail, degrees)


def judge(low: float, high: float, margin: float = MARGIN, wider: float = 1.0) -> Word:
    """Return the word for a ratio whose 99 % interval is `low` to `high`.

    Only a difference needs the wider interval: it is what chance would bring up if many were asked.
    That two steps are the same has to be shown, by an interval that fits inside the margin.

    Parameters
    ----------
    low, high : float
        Ends of a ratio of times; above 1 is slower.
    margin : float
        The difference that does not matter: 0.02 is 2 %.
    wider : float
        By how much the interval is widened, on a logarithmic scale, before it may exclude 1; from
        `widening`.

    Examples
    --------
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
    """Return how many more launches would decide a ratio that stays what it is, roughly.

    Its interval gets narrower with the square root of the launches, until it fits inside the margin
    or excludes 1.

    Examples
    --------
    >>> more_launches(0.985, 1.025, launches=2), more_launches(0.97, 1.05, launches=3)
    (2, 39)
    """
    center, half = math.log(high * low) / 2, math.log(high / low) / 2
    needed = max(math.log1p(margin) - abs(center), abs(center))
    return max(1, math.ceil(launches * ((half / needed) ** 2 - 1)))
