"""Why a session must not be used as evidence, in words, from the numbers it recorded of itself."""

from __future__ import annotations

from typing import Any

SESSION = ["machine", "commit", "environment", "workload", "device", "jit", "batch", "backend"]
# What a quiet session stays below, and what to say where it does not.
BOUNDS = {
    "session_clock_share": (0.005, "reading the clock took {:.1%} of a sample"),
    "session_steal": (0.1, "the hypervisor took {:.0%} of the processors"),
    "session_foreign_load": (0.25, "other processes used {:.0%} of the processors"),
    "session_unsteady": (0, "{:.0%} of its warm-ups did not become steady"),
    "session_throttled": (0, "the GPU slowed its clocks down"),
}


def reasons(frame: Any) -> Any:
    """Return why each session is not to be used.

    Parameters
    ----------
    frame : DataFrame
        As `reports.load` returns it.

    Returns
    -------
    Series of str
        By the columns in `SESSION`; sessions that kept all bounds are not in it.
    """
    told = frame[frame["metric"].isin(list(BOUNDS)) & frame["value"].notna()]
    bounds = told["metric"].map(lambda metric: BOUNDS[metric][0])
    over = told[told["value"] > bounds]
    said = [
        BOUNDS[metric][1].format(value)
        for metric, value in zip(over["metric"], over["value"], strict=True)
    ]
    return over.assign(reason=said).groupby(SESSION, dropna=False)["reason"].agg("; ".join)


def mark(judged: Any) -> Any:
    """Add the column `unreliable` to `judged`: the reasons of each row's session, or ``""``.

    A session's own numbers speak for its steps; `judged` has the columns `placebo_low` and
    `placebo_high`, and a placebo that excludes 1 speaks for the one metric it belongs to.
    """
    found = judged[SESSION].merge(reasons(judged), how="left", left_on=SESSION, right_index=True)
    low, high = judged["placebo_low"], judged["placebo_high"]
    off = (low > 1) | (high < 1)
    placebo = [f"its placebo is [{a:.3f}, {b:.3f}], not 1" for a, b in zip(low, high, strict=True)]
    own = found["reason"].astype(object).where(found["reason"].notna(), "")
    judged["unreliable"] = [
        "; ".join(filter(None, (text, said if is_off else "")))
        for text, said, is_off in zip(own, placebo, off, strict=True)
    ]
    return judged
