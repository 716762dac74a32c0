"""Everything that was measured of base or of head is compared, or it is said why not.

Either two folders of session files, or one whose sessions held base's and head's recipes side by
side, in one process each.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from remedies import metrics
from remedies.devices import DEVICES
from remedies.intervals import MARGIN, Word
from remedies.registry import PLACEBO
from reports.frame import Run, read
from reports.gate import sides
from reports.gate.sides import Key, Table, lacking
from reports.gate.verdict import PACKAGES, Finding, Reason, Row, Verdict, conclude
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
LOADS = ("load_ratio", "load_seconds")
# The values that a check compares; the others only describe.
ASKED = {*metrics.DEFECTS, *metrics.SITUATIONS, *metrics.RECIPES, *sides.TIMES, *sides.IDENTITY}


def nights(base: Path, head: Path, device: str) -> tuple[Verdict, list[str]]:
    """Return the verdict on two folders of session files, with a line for each thing that failed.

    What was measured on other devices is left out; what is compiled for stays.
    """
    sides = [read(folder) for folder in (base, head)]
    others = {*DEVICES} - {device}
    ours, theirs = (
        replace(run, frame=run.frame[~run.frame["device"].isin(others)]) for run in sides
    )
    problems = [*dict.fromkeys(ours.problems + theirs.problems)]
    verdict = conclude(
        compare(ours, theirs), len(problems), device=device, base=_commit(ours),
        head=_commit(theirs), minutes=0.0, differs=differs(ours, theirs),
    )  # fmt: skip
    return verdict, problems + [f"{session}: {reason}" for session, reason in theirs.failures]


def _commit(run: Run) -> str:
    """Return the commit of a run; where none is known, zeros."""
    commits = map(str, reversed(run.frame["commit"].unique()))
    return next((text for text in commits if re.fullmatch("[0-9a-f]{40}", text)), "0" * 40)


def compare(base: Run, head: Run, pairs: Any = None) -> list[Row]:
    """Return a row for everything that either side holds.

    `pairs` are head's values, where its times were taken in pairs with base's.
    """
    ours, theirs = sides.table(base), sides.table(head)
    if len({*base.frame["setting"], *head.frame["setting"]}) > 1:
        return _refused(ours, theirs, Reason.OTHER_SETTING)
    made = list(sides.exact(ours, theirs))
    if pairs is None:
        made += sides.times(ours, theirs, made, not differs(base, head))
    else:
        made += paired(pairs, made)
    return [*_of_equal_loads(made), *_unpaired(base, head, ours, theirs, made)]


def _of_equal_loads(rows: list[Row]) -> list[Row]:
    """Return `rows`, but no time of a load that leaves out what the other side's brings back."""
    uneven = {
        (row.workload, row.remedy)
        for row in rows
        if row.kind == "defects" and row.word in (Finding.MORE.value, Finding.FEWER.value)
    }
    return [
        lacking((row.metric, *_axes(row)), Reason.LOADS_LESS, blocks=False)
        if row.metric in LOADS and (row.workload, row.remedy) in uneven
        else row
        for row in rows
    ]


def compare_pairs(run: Run) -> list[Row]:
    """Return a row for everything that was measured of head's recipes, or of base's beside them."""
    frame = run.frame
    base, head = (replace(run, frame=frame[frame["source"] == name]) for name in ("base", "head"))
    if frame["machine"].nunique() > 1:
        return _refused(sides.table(base), sides.table(head), Reason.OTHER_PROCESSOR)
    # What has no partner was compared with nothing.
    return compare(base, head, of_head(frame[:0] if base.frame.empty else frame))


def of_head(frame: Any) -> Any:
    """Return head's values, with the placebo's beside them: it is a second copy of base's step."""
    # Of Python alone base's side may be all that says how long the step takes.
    beside = (frame["remedy"] == PLACEBO) | (frame["metric"] == "step_seconds")
    own = frame[(frame["source"] == "head") | beside]
    return sides.named(own.assign(source="head"))


