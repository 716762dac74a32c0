"""The claims about speed, judged from the verdicts of paired ratios."""

from __future__ import annotations

from typing import Any

from reports.evidence import Evidence
from reports.findings import Finding, nothing, universal
from reports.verdicts import Verdict, judge
from reports.vocabulary import CASTS, REFERENCE, STEPS
from reports.wording import interval, listed, sampled

_SAME, _FASTER, _SLOWER = Verdict.SAME.value, Verdict.FASTER.value, Verdict.SLOWER.value


def tally(cells: Any) -> str:
    """Return the verdicts of some cells, the range of their intervals, and their samples."""
    bounds = interval(cells["ratio_ci_low"].min(), cells["ratio_ci_high"].max())
    of = "interval" if len(cells) == 1 else "intervals within"
    samples = sampled(cells["ratio_n"])
    return f"{words(list(cells['verdict']))} (99 % {of} {bounds}, {samples})"


def words(verdicts: list[str]) -> str:
    """Return how often each verdict was given: ``same in 4 and undecided in 2 of 6 cells``."""
    found = sorted(set(verdicts), key=verdicts.count, reverse=True)
    if len(verdicts) == 1:
        return found[0]
    if len(found) == 1:
        return f"{found[0]} in {'both' if len(verdicts) == 2 else f'all {len(verdicts)}'} cells"
    said = listed(f"{word} in {verdicts.count(word)}" for word in found)
    return f"{said} of {len(verdicts)} cells"


def c9(evidence: Evidence) -> Finding:
    """Return where the cast takes time."""
    rows = evidence.measured(*CASTS)
    rows = rows[~rows["verdict"].isin(["", Verdict.UNRELIABLE.value])]
    if rows.empty:
        return nothing("the cast's overhead")
    slower, open_ = rows["verdict"] == _SLOWER, rows["verdict"] == Verdict.UNDECIDED.value
    true = [
        f"the mask is fed as {mask} (slower: "
        f"{listed(CASTS[m] for m in CASTS if m in set(cells['metric']))})"
        for mask, cells in rows[slower].groupby("mask_dtype")
    ]
    details = tuple(
        f"{mask} mask, {CASTS[metric]}: {tally(cells)}"
        for (mask, metric), cells in rows.groupby(["mask_dtype", "metric"])
    )
    why = f"A cast against none is {words(list(rows['verdict']))}."
    return universal(true, bool((~slower & ~open_).any()), int(open_.sum()), why, details)


def c10(evidence: Evidence) -> Finding:
    """Return where the functional remedy is faster than the subclassed ones."""
    rows = evidence.measured(*STEPS)
    rows = rows[~rows["verdict"].isin(["", Verdict.UNRELIABLE.value])]
    mine = rows[rows["remedy"] == "functional_bool_input"]
    if mine.empty:
        return nothing("reliable step times of functional_bool_input")
    found = {REFERENCE: list(mine["verdict"]), "tf_cast": _against_cast(mine, rows, evidence)}
    true = [
        f"the alternative is {name} (faster in {given.count(_FASTER)} of {len(given)} cells)"
        for name, given in found.items()
        if _FASTER in given
    ]
    every = [word for given in found.values() for word in given]
    said = "; ".join(
        f"against {name} it is {words(given)}" for name, given in found.items() if given
    )
    span = interval(mine["ratio_ci_low"].min(), mine["ratio_ci_high"].max())
    why = (
        f"Training and predict steps of functional_bool_input: {said} (99 % intervals against "
        f"{REFERENCE} within {span}, {sampled(mine['ratio_n'])})."
    )
    open_ = every.count(Verdict.UNDECIDED.value)
    return universal(true, every.count(_FASTER) + open_ < len(every), open_, why)


def _against_cast(mine: Any, rows: Any, evidence: Evidence) -> list[str]:
    """Compare two remedies by way of the reference, on the widest interval that this allows."""
    cell = ["run", "metric", "workload", "device", "jit", "mask_dtype", "batch"]
    bounds = ["ratio_ci_low", "ratio_ci_high", "verdict"]
    cast = rows.loc[rows["remedy"] == "tf_cast", [*cell, *bounds]]
    both = mine[[*cell, *bounds]].merge(cast, on=cell, suffixes=("", "_cast"))
    columns = [*bounds, *(f"{bound}_cast" for bound in bounds)]
    pairs = both[columns].itertuples(index=False)
    return [_indirect(pair[:3], pair[3:], evidence.margin) for pair in pairs]


def _indirect(mine: Any, other: Any, margin: float) -> str:
    (low, high, word), (of_low, of_high, of_word) = mine, other
    if of_low > 0 and judge(low / of_high, high / of_low, margin) is Verdict.FASTER:
        return _FASTER
    settled = word in (_SAME, _SLOWER) and of_word in (_SAME, _FASTER)
    return "no faster" if settled else Verdict.UNDECIDED.value
