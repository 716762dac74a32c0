"""Two folders of session files: everything in either must be compared, or it is said why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from remedies import metrics
from reports.frame import Run
from reports.gate import clock, exact
from reports.gate.exact import Key, Table, lacking
from reports.gate.verdict import PACKAGES, ROW_AXES, Finding, Reason, Row

# Which session measures what, to say of a missing value that its session failed.
KINDS = {
    "fidelity": metrics.DEFECTS,
    "situations": metrics.SITUATIONS,
    "recipes": metrics.RECIPES,
    "identity": metrics.PROGRAMS,
    "step_times": metrics.STEPS,
    "first_steps": metrics.FIRST_STEPS,
    "saving": metrics.SAVING,
    "loads": metrics.SAVING,
    "kernels": metrics.KERNELS,
}
_STEPS = ("program_differs", "python_calls_differ")


@dataclass(frozen=True)
class Failure:
    """A session that gave no values on one side.

    Attributes
    ----------
    kind, workload, batch
        Of the session.
    reason : str
        What it said, in a line.
    """

    kind: str
    workload: str
    batch: int
    reason: str

    def lost(self, key: Key) -> bool:
        """Return whether the value of `key` is one that this session would have measured."""
        workload, batch = key[1 : 1 + len(ROW_AXES)][:2]
        return (
            key[0] in KINDS.get(self.kind, {})
            and self.workload in ("", workload)
            and self.batch in (0, batch)
        )


def compare(base: Run, head: Run) -> list[Row]:
    """Return a row for everything that either side measured."""
    settings = [set(run.frame["setting"]) for run in (base, head)]
    sides = tuple(exact.table(run.frame, processors(run)) for run in (base, head))
    if settings[0] != settings[1] or len(settings[0]) != 1:
        keys = dict.fromkeys(key for side in sides for key in side if _asked(key))
        return [lacking(key, Reason.OTHER_SETTING) for key in keys]
    ours, theirs = sides
    made = list(exact.rows(ours, theirs))
    made += clock.rows(ours, theirs, made, not differs(base, head))
    return made + list(unpaired(ours, theirs, failures(base), failures(head)))


def processors(run: Run) -> dict[str, str]:
    """Return each machine's kind of processor: times of different kinds are never compared."""
    return {
        machine: " ".join((facts.get("cpu", machine), facts.get("gpu", ""))).strip()
        for machine, facts in run.facts.items()
    }


def differs(base: Run, head: Run) -> tuple[str, ...]:
    """Return the packages of which the sides have other versions."""
    sides = [
        {name: {facts.get(name, "") for facts in run.facts.values()} for name in PACKAGES}
        for run in (base, head)
    ]
    return tuple(name for name in PACKAGES if sides[0][name] != sides[1][name])


def failures(run: Run) -> list[Failure]:
    """Return the sessions of a run that failed."""
    failed = run.sessions[run.sessions["status"] == "failed"]
    return [
        Failure(_text(one, "kind"), _text(one, "workload"), int(one.get("batch") or 0),
                _text(one, "reason"))
        for one in failed.fillna({"batch": 0}).to_dict("records")
    ]  # fmt: skip


def _text(session: Mapping[str, Any], name: str) -> str:
    value = session.get(name, "")
    return value if isinstance(value, str) else ""


def unpaired(
    base: Table, head: Table, base_failed: Iterable[Failure], head_failed: Iterable[Failure]
) -> Iterator[Row]:
    """Yield a row for what one side alone has.

    Of a session that failed where base's did not there is one row, and it is a regression.
    """
    failed = {"base": list(base_failed), "head": list(head_failed)}
    broken: set[Failure] = set()
    for key in dict.fromkeys([*base, *head]):
        if (key in base and key in head) or not _asked(key):
            continue
        side, reason = ("head", Reason.HEAD_LACKS) if key in base else ("base", Reason.BASE_LACKS)
        lost = next((each for each in failed[side] if each.lost(key)), None)
        if lost is None:
            yield lacking(key, reason)
        elif side == "base":
            yield lacking(key, Reason.BASE_FAILED)
        elif lost not in broken:
            broken.add(lost)
            yield _broken(lost)
    for each in {(one.kind, one.workload, one.batch) for one in failed["base"]} & {
        (one.kind, one.workload, one.batch) for one in failed["head"]
    }:
        key = (next(iter(KINDS.get(each[0], metrics.STEPS))), each[1], each[2])
        values = any(Failure(*each, "").lost(own) for own in (*base, *head))
        if not values:
            yield Row(key[0], Finding.NOT_COMPARED.value, key[1], key[2],
                      reason=Reason.BOTH_FAILED.value, blocks=True)  # fmt: skip


def _broken(lost: Failure) -> Row:
    metric = next(iter(KINDS[lost.kind]))
    reason = Reason.HEAD_FAILED.value
    return Row(metric, Finding.BROKEN.value, lost.workload, lost.batch, reason=reason)


def _asked(key: Key) -> bool:
    """Return whether a value is one that a check compares: not one that only describes."""
    judged = (*metrics.DEFECTS, *metrics.SITUATIONS, *metrics.RECIPES, *clock.TIMES, *_STEPS)
    return key[0] in judged and "placebo" not in key
