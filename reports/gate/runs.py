"""Everything that was measured of base or of head is compared, or it is said why not.

Their session files are in two folders, or in one: then each session held both sides' recipes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from remedies import metrics
from remedies.devices import DEVICES, TARGETS
from remedies.intervals import MARGIN, Word
from remedies.registry import PLACEBO
from reports.frame import Run, read
from reports.gate import sides
from reports.gate.sides import Key, Table, key_of, lacking
from reports.gate.verdict import NOT_COMPARED, PACKAGES, Reason, Row, Verdict, conclude
from reports.judge import judge

# Launches at each look; a look more is a chance more to be wrong, which the interval allows for.
LAUNCHES = (4, 6, 9, 13, 19, 28)
# Saving and loading differ from call to call by far more than a step does.
FILES = ("save_ratio", "load_ratio")
MARGINS = {"step_ratio": MARGIN, **dict.fromkeys(FILES, 0.05)}
BIG_FILE = 1.2
LOADS = ("load_ratio", "load_seconds")
# The values that a check compares; the others only describe.
ASKED = {*metrics.DEFECTS, *metrics.SITUATIONS, *metrics.RECIPES, *sides.TIMES, *sides.IDENTITY}


def nights(base: Path, head: Path, device: str) -> tuple[Verdict, list[str]]:
    """Return the verdict on two folders of session files, with a line for each thing that failed.

    What was measured on other devices is left out; what is compiled for stays.
    """
    others = {*DEVICES} - {device}
    ours, theirs = (
        replace(run, frame=run.frame[~run.frame["device"].isin(others)])
        for run in (read(base), read(head))
    )
    commits = [str(run.sessions["commit"].iloc[-1]) for run in (ours, theirs)]
    current = {"device": device, "base": commits[0], "head": commits[1]}
    verdict = conclude(compare(ours, theirs), differs=differs(ours, theirs), **current)
    return verdict, [*ours.problems, *theirs.problems, *map(": ".join, theirs.failures)]


def compare(base: Run, head: Run, pairs: Any = None) -> list[Row]:
    """Return a row for everything that either side holds.

    `pairs` are head's values, where its times were taken in pairs with base's, on one machine.
    """
    ours, theirs = sides.table(base), sides.table(head)
    alike = ["setting"] if pairs is None else ["setting", "machine"]
    mixed = [name for name in alike if len({*base.frame[name], *head.frame[name]}) > 1]
    if mixed:
        reason = Reason.OTHER_SETTING if "setting" in mixed else Reason.OTHER_PROCESSOR
        return [lacking(key, reason) for key in ours | theirs if key[0] in ASKED]
    made = list(sides.exact(ours, theirs))
    if pairs is None:
        made += sides.times(ours, theirs, made, not differs(base, head))
    else:
        made += paired(pairs, made)
    defects = [row for row in made if row.kind == "defects" and row.word != "equal"]
    uneven = {(row.workload, row.remedy) for row in defects}
    for number, row in enumerate(made):
        if row.metric in LOADS and (row.workload, row.remedy) in uneven:
            made[number] = lacking(key_of(row), Reason.LOADS_LESS, blocks=False)
    return [*made, *_unpaired(base, head, ours, theirs, made)]


def compare_pairs(run: Run) -> list[Row]:
    """Return a row for everything that was measured of head's recipes, or of base's beside them."""
    frame = run.frame
    base, head = (replace(run, frame=frame[frame["source"] == name]) for name in ("base", "head"))
    # What has no partner was compared with nothing.
    return compare(base, head, of_head(frame[:0] if base.frame.empty else frame))


def of_head(frame: Any) -> Any:
    """Return head's values, with the placebo's beside them: it is a second copy of base's step."""
    # Of Python alone base's side may be all that says how long the step takes.
    beside = (frame["remedy"] == PLACEBO) | (frame["metric"] == "step_seconds")
    return frame[(frame["source"] == "head") | beside].assign(source="head")


