"""One folder of sessions that held base's and head's recipes side by side, in one process each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remedies.intervals import MARGIN, Word
from reports.frame import Run
from reports.gate import exact, runs
from reports.gate.exact import lacking
from reports.gate.verdict import ROW_AXES, Finding, Reason, Row
from reports.judge import judge

LOOKS = 6
REASONS = {"setting": Reason.OTHER_SETTING, "machine": Reason.OTHER_PROCESSOR}
# Saving and loading differ from call to call by far more than a step does.
BIG = 1.2
MARGINS = {"step_ratio": MARGIN, "save_ratio": 0.05, "load_ratio": 0.05}


def compare(run: Run) -> list[Row]:
    """Return a row for every defect, step and time of head's recipes beside base's."""
    processors, frame = runs.processors(run), exact.named(run.frame)
    base, head = (
        exact.table(frame[frame["source"] == source], processors) for source in ("base", "head")
    )
    reasons = [reason for column, reason in REASONS.items() if run.frame[column].nunique() > 1]
    reasons += [] if base else [Reason.BASE_LACKS]
    if reasons:
        return runs.refused(base, head, reasons[0])
    made = list(exact.rows(base, head))
    made += paired(of_head(frame), made)
    # A session that fails here fails for both sides: whose fault it is, the probe has said.
    made += [failure.row(Finding.NOT_COMPARED) for failure in runs.failures(run)]
    return made + list(runs.unpaired(base, head, ()))


def of_head(frame: Any) -> Any:
    """Return head's values, with the placebo's beside them: it is a second copy of base's step."""
    own = frame[(frame["source"] == "head") | (frame["remedy"] == "placebo")]
    return own.assign(source="head")


def paired(head: Any, made: list[Row]) -> Iterator[Row]:
    """Yield a row for each time of head's that was taken in pairs with base's.

    Of a step that is not the same and has no time, a row says so.
    """
    timed = set()
    for margin in dict.fromkeys(MARGINS.values()):
        for judged in judge(head, margin, LOOKS).to_dict("records"):
            key = (judged["metric"], *(judged[axis] for axis in ROW_AXES))
            if judged["remedy"] == "placebo" or MARGINS.get(key[0]) != margin:
                continue
            timed.add(key[1:])
            if not judged["launches"] and judged["word"] == Word.UNDECIDED.value:
                yield lacking(key, Reason.NOT_TIMED)
            elif judged["word"] != Word.SAME_STEP.value:
                yield _row(key, judged)
    for row in made:
        axes = tuple(getattr(row, axis) for axis in ROW_AXES)
        if row.word == Finding.OTHER_STEP.value and axes not in timed and not row.device:
            yield lacking(("step_ratio", *axes), Reason.NOT_TIMED)


def _row(key: exact.Key, judged: dict[str, Any]) -> Row:
    current = {name: float(judged[name]) for name in ("ratio", "low", "high")}
    current = {name: value for name, value in current.items() if abs(value) < 1e18}
    word = Word(judged["word"])
    if judged["unit"] == "seconds":
        key = ("python_extra_seconds", *key[1:])
        # Of Python alone the step may feel nothing.
        if word is Word.PYTHON and current["low"] > MARGIN * (judged["seconds"] or float("inf")):
            word = Word.SLOWER
    # Files are noisy: what is surely no big change does not stop a check.
    small = key[0] in ("save_ratio", "load_ratio") and (
        current.get("ratio", BIG) <= 1 + MARGINS[key[0]] and current.get("high", BIG) < BIG
    )
    undecided = word is Word.UNDECIDED and not small
    return exact.row(
        key,
        word.value,
        **current,
        more_launches=int(judged["more_launches"]),
        reason=Reason.UNRELIABLE.value if word is Word.UNRELIABLE else "",
        blocks=undecided or word is Word.UNRELIABLE,
    )
