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
    "programs": metrics.PROGRAMS,
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
    device: str  # as in a `Row`

    def lost(self, key: Key) -> bool:
        """Return whether the value of `key` is one that this session would have measured."""
        workload, batch, device = key[1:4]
        current = self.workload in ("", workload) and self.batch in (0, batch)
        current = current and self.device == device
        return current and key[0] in KINDS[self.kind]

    def row(self, word: Finding) -> Row:
        """Return the one row for all that the session would have measured."""
        broken = word is Finding.BROKEN
        reason = Reason.HEAD_FAILED if broken else Reason.BOTH_FAILED
        metric = next(iter(KINDS[self.kind]))
        return Row(metric, word.value, *self[1:], reason=reason.value, blocks=not broken)


def compare(base: Run, head: Run) -> list[Row]:
    """Return a row for everything that either side measured."""
    ours, theirs = (exact.table(exact.named(run.frame), processors(run)) for run in (base, head))
    settings = {*base.frame["setting"], *head.frame["setting"]}
    if len(settings) > 1:
        return refused(ours, theirs, Reason.OTHER_SETTING)
    made = list(exact.rows(ours, theirs))
    made += clock.rows(ours, theirs, made, not differs(base, head))
    return made + list(unpaired(ours, theirs, failures(head)))


def refused(base: Table, head: Table, reason: Reason) -> list[Row]:
    """Return a row for everything that is not even compared."""
    return [lacking(key, reason) for key in dict.fromkeys([*base, *head]) if _asked(key)]


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
    columns = failed.reindex(columns=["kind", "workload", "batch", "device"])
    columns = exact.named(columns.fillna({"workload": "", "batch": 0, "device": ""}))
    current = columns.itertuples(index=False, name=None)
    return {
        Failure(kind, name, int(batch), on) for kind, name, batch, on in current if kind in KINDS
    }


def unpaired(base: Table, head: Table, failed: Iterable[Failure]) -> Iterator[Row]:
    """Yield a row for what one side alone has, and one for each session of head's that `failed`.

    That is a regression where base has what it would have measured.
    """
    gone = [failure for failure in failed if not any(map(failure.lost, head))]
    for failure in gone:
        yield failure.row(Finding.BROKEN if any(map(failure.lost, base)) else Finding.NOT_COMPARED)
    for key in dict.fromkeys([*base, *head]):
        one_sided = (key in base) != (key in head)
        if one_sided and _asked(key) and not any(failure.lost(key) for failure in gone):
            yield lacking(key, Reason.HEAD_LACKS if key in base else Reason.BASE_LACKS)


def _asked(key: Key) -> bool:
    """Return whether a value is one that a check compares: not one that only describes."""
    return key[0] in _ASKED and "placebo" not in key
