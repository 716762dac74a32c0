"""The sessions that failed, as their run recorded them beside its results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.files import clean, number

MOST = 100


def failed_sessions(
    run: tuple[str, str, str], block: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield where each failure was, and its reason.

    Parameters
    ----------
    run : tuple of str
        Machine, commit and environment.
    block : mapping
        What `reports.files.columns` makes of the benchmark that records failures.
    """
    recorded = [f for f, v in zip(block["failure"], block["value"], strict=True) if number(v) == 1]
    for failure in recorded[:MOST]:
        session, _, reason = str(failure).partition(" ")
        where = f"{run[0]} {run[1]}: session {clean(session)}"
        yield where, f"failed: {clean(reason) or 'no reason was recorded'}"
    if len(recorded) > MOST:
        yield f"{run[0]} {run[1]}", f"{len(recorded) - MOST} more sessions failed"
