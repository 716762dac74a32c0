"""A word for each comparison, from the interval of its ratio and a margin, never from a point."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from reports.launches import CELL, LEVEL
from reports.reliability import mark
from reports.vocabulary import PLACEBO

MARGIN = 0.02
WISHED = 0.005
FAMILY = [*CELL[:3], "metric"]


class Verdict(Enum):
    """How a time compares with the reference's in the same rounds."""

    SAME = "same"
    FASTER = "faster"
    SLOWER = "slower"
    UNDECIDED = "undecided"
    UNRELIABLE = "unreliable"


def widening(compared: int) -> float:
    """Return how much wider `compared` intervals must be to hold all at once as surely as one.

    One 99 % interval in a hundred misses 1 by chance, and a question has dozens. By Bonferroni's
    inequality each may miss `compared` times more rarely; how much wider that makes it is taken
    from the normal distribution, whatever the interval's own (its tails are longer).
    """
    tail = (1 - LEVEL) / 2
    return float(ndtri(tail / max(1, compared)) / ndtri(tail))


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
    ratio: float, low: float, high: float, n: float, margin: float = MARGIN, wider: float = 1.0
) -> float:
    """Return about how many more samples would settle an undecided ratio; NaN where unknown.

    The half-width of the interval shrinks with the square root of the samples, so it takes
    ``n * (half_width / wanted) ** 2`` of them to reach the half-width that either excludes 1,
    widened as in `judge`, or fits inside the margin, whichever comes first.
    """
    half_width = max(high - ratio, ratio - low)
    wanted = max(abs(ratio - 1) / wider, min(1 + margin - ratio, ratio - 1 / (1 + margin)))
    if not (math.isfinite(half_width) and wanted > 0 and n > 0):
        return math.nan
    return max(1.0, math.ceil(n * (half_width / wanted) ** 2 - n))


def more_launches(low: float, high: float, n: float, wished: float = WISHED) -> float:
    """Return about how many more launches would make half the interval as narrow as `wished`.

    0 where it is, or where nothing is known of it.
    """
    half_width = (high - low) / 2
    if pd.isna(n) or not (wished < half_width < math.inf):
        return 0
    # Rounded first: the width of 0.99 to 1.01 is not quite 0.02.
    return float(max(1, math.ceil(round(n * (half_width / wished) ** 2 - n, 6))))


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
    columns = [judged[c] for c in ("ratio", "ratio_ci_low", "ratio_ci_high", "ratio_n")]
    rows = list(zip(*columns, _widenings(judged), strict=True))
    words = [_word(ratio, low, high, threshold, wider) for ratio, low, high, _, wider in rows]
    judged["more_samples"] = [
        more_samples(ratio, low, high, n, threshold, wider)
        if word == Verdict.UNDECIDED.value
        else math.nan
        for word, (ratio, low, high, n, wider) in zip(words, rows, strict=True)
    ]
    off = (judged["unreliable"] != "") & judged["ratio"].notna()
    judged["verdict"] = np.where(off, Verdict.UNRELIABLE.value, np.array(words, dtype=object))
    judged.loc[off, "more_samples"] = math.nan
    return judged


def _widenings(judged: Any) -> Any:
    """Return the widening of each row: by all ratios of its metric in its run.

    They answer one question together, such as whether any remedy has a slower training step.
    """
    compared = judged.groupby(FAMILY, dropna=False)["ratio"].transform("count")
    return compared.map({each: widening(each) for each in compared.unique()})


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
