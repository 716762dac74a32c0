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
# Saving and loading differ from call to call by far more than a step does.
MARGINS = {"step_ratio": MARGIN, "save_ratio": 0.05, "load_ratio": 0.05}
_PYTHON = "python_extra_seconds"
_VARIANT = ("workload", "batch", "device", "jit", "step", "remedy", "mask_dtype")


def compare(run: Run) -> list[Row]:
    """Return a row for every defect, step and time of head's recipes beside base's."""
    base, head = (
        exact.table(run.frame[run.frame["source"] == source], runs.processors(run))
        for source in ("base", "head")
    )
    made = list(exact.rows(base, head))
    made += paired(of_head(run.frame), made)
    # A session that fails here fails for both sides: whose fault it is, the probe has said.
    failed = [
        Row(next(iter(runs.KINDS[each.kind])), Finding.NOT_COMPARED.value, each.workload,
            each.batch, reason=Reason.BOTH_FAILED.value, blocks=True)
        for each in runs.failures(run)
        if each.kind in runs.KINDS
    ]  # fmt: skip
    return made + failed


def of_head(frame: Any) -> Any:
    """Return head's values, with the placebo's beside them: it is a second copy of base's step."""
    own = frame[(frame["source"] == "head") | (frame["remedy"] == "placebo")]
    return own.assign(source="head")


def paired(head: Any, made: list[Row]) -> Iterator[Row]:
    """Yield a row for each time of head's that was taken in pairs with base's.

    Of a step that is not the same and has no time, a row says that the budget ended first.
    """
    judged = [judge(_own_groups(head), margin, LOOKS).assign(margin=margin)
              for margin in sorted(set(MARGINS.values()))]  # fmt: skip
    timed = set()
    for table in judged:
        for each in table.to_dict("records"):
            if each["remedy"] == "placebo" or MARGINS.get(each["metric"]) != each["margin"]:
                continue
            timed.add(tuple(each[name] for name in _VARIANT if name != "device"))
            if not each["launches"] and each["word"] == Word.UNDECIDED.value:
                yield lacking(
                    (each["metric"], *(each[axis] for axis in ROW_AXES)), Reason.NOT_TIMED
                )
            elif each["word"] != Word.SAME_STEP.value:
                yield _row(each)
    for row in made:
        own = (row.workload, row.batch, row.jit, row.step, row.remedy, row.mask_dtype)
        if row.metric == exact.STEP and row.word == "another step" and own not in timed:
            key = ("step_ratio", *(getattr(row, axis) for axis in ROW_AXES))
            yield lacking(key, Reason.NOT_TIMED)


def _own_groups(head: Any) -> Any:
    """Return the frame with the group of each step as against base's same variant: 0 is equal."""
    frame = head.copy()
    differs = frame[frame["metric"].isin(["program_differs", "python_calls_differ"])]
    other = differs[(differs["value"] != 0) | (differs["text"] == "")]
    known = differs.groupby([*_VARIANT])["metric"].nunique()
    others = set(other[[*_VARIANT]].itertuples(index=False, name=None))
    equal = {variant for variant, count in known.items() if count == 2} - others
    groups = frame["metric"] == exact.STEP
    variants = frame.loc[groups, [*_VARIANT]].itertuples(index=False, name=None)
    values = frame.loc[groups, "value"]
    frame.loc[groups, "value"] = [
        0.0 if variant in equal else value or 1000.0
        for variant, value in zip(variants, values, strict=True)
    ]
    return frame


def _row(judged: dict[str, Any]) -> Row:
    python = judged["unit"] == "seconds"
    word = str(judged["word"])
    numbers = {name: _number(judged[name]) for name in ("ratio", "low", "high")}
    if python and numbers["low"] is not None and word == Word.PYTHON.value:
        word = _python_word(numbers, float(judged["seconds"] or 0))
    unreliable = word == Word.UNRELIABLE.value
    known: dict[str, Any] = {axis: judged[axis] for axis in ROW_AXES} | numbers
    return Row(
        metric=_PYTHON if python else judged["metric"],
        word=word,
        **known,
        more_launches=int(judged["more_launches"]),
        reason=Reason.UNRELIABLE.value if unreliable else "",
        blocks=word in (Word.UNDECIDED.value, Word.UNRELIABLE.value),
    )


def _python_word(extra: dict[str, float | None], step: float) -> str:
    """Return the word for Python that takes longer: slower only where the step feels it."""
    low, high = extra["low"] or 0.0, extra["high"] or 0.0
    if step > 0 and low > MARGIN * step:
        return Word.SLOWER.value
    if step > 0 and high < -MARGIN * step:
        return Word.FASTER.value
    return Word.PYTHON.value


def _number(value: Any) -> float | None:
    """Return a finite number, or None."""
    return float(value) if abs(float(value)) < 1e18 else None
