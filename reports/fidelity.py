"""What each remedy's model keeps through a round trip, and what it loses."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Any

import pandas as pd

from reports.vocabulary import CONTEXT, DEFECTS, SECOND, TOTALS, rank
from reports.wording import number

TRIP = ["run", "workload", "remedy", "device", "jit", "mask_dtype"]
REMEDY = TRIP[:3]


class Kept(Enum):
    """Whether a remedy's model comes back whole."""

    WHOLE = "whole"
    ONCE = "whole only once"
    LOSSY = "loses state"
    UNKNOWN = "not measured"


def worst(states: Collection[Kept]) -> Kept:
    """Return `LOSSY` if any is, else `ONCE`, else `WHOLE` if any is, else `UNKNOWN`."""
    return next((k for k in (Kept.LOSSY, Kept.ONCE, Kept.WHOLE) if k in states), Kept.UNKNOWN)


def trips(frame: Any) -> Any:
    """Return one row a round trip: its axes, then a column a defect and circumstance.

    Parameters
    ----------
    frame : DataFrame
        Results with a column `run`.
    """
    metrics = [*DEFECTS, *CONTEXT]
    rows = frame[frame["metric"].isin(metrics) & frame["value"].notna()]
    wide = rows.pivot_table(index=TRIP, columns="metric", values="value", aggfunc="last")
    return wide.reindex(columns=metrics).reset_index()


def kept(wide: Any) -> dict[tuple[str, str, str], Kept]:
    """Return for each ``(run, workload, remedy)`` the worst of its round trips."""
    found = wide[list(DEFECTS)]
    any_defect = ((found != 0) & found.notna()).any(axis=1)
    every_one = found.notna().all(axis=1)
    table = wide[REMEDY].assign(lossy=any_defect, whole=every_one, once=wide[SECOND] > 0)
    grouped = table.groupby(REMEDY)
    states = grouped.agg(lossy=("lossy", "any"), once=("once", "any"), whole=("whole", "all"))
    return {key: _state(*flags) for key, *flags in states.itertuples()}


def _state(lossy: bool, once: bool, whole: bool) -> Kept:
    table = ((lossy, Kept.LOSSY), (not whole, Kept.UNKNOWN), (once, Kept.ONCE))
    return next((state for holds, state in table if holds), Kept.WHOLE)


def summary(wide: Any) -> Any:
    """Return one row a ``(run, workload, remedy)``: the worst of its trips, and how many they are.

    Its columns are those of `trips`, with `trips` for the number of round trips.
    """
    grouped = wide.groupby(REMEDY, sort=False)
    table = grouped[[*DEFECTS, *CONTEXT]].max().assign(trips=grouped.size()).reset_index()
    order = table["remedy"].map(lambda name: rank(name)[0])
    table = table.assign(order=order).sort_values(["run", "workload", "order", "remedy"])
    return table.drop(columns="order").reset_index(drop=True)


def gravest(rows: Any) -> Any:
    """Return the row of `rows` (round trips, or a summary of them) with the largest defects."""
    return rows.loc[rows[list(DEFECTS)].abs().sum(axis=1).idxmax()]


def amount(row: Any, defect: str) -> str:
    """Return how much of what was saved is lost: ``2 of 2``, ``100 %``, ``no`` or a count."""
    value = row[defect]
    if pd.isna(value):
        return "\N{EN DASH}"
    if defect == "outputs_changed":
        return (
            f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
            if 0 < value < 1
            else ("all" if value else "0")
        )
    if defect == "next_step_changed":
        return "yes" if value else "0"
    if defect == SECOND:
        total = row["weights_saved"] + row["optimizer_variables_saved"]
        return f"{number(value)} of {number(total)}" if value and pd.notna(total) else number(value)
    total = row[TOTALS[defect]] if defect in TOTALS else float("nan")
    return f"{number(value)} of {number(total)}" if value and pd.notna(total) else number(value)


def losses(row: Any) -> list[str]:
    """Return what was lost in words, the gravest first: ``2 of 2 weights lost``."""
    found = []
    for defect, label in DEFECTS.items():
        if pd.isna(row[defect]) or not row[defect]:
            continue
        said = {
            "outputs_changed": f"{amount(row, defect)} of the outputs changed",
            "next_step_changed": "the next training step differs",
            "silent_defects": "",
        }.get(defect, f"{amount(row, defect)} {label}")
        if defect == "next_step_changed" and row["next_step_raised"] == 1:
            said = "the next training step raises"
        found += [said] if said else []
    return found or ["state lost without a word"] * bool(row.get("silent_defects", 0))
