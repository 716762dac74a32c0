"""A word for each comparison, from the interval of its ratio and a margin, never from a point."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from reports.launches import CELL, LEVEL
from reports.reliability import mark
from reports.vocabulary import PLACEBO

MARGIN = 0.02
WISHED = 0.005
MOST = 100_000_000
FAMILY = [*CELL[:3], "backend", "metric"]


class Verdict(Enum):
    """How a time compares with the reference's in the same rounds."""

    SAME = "same"
    FASTER = "faster"
    SLOWER = "slower"
    UNDECIDED = "undecided"
    UNRELIABLE = "unreliable"


def widening(compared: int, degrees: float = math.inf) -> float:
    """Return how much wider `compared` intervals must be to hold all at once as surely as one.

    One 99 % interval in a hundred misses 1 by chance, and a question has dozens. By Bonferroni's
    inequality each may miss `compared` times more rarely. What that takes depends on the tails:
    those of Student's t where the spread is known from few launches, the normal ones for infinite
    `degrees` of freedom.
    """
    tail = (1 - LEVEL) / 2
    return _quantile(tail / max(1, compared), degrees) / _quantile(tail, degrees)


@lru_cache(maxsize=10_000)
def _quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t, which is the normal one for infinite `degrees`."""
    return float(ndtri(probability) if degrees == math.inf else stdtrit(degrees, probability))


def judge(low: float, high: float, margin: float = MARGIN, wider: float = 1.0) -> Verdict:
    """Return the verdict on a ratio whose 99 % interval is `low` to `high`.

    Parameters
    ----------
    low, high : float
        Ratio of a time to the reference's; above 1 is slower.
    margin : float
        The difference that does not matter: 0.02 is 2 %.
    wider : float
        By how much the interval is widened, on a logarithmic scale, before it may exclude 1.
    """
    known = 0 < low <= high < math.inf
    more = (high / low) ** ((wider - 1) / 2) if known else (1.0 if wider == 1 else math.inf)
    table = (
        (1 / (1 + margin) <= low and high <= 1 + margin, Verdict.SAME),
        (low / more > 1, Verdict.SLOWER),
        (high * more < 1, Verdict.FASTER),
    )
    return next((verdict for holds, verdict in table if holds), Verdict.UNDECIDED)


def more_samples(
    ratio: float,
    low: float,
    high: float,
    n: float,
    margin: float = MARGIN,
    compared: int = 1,
    degrees: float = math.inf,
) -> float:
    """Return about how many more samples would settle an undecided ratio; NaN where unknown.

    So many that the interval either excludes 1, widened by as many as are `compared`, or fits
    inside the margin, whichever comes first, were the ratio and the spread what they are.
    """
    if not (math.isfinite(high - low) and n > 0):
        return math.nan

    def settled(share: float, then: float) -> bool:
        below, above = (ratio + share * (end - ratio) for end in (low, high))
        return judge(below, above, margin, widening(compared, then)) is not Verdict.UNDECIDED

    return _least(settled, n, degrees)


def more_launches(low: float, high: float, n: float, degrees: float = math.inf) -> float:
    """Return about how many more launches would make half the interval as narrow as `WISHED`.

    0 where it is, or where nothing is known of it.
    """
    half_width = (high - low) / 2
    if pd.isna(n) or not (WISHED < half_width < math.inf):
        return 0
    return _least(lambda share, _: half_width * share <= WISHED, n, degrees)


def _least(fits: Callable[[float, float], bool], n: float, degrees: float) -> float:
    """Return the fewest samples beyond `n` with which `fits`; NaN where `MOST` are too few.

    It is asked with the share of its half-width that an interval keeps, which shrinks with the
    square root of the samples and with the tails of Student's t, and its degrees of freedom then.
    """
    tail = (1 - LEVEL) / 2

    def enough(more: int) -> bool:
        then = degrees if degrees == math.inf else degrees * (n + more - 1) / max(1, n - 1)
        tails = _quantile(tail, then) / _quantile(tail, degrees)
        # A little more than it: the width of 0.99 to 1.01 is not quite 0.02.
        return fits(math.sqrt(n / (n + more)) * tails * (1 - 1e-9), then)

    found = bisect_left(range(1, MOST), True, key=enough) + 1
    return float(found) if found < MOST else math.nan


def compare(frame: Any, threshold: float = MARGIN) -> Any:
    """Return a copy of `frame` with a `verdict` for each ratio and `more_samples` where undecided.

    Parameters
    ----------
    frame : DataFrame
        As `reports.load` returns it.
    threshold : float
        The margin within which two times count as the same; 0.02 is 2 %.

    Returns
    -------
    DataFrame
        `frame` with the columns `verdict` (empty where there is no ratio), `more_samples`, and
        `placebo_low` and `placebo_high`, the interval of the cell's placebo, and `unreliable`, why
        the session is not to be used (empty where it is).
    """
    judged = mark(_with_placebo(frame))
    # All ratios of one metric in a run answer one question together, such as whether any remedy
    # has a slower training step.
    compared = judged.groupby(FAMILY, dropna=False)["ratio"].transform("count")
    names = ["ratio", "ratio_ci_low", "ratio_ci_high", "ratio_n", "ratio_degrees"]
    words, lacking = [], []
    for ratio, low, high, n, degrees, together in zip(
        *(judged[name] for name in names), compared, strict=True
    ):
        word = _word(ratio, low, high, threshold, widening(together, degrees))
        words.append(word)
        lacking.append(
            more_samples(ratio, low, high, n, threshold, together, degrees)
            if word == Verdict.UNDECIDED.value
            else math.nan
        )
    judged["more_samples"] = lacking
    off = (judged["unreliable"] != "") & judged["ratio"].notna()
    judged["verdict"] = np.where(off, Verdict.UNRELIABLE.value, np.array(words, dtype=object))
    judged.loc[off, "more_samples"] = math.nan
    return judged


def _word(ratio: float, low: float, high: float, margin: float, wider: float) -> str:
    return "" if math.isnan(ratio) else judge(low, high, margin, wider).value


def _with_placebo(frame: Any) -> Any:
    """Put each cell's placebo interval beside it; the bool cell's where it has none of its own."""
    names = {"ratio_ci_low": "placebo_low", "ratio_ci_high": "placebo_high"}
    wanted = [*CELL, "mask_dtype", *names]
    placebo = frame.loc[(frame["remedy"] == PLACEBO) & frame["ratio"].notna(), wanted]
    placebo = placebo.rename(columns=names)
    judged = frame.merge(placebo, how="left", on=[*CELL, "mask_dtype"])
    of_bool = placebo[placebo["mask_dtype"] == "bool"].drop(columns="mask_dtype")
    fallback = frame[CELL].merge(of_bool, how="left", on=CELL)
    for column in names.values():
        judged[column] = judged[column].fillna(fallback[column])
    return judged