def paired(head: Any, made: list[Row]) -> Iterator[Row]:
    """Yield a row for each time of head's, taken in pairs with base's, and for each that lacks."""
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
        if row.word == Finding.OTHER_STEP.value and _axes(row) not in timed and not row.device:
            yield lacking(("step_ratio", *_axes(row)), Reason.NOT_TIMED)


def _axes(row: Row) -> tuple[str | int, ...]:
    return tuple(getattr(row, axis) for axis in metrics.AXES)


def _judged(key: Key, judged: dict[str, Any]) -> Row:
    word = Word(judged["word"])
    names = ("ratio", "low", "high")
    ends = {name: float(judged[name]) for name in names if abs(judged[name]) < 1e18}
    if judged["unit"] == "seconds":
        key = ("python_extra_seconds", *key[1:])
        # Of Python alone the step may feel nothing.
        if word is Word.PYTHON and ends["low"] > MARGIN * (judged["seconds"] or float("inf")):
            word = Word.SLOWER
    # Files are noisy: what is surely no big change does not stop a check.
    small = (
        key[0] in ("save_ratio", "load_ratio")
        and ends.get("ratio", BIG_FILE) <= 1 + MARGINS[key[0]]
        and ends.get("high", BIG_FILE) < BIG_FILE
    )
    unsound = word is Word.UNRELIABLE
    reason = Reason.UNRELIABLE.value if unsound else ""
    blocks = unsound or (word is Word.UNDECIDED and not small)
    return sides.row(key, word.value, **ends, reason=reason, blocks=blocks)


def differs(base: Run, head: Run) -> tuple[str, ...]:
    """Return the packages of which the sides have other versions."""
    versions = [{name: {facts.get(name, "") for facts in run.facts.values()} for name in PACKAGES}
                for run in (base, head)]  # fmt: skip
    return tuple(name for name in PACKAGES if versions[0][name] != versions[1][name])


def _refused(base: Table, head: Table, reason: Reason) -> list[Row]:
    """Return a row for everything that is not even compared."""
    return [lacking(key, reason) for key in dict.fromkeys([*base, *head]) if key[0] in ASKED]


def _unpaired(base: Run, head: Run, ours: Table, theirs: Table, made: list[Row]) -> Iterator[Row]:
    """Yield a row for what one side alone has, and one for each session of head's that failed.

    That is a regression where base's did not.
    """
    for session in sorted(_sessions(head, "failed") - _sessions(head, "done")):
        kind, workload, batch, device = session
        broken = session in _sessions(base, "done")
        word = Finding.BROKEN if broken else Finding.NOT_COMPARED
        reason = Reason.HEAD_FAILED if broken else Reason.BOTH_FAILED
        yield Row(next(iter(SESSIONS[kind])), word.value, workload, int(batch), device,
                  reason=reason.value, blocks=not broken)  # fmt: skip
    judged = {  # in pairs: of Python alone one side may have no time
        ("step_seconds" if row.step else row.metric.replace("_ratio", "_seconds"), *_axes(row))
        for row in made
        if row.kind == "times"
    }
    for key in dict.fromkeys([*ours, *theirs]):
        if (key in ours) != (key in theirs) and key[0] in ASKED and key not in judged:
            yield lacking(key, Reason.HEAD_LACKS if key in ours else Reason.BASE_LACKS)


def _sessions(run: Run, status: str) -> set[tuple[str, str, float, str]]:
    """Return the kind, workload, batch size and device of each session that ended so."""
    sessions = run.sessions[run.sessions["status"] == status]
    sessions = sessions.reindex(columns=["kind", "workload", "batch", "device"])
    sessions = sides.named(sessions.fillna({"workload": "", "batch": 0, "device": ""}))
    return {*sessions[sessions["kind"].isin(SESSIONS)].itertuples(index=False, name=None)}
