"""What the results say about a claim, and the ways to say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from reports.vocabulary import AXES
from reports.wording import listed


class Outcome(Enum):
    """What the results say about a claim."""

    HOLDS = "holds"
    ONLY_IF = "holds only if"
    DOES_NOT_HOLD = "does not hold"
    NOT_MEASURED = "not measured here"


@dataclass(frozen=True)
class Finding:
    """The outcome of one claim, and the sentence and further lines with the figures that say so."""

    outcome: Outcome
    why: str
    details: tuple[str, ...] = ()


def holds(true: bool, why: str) -> Finding:
    """Return a finding that the claim holds, or that it does not."""
    return Finding(Outcome.HOLDS if true else Outcome.DOES_NOT_HOLD, why)


def nothing(what: str) -> Finding:
    """Return that there is no evidence; `what` says of which kind."""
    return Finding(Outcome.NOT_MEASURED, f"There are no results for {what}.")


def partly(true: Any, rows: Any, why: str) -> Finding:
    """Judge a claim by the rows that it is true of: of all it holds, of none it does not."""
    if true.all() or not true.any():
        return holds(bool(true.all()), why)
    parts = (_telling(rows, true, axis) for axis in ("run", *AXES) if axis in rows)
    where = next(filter(None, parts), "the case is one of those in which it was seen")
    return Finding(Outcome.ONLY_IF, f"{where}. {why}")


def _telling(rows: Any, true: Any, axis: str) -> str:
    """Return which values of `axis` separate the true rows from the others, if any do."""
    yes, no = set(rows.loc[true, axis]), set(rows.loc[~true, axis])
    if yes & no:
        return ""
    return f"{axis.replace('_', ' ')} is {listed(map(str, sorted(yes)), 'or')}"


def universal(
    true: list[str], against: bool, undecided: int, why: str, details: tuple[str, ...] = ()
) -> Finding:
    """Judge a claim about every cell by those that are settled.

    Parameters
    ----------
    true : list of str
        The conditions under which it was found true.
    against : bool
        Whether any cell speaks against it.
    undecided : int
        Cells that say nothing yet.
    why, details : str and tuple of str
        The figures.
    """
    if true and not against and not undecided:
        return Finding(Outcome.HOLDS, why, details)
    if true:
        return Finding(Outcome.ONLY_IF, f"{listed(true)}. {why}", details)
    if against:
        return Finding(Outcome.DOES_NOT_HOLD, why, details)
    return Finding(Outcome.NOT_MEASURED, f"Measured, but not settled. {why}", details)
