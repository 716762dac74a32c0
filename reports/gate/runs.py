"""Everything that was measured of base or of head is compared, or it is said why not.

Either two folders of session files, or one whose sessions held base's and head's recipes side by
side, in one process each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from remedies import metrics
from remedies.registry import PLACEBO
from remedies.words import MARGIN, Word
from reports.frame import Run
from reports.gate import clock, exact
from reports.gate.exact import Key, Table, lacking
from reports.gate.verdict import PACKAGES, Finding, Reason, Row
from reports.judge import judge

# Which session measures what, to say of a missing value that its session failed.
SESSIONS = {
    "fidelity": metrics.DEFECTS, "situations": metrics.SITUATIONS, "recipes": metrics.RECIPES,
    "identity": metrics.PROGRAMS, "programs": metrics.PROGRAMS, "step_times": metrics.STEPS,
    "first_steps": metrics.FIRST_STEPS, "saving": metrics.SAVING,
    "kernels": metrics.KERNELS,
}  # fmt: skip
# Launches at each look; a look more is a chance more to be wrong, which the interval allows for.
LAUNCHES = (4, 6, 9, 13, 19, 28)
# Saving and loading differ from call to call by far more than a step does.
MARGINS = {"step_ratio": MARGIN, "save_ratio": 0.05, "load_ratio": 0.05}
BIG_FILE = 1.2
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
        return current and self.device == device and key[0] in SESSIONS[self.kind]

    def row(self, word: Finding) -> Row:
        """Return the one row for all that the session would have measured."""
        broken = word is Finding.BROKEN
        reason = Reason.HEAD_FAILED if broken else Reason.BOTH_FAILED
        metric = next(iter(SESSIONS[self.kind]))
        return Row(metric, word.value, *self[1:], reason=reason.value, blocks=not broken)


def compare(base: Run, head: Run, pairs: Any = None) -> list[Row]:
    """Return a row for everything that either side holds.

    `pairs` are head's values, where its times were taken in pairs with base's.
    """
    ours, theirs = exact.table(base), exact.table(head)
    if len({*base.frame["setting"], *head.frame["setting"]}) > 1:
        return _refused(ours, theirs, Reason.OTHER_SETTING)
    made = list(exact.rows(ours, theirs))
    if pairs is None:
        made += clock.rows(ours, theirs, made, not differs(base, head))
    else:
        made += paired(pairs, made)
    return made + list(_unpaired(ours, theirs, failures(head)))


def compare_pairs(run: Run) -> list[Row]:
    """Return a row for everything that was measured of head's recipes, or of base's beside them."""
    frame = run.frame
    base, head = (replace(run, frame=frame[frame["source"] == name]) for name in ("base", "head"))
    if frame["machine"].nunique() > 1:
        return _refused(exact.table(base), exact.table(head), Reason.OTHER_PROCESSOR)
    # What has no partner was compared with nothing.
    return compare(base, head, of_head(frame[:0] if base.frame.empty else frame))


def of_head(frame: Any) -> Any:
    """Return head's values, with the placebo's beside them: it is a second copy of base's step."""
    own = frame[(frame["source"] == "head") | (frame["remedy"] == PLACEBO)]
    return exact.named(own.assign(source="head"))


def paired(head: Any, made: list[Row]) -> Iterator[Row]:
    """Yield a row for each time of head's that was taken in pairs with base's.

    Of a step that is not the same and has no time, a row says so.
    """
    timed = set()
    for margin in dict.fromkeys(MARGINS.values()):
        for judged in judge(head, margin, len(LAUNCHES)).to_dict("records"):
            key = (judged["metric"], *(judged[axis] for axis in metrics.AXES))
            if judged["remedy"] == PLACEBO or MARGINS.get(key[0]) != margin:
                continue
            timed.add(key[1:])
            if not judged["launches"] and judged["word"] == Word.UNDECIDED.value:
                yield lacking(key, Reason.NOT_TIMED)
            elif judged["word"] != Word.SAME_STEP.value:
                yield _judged(key, judged)
    for row in made:
        axes = tuple(getattr(row, axis) for axis in metrics.AXES)
        if row.word == Finding.OTHER_STEP.value and axes not in timed and not row.device:
            yield lacking(("step_ratio", *axes), Reason.NOT_TIMED)


def _judged(key: Key, judged: dict[str, Any]) -> Row:
    word = Word(judged["word"])
    current = {name: float(judged[name]) for name in ("ratio", "low", "high")}
    current = {name: value for name, value in current.items() if abs(value) < 1e18}
    if judged["unit"] == "seconds":
        key = ("python_extra_seconds", *key[1:])
        # Of Python alone the step may feel nothing.
        if word is Word.PYTHON and current["low"] > MARGIN * (judged["seconds"] or float("inf")):
            word = Word.SLOWER
    # Files are noisy: what is surely no big change does not stop a check.
    small = key[0] in ("save_ratio", "load_ratio") and (
        current.get("ratio", BIG_FILE) <= 1 + MARGINS[key[0]]
        and current.get("high", BIG_FILE) < BIG_FILE
    )
    more, unsound = int(judged["more_launches"]), word is Word.UNRELIABLE
    reason = Reason.UNRELIABLE.value if unsound else ""
    blocks = unsound or (word is Word.UNDECIDED and not small)
    return exact.row(key, word.value, **current, more_launches=more, reason=reason, blocks=blocks)


def differs(base: Run, head: Run) -> tuple[str, ...]:
    """Return the packages of which the sides have other versions."""
    ours, theirs = (
        {name: {facts.get(name, "") for facts in run.facts.values()} for name in PACKAGES}
        for run in (base, head)
    )
    return tuple(name for name in PACKAGES if ours[name] != theirs[name])


def failures(run: Run) -> set[Failure]:
    """Return the sessions of a run that failed."""
    failed = run.sessions[run.sessions["status"] == "failed"].reindex(columns=Failure._fields)
    failed = exact.named(failed.fillna({"workload": "", "batch": 0, "device": ""}))
    current = failed.astype({"batch": int}).itertuples(index=False, name=None)
    return {failure for failure in map(Failure._make, current) if failure.kind in SESSIONS}


def _refused(base: Table, head: Table, reason: Reason) -> list[Row]:
    """Return a row for everything that is not even compared."""
    return [lacking(key, reason) for key in dict.fromkeys([*base, *head]) if _asked(key)]


def _unpaired(base: Table, head: Table, failed: Iterable[Failure]) -> Iterator[Row]:
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
    return key[0] in _ASKED and PLACEBO not in key