def paired(head: Any, made: list[Row]) -> Iterator[Row]:
    """Yield a row for each time of head's, taken in pairs with base's, and for each that lacks."""
    timed = set()
    for margin in dict.fromkeys(MARGINS.values()):
        for judged in judge(head, margin, len(LAUNCHES)).itertuples():
            key = key_of(judged)
            if judged.remedy == PLACEBO or MARGINS.get(judged.metric) != margin:
                continue
            timed.add(key[1:])
            if not judged.launches and judged.word == Word.UNDECIDED:
                yield lacking(key, Reason.NOT_TIMED)
            elif judged.word != Word.SAME_STEP:
                yield _judged(key, judged)
    for row in made:
        key = ("step_ratio", *key_of(row)[1:])
        run_here = row.device not in TARGETS
        if row.word == "another step" and run_here and key[1:] not in timed:
            yield lacking(key, Reason.NOT_TIMED)


def _judged(key: Key, judged: Any) -> Row:
    word = Word(judged.word)
    ends = {name: float(getattr(judged, name)) for name in ("ratio", "low", "high")}
    ends = {name: end for name, end in ends.items() if abs(end) < 1e18}
    if judged.unit == "seconds":
        key = ("python_extra_seconds", *key[1:])
        # Of Python alone the step may feel nothing.
        if word is Word.PYTHON and ends["low"] > MARGIN * (judged.seconds or float("inf")):
            word = Word.SLOWER
    # Files are noisy: what is surely no big change does not stop a check.
    small = key[0] in FILES and ends.get("ratio", BIG_FILE) <= 1 + MARGINS[key[0]]
    small = small and ends.get("high", BIG_FILE) < BIG_FILE
    unsound = word is Word.UNRELIABLE
    blocks = unsound or (word is Word.UNDECIDED and not small)
    reason = Reason.UNRELIABLE.value if unsound else ""
    return sides.row(key, word.value, **ends, reason=reason, blocks=blocks)


def differs(base: Run, head: Run) -> list[str]:
    """Return the packages of which the sides have other versions."""
    versions = [
        {name: {facts.get(name) for facts in run.facts.values()} for name in PACKAGES}
        for run in (base, head)
    ]
    return [name for name in PACKAGES if versions[0][name] != versions[1][name]]


def _unpaired(base: Run, head: Run, ours: Table, theirs: Table, made: list[Row]) -> Iterator[Row]:
    """Yield a row for each unusable file, failed session and value that one side alone has.

    A session of head's that failed is a regression where base's did not.
    """
    for _ in {*base.problems, *head.problems}:
        yield Row(sides.STEP, NOT_COMPARED, reason=Reason.UNUSABLE.value, blocks=True)
    for session in sorted(_sessions(head, "failed") - _sessions(head, "done")):
        _, workload, batch, device = session
        broken = session in _sessions(base, "done")
        word, why = ("broken", Reason.HEAD_FAILED) if broken else (NOT_COMPARED, Reason.BOTH_FAILED)
        yield Row(sides.STEP, word, workload, int(batch), device, reason=why.value,
                  blocks=not broken)  # fmt: skip
    judged = {  # in pairs: of Python alone one side may have no time
        ("step_seconds" if row.step else row.metric.replace("_ratio", "_seconds"), *key_of(row)[1:])
        for row in made
        if row.kind == "times"
    }
    for key in ours | theirs:
        if (key in ours) != (key in theirs) and key[0] in ASKED and key not in judged:
            yield lacking(key, Reason.HEAD_LACKS if key in ours else Reason.BASE_LACKS)


def _sessions(run: Run, status: str) -> set[tuple[str, str, float, str]]:
    """Return the kind, workload, batch size and device of each session that ended so."""
    ended = run.sessions["status"] == status
    own = run.sessions.loc[ended, ["kind", "workload", "batch", "device"]]
    return {*own.fillna({"workload": "", "batch": 0}).itertuples(index=False, name=None)}
