"""The verdict on a whole check, as the comment on a pull request shows it."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict

from reports.gate.decision import Judged, control_moved
from reports.gate.record import Record
from reports.github import verdict as form
from reports.vocabulary import PLACEBO

_AXES = ("metric", "workload", "remedy", "jit", "mask_dtype", "batch")


def outcome(record: Record, judged: Sequence[Judged]) -> form.Verdict:
    """Return the verdict that `judged` amounts to."""
    moved = control_moved(judged)
    shown = [one for one in judged if one.row.remedy != PLACEBO]
    timed = [one for one in judged if one.found is not None]
    control = [one.found.ratio for one in timed if one.found and one.row.remedy == PLACEBO]
    return form.Verdict(
        status=_status(record, shown, moved),
        device=record.device,
        base=record.base,
        head=record.head,
        launches=max((len(one.row.stages) for one in timed), default=0),
        minutes=round(record.minutes, 2),
        smallest=_smallest(shown),
        control=max(control, key=lambda ratio: abs(ratio - 1), default=None),
        differs=record.differs,
        rows=tuple(_row(one, moved) for one in shown),
        unknown=0,
    )


def as_json(verdict: form.Verdict) -> str:
    """Return `verdict` in the format that `reports.github.verdict.read` proves."""
    fields = asdict(verdict)
    del fields["unknown"]
    return json.dumps({"format": 1, **fields}, indent=1, allow_nan=False)


def reasons(record: Record, judged: Sequence[Judged]) -> list[str]:
    """Return a line for everything that could not be compared, and why."""
    found = [f"{_name(one)}: {one.row.state}: {one.row.reason}" for one in judged if one.row.reason]
    if control_moved(judged):
        found.append("the control, a step that no change touches, moved: no time can be believed")
    if record.unexplained:
        differs = ", ".join(record.unexplained)
        found.append(f"the sides ran in environments that differ without a reason: {differs}")
    return list(dict.fromkeys(found))


def _status(record: Record, shown: Sequence[Judged], moved: bool) -> int:
    """Return 1 for a regression, 2 where something that may be one could not be judged, else 0."""
    worse = [one for one in shown if one.word == "slower" and not moved]
    worse += [one for one in shown if one.word == "broken" and _head_is_worse(one)]
    if worse:
        return form.REGRESSED
    unclear = moved or bool(record.unexplained) or not shown
    unclear |= any(one.word == "broken" for one in shown)
    unclear |= any(one.word == "undecided" and _may_be_slower(one) for one in shown)
    return form.COULD_NOT_JUDGE if unclear else form.NONE_REGRESSED


def _head_is_worse(one: Judged) -> bool:
    return one.row.state in ("ok", "broken head")


def _may_be_slower(one: Judged) -> bool:
    return one.found is None or one.found.ratio > 1 + one.floor / 2


def _smallest(shown: Sequence[Judged]) -> float | None:
    """Return the change that would have been seen in every row that was timed, or None."""
    found = [(one.floor, one.found) for one in shown if one.found and math.isfinite(one.found.high)]
    return max((floor / 2 + est.high - est.ratio for floor, est in found), default=None)


def _row(one: Judged, moved: bool) -> form.Row:
    row, found = one.row, one.found
    told = found if found and math.isfinite(found.high) else None
    word = "not comparable" if moved and found is not None else one.word
    return form.Row(
        **{axis: getattr(row, axis) for axis in _AXES},
        word=word,
        before=statistics.median(row.before) if row.before else None,
        after=statistics.median(row.after) if row.after else None,
        ratio=found.ratio if found else None,
        low=told.low if told else None,
        high=told.high if told else None,
        more=one.more,
    )


def _name(one: Judged) -> str:
    return " ".join(str(getattr(one.row, axis)) for axis in _AXES if getattr(one.row, axis))
