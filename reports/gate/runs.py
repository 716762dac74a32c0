"""Everything that was measured of base or of head is compared, or it is said why not.

Either two folders of session files, or one whose sessions held base's and head's recipes side by
side, in one process each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from remedies import metrics
from remedies.registry import PLACEBO
from remedies.words import MARGIN, Word
from reports.frame import Run
from reports.gate import sides
from reports.gate.sides import Key, Table, lacking
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
LOADS = ("load_ratio", "load_seconds")
# The values that a check compares; the others only describe.
ASKED = {*metrics.DEFECTS, *metrics.SITUATIONS, *metrics.RECIPES, *sides.TIMES, *sides.IDENTITY}


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
    return [*_of_equal_loads(made), *_unpaired(ours, theirs, head, made)]


def _of_equal_loads(rows: list[Row]) -> Iterator[Row]:
    """Yield `rows`, but no time of a load that leaves out what the other side's brings back."""
    uneven = {
        (row.workload, row.remedy)
        for row in rows
        if row.kind == "defects" and row.word in (Finding.MORE.value, Finding.FEWER.value)
    }
    for row in rows:
        if row.metric in LOADS and (row.workload, row.remedy) in uneven:
            yield lacking((row.metric, *_axes(row)), Reason.LOADS_LESS, blocks=False)
        else:
            yield row


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
    more, unsound = int(judged["more_launches"]), word is Word.UNRELIABLE
    reason = Reason.UNRELIABLE.value if unsound else ""
    blocks = unsound or (word is Word.UNDECIDED and not small)
    return sides.row(key, word.value, **ends, more_launches=more, reason=reason, blocks=blocks)


def differs(base: Run, head: Run) -> tuple[str, ...]:
    """Return the packages of which the sides have other versions."""
    return tuple(name for name in PACKAGES if _versions(base, name) != _versions(head, name))


def _versions(run: Run, package: str) -> set[str]:
    return {facts.get(package, "") for facts in run.facts.values()}


def _refused(base: Table, head: Table, reason: Reason) -> list[Row]:
    """Return a row for everything that is not even compared."""
    return [lacking(key, reason) for key in dict.fromkeys([*base, *head]) if key[0] in ASKED]


def _unpaired(base: Table, head: Table, run: Run, made: list[Row]) -> Iterator[Row]:
    """Yield a row for what one side alone has, and one for each session of head's that failed.

    That is a regression where base has what it would have measured.
    """
    gone = [failed for failed in _failures(run) if not any(_lost(failed, key) for key in head)]
    for failed in gone:
        broken = any(_lost(failed, key) for key in base)
        word = Finding.BROKEN if broken else Finding.NOT_COMPARED
        reason = Reason.HEAD_FAILED if broken else Reason.BOTH_FAILED
        yield replace(failed, word=word.value, reason=reason.value, blocks=not broken)
    judged = {  # in pairs: of Python alone one side may have no time
        ("step_seconds" if row.step else row.metric.replace("_ratio", "_seconds"), *_axes(row))
        for row in made
        if row.kind == "times"
    }
    for key in dict.fromkeys([*base, *head]):
        asked = key[0] in ASKED and key not in judged
        if (key in base) != (key in head) and asked and not any(_lost(f, key) for f in gone):
            yield lacking(key, Reason.HEAD_LACKS if key in base else Reason.BASE_LACKS)


def _failures(run: Run) -> set[Row]:
    """Return a row for all that each session that failed would have measured."""
    sessions = run.sessions[run.sessions["status"] == "failed"]
    sessions = sessions.reindex(columns=["kind", "workload", "batch", "device"])
    usual = {"workload": "", "batch": 0, "device": ""}
    return {
        Row(next(iter(SESSIONS[kind])), "", workload, int(batch), device)
        for kind, workload, batch, device in sides.named(sessions.fillna(usual)).to_numpy()
        if kind in SESSIONS
    }


def _lost(failed: Row, key: Key) -> bool:
    """Return whether the value of `key` is one that a session that failed would have measured."""
    cell = failed.workload in ("", key[1]) and failed.batch in (0, key[2])
    own = any({failed.metric, key[0]} <= metrics.keys() for metrics in SESSIONS.values())
    return cell and failed.device == key[3] and own
