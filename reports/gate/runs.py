"""Two folders of session files: everything in either must be compared, or it is said why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from remedies import metrics
from reports.frame import Run
from reports.gate import clock, exact
from reports.gate.exact import Key, Table, lacking
from reports.gate.verdict import Finding, Reason, Row

# What differs between two environments for a reason that a commit states: its pins.
PACKAGES = ("python", "tensorflow", "tensorflow-cpu", "keras", "numpy")
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
_ASKED = {*metrics.DEFECTS, *metrics.SITUATIONS, *metrics.RECIPES, *clock.TIMES, *exact.IDENTITY}


class Failure(NamedTuple):
    """A session that gave no values on one side."""

    kind: str
    workload: str
    batch: int

    def lost(self, key: Key) -> bool:
        """Return whether the value of `key` is one that this session would have measured."""
        workload, batch = key[1:3]
        known = self.workload in ("", workload) and self.batch in (0, batch)
        return known and key[0] in KINDS[self.kind]

    def row(self, word: Finding, reason: Reason, blocks: bool) -> Row:
        """Return the one row for all that the session would have measured."""
        metric = next(iter(KINDS[self.kind]))
        return Row(metric, word.value, *self[1:], reason=reason.value, blocks=blocks)


def compare(base: Run, head: Run) -> list[Row]:
    """Return a row for everything that either side measured."""
    ours, theirs = (exact.table(run.frame, processors(run)) for run in (base, head))
    settings = {*base.frame["setting"], *head.frame["setting"]}
    if len(settings) > 1:
        keys = dict.fromkeys(key for key in (*ours, *theirs) if _asked(key))
        return [lacking(key, Reason.OTHER_SETTING) for key in keys]
    made = list(exact.rows(ours, theirs))
    made += clock.rows(ours, theirs, made, not differs(base, head))
    return made + list(_unpaired(ours, theirs, failures(base), failures(head)))


def processors(run: Run) -> dict[str, str]:
    """Return each machine's kind of processor: times of different kinds are never compared."""
    return {
        machine: f"{facts.get('cpu', machine)} {facts.get('gpu', '')}"
        for machine, facts in run.facts.items()
    }


def differs(base: Run, head: Run) -> tuple[str, ...]:
    """Return the packages of which the sides have other versions."""
    sides = [
        {name: {facts.get(name, "") for facts in run.facts.values()} for name in PACKAGES}
        for run in (base, head)
    ]
    return tuple(name for name in PACKAGES if sides[0][name] != sides[1][name])


def failures(run: Run) -> set[Failure]:
    """Return the sessions of a run that failed."""
    failed = run.sessions[run.sessions["status"] == "failed"]
    columns = failed.reindex(columns=["kind", "workload", "batch"])
    known = columns.fillna({"workload": "", "batch": 0}).itertuples(index=False, name=None)
    return {Failure(kind, name, int(batch)) for kind, name, batch in known if kind in KINDS}


def _unpaired(
    base: Table, head: Table, base_failed: Iterable[Failure], head_failed: Iterable[Failure]
) -> Iterator[Row]:
    """Yield a row for what one side alone has.

    Of a session that failed where base's did not there is one row, and it is a regression.
    """
    broken: set[Failure] = set()
    for key in dict.fromkeys([*base, *head]):
        if (key in base and key in head) or not _asked(key):
            continue
        failed = head_failed if key in base else base_failed
        lost = next((failure for failure in failed if failure.lost(key)), None)
        if lost and key in base:
            broken.add(lost)
        elif lost:
            yield lacking(key, Reason.BASE_FAILED)
        else:
            yield lacking(key, Reason.HEAD_LACKS if key in base else Reason.BASE_LACKS)
    for failure in broken:
        yield failure.row(Finding.BROKEN, Reason.HEAD_FAILED, blocks=False)
    for failure in {*base_failed} & {*head_failed}:
        if not any(failure.lost(key) for key in (*base, *head)):
            yield failure.row(Finding.NOT_COMPARED, Reason.BOTH_FAILED, blocks=True)


def _asked(key: Key) -> bool:
    """Return whether a value is one that a check compares: not one that only describes."""
    return key[0] in _ASKED and "placebo" not in key
