"""The word for each comparison: exact evidence first, a clock only for what really differs."""

import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

import pandas as pd

from remedies import REFERENCE, intervals
from remedies.intervals import MARGIN, Interval, Word
from remedies.metrics import METRICS, Kind
from remedies.registry import PLACEBO
from reports.frame import AXES
from reports.wording import slower

VARIANT = ("remedy", "mask_dtype", "kernel")
STEP = "step_ratio"
PYTHON = "python_extra_seconds"
EXACT = ("step_group", "program_differs", "python_calls_differ")
_NOTHING = Interval(math.nan, math.nan, math.nan, 0, 0)

Key = tuple[Any, ...]
Block = dict[Any, list[tuple[float, float]]]  # distinct step -> value and error of each launch
Tables = dict[str, dict[Key, list[Any]]]  # metric -> variant -> its rows

RUN = ("machine", "commit")
CELL = tuple(axis for axis in AXES if axis not in VARIANT)
COLUMNS = (*RUN, "metric", *AXES, "word", "ratio", "low", "high", "launches", "reason",
           "unit", "seconds", "difference")  # fmt: skip

# A ratio -> the time of which it is one.
_TIMES = {name: name.removesuffix("_ratio") + "_seconds"
          for name, metric in METRICS.items() if metric.kind is Kind.RATIO}  # fmt: skip
# What says of a step that there is something to judge, and what else is known of it.
_ASKED = (STEP, PYTHON, "step_group")


def judge(frame: Any, threshold: float = MARGIN, looks: int = 1) -> Any:
    """Return a row for each comparison of a variant with the reference of its cell.

    `frame` is as `reports.load` returns it; a difference below `threshold` does not matter; the
    results are judged `looks` times before the launches stop. The rows hold `COLUMNS`: `word` is a
    `Word`'s value, with a `reason` where it is undecided or unreliable; `ratio`, `low` and `high` a
    ratio, or where `unit` is "seconds" a difference of the Python around the program; `seconds` the
    reference's time; `difference` what differs from the reference's step.
    """
    runs: dict[Key, dict[Key, Tables]] = {}
    compared = frame[frame["metric"].isin([*_TIMES, *_TIMES.values(), *EXACT, PYTHON])]
    run_of, cell_of, variant_of = (attrgetter(*names) for names in (RUN, CELL, VARIANT))
    for row in compared.itertuples(index=False):
        tables = runs.setdefault(run_of(row), {}).setdefault(cell_of(row), {})
        tables.setdefault(row.metric, {}).setdefault(variant_of(row), []).append(row)
    rows: list[dict[str, Any]] = []
    for run, cells in runs.items():
        for metric in _TIMES:
            asked = _ASKED if metric == STEP else (metric,)
            # Of a device that programs are only compiled for there is nothing to judge.
            own = {
                key: Cell(tables, metric) for key, tables in cells.items() if {*asked} & {*tables}
            }
            same = dict(zip(RUN, run, strict=True)) | {"metric": metric}
            rows += (same | row for row in _judged(own, threshold, looks))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _judged(cells: dict[Key, "Cell"], threshold: float, looks: int) -> Iterator[dict[str, Any]]:
    """Judge every cell of a metric: all of them together answer one question."""
    timed, python = (_intervals(cells, kind) for kind in (Word.SLOWER, Word.PYTHON))
    # Bonferroni's number: distinct steps that a clock was needed for.
    asked = max(1, sum(map(len, timed.values()))) * max(1, looks)
    for key, cell in cells.items():
        for row in cell.rows(timed[key], python[key], threshold, asked):
            yield dict(zip(CELL, key, strict=True)) | row


def _intervals(cells: Mapping[Key, "Cell"], kind: Word) -> dict[Key, dict[Any, Interval]]:
    """Return the intervals of each cell; all cells together tell how much launches differ."""
    owned = [(key, block) for key, cell in cells.items() for block in cell.blocks(kind)]
    blocks = [block for _, block in owned]
    values = [{step: [value for value, _ in own] for step, own in b.items()} for b in blocks]
    errors = [[[error for _, error in own] for own in b.values()] for b in blocks]
    copies = {step for block in blocks for step in block if _copy(step)}
    made: dict[Key, dict[Any, Interval]] = {key: {} for key in cells}
    own = intervals.intervals(values, kind is not Word.PYTHON, errors, copies)
    for (key, _), each in zip(owned, own, strict=True):
        made[key] |= each
    return made


def reference(variant: Key) -> bool:
    """Return whether `variant` is what the others of its cell are compared with."""
    remedy, mask_dtype, kernel = variant
    if kernel:
        return bool(kernel == "where" and mask_dtype == "bool")
    return bool(remedy == REFERENCE and mask_dtype in ("bool", ""))


class Cell:
    """The variants of one cell of a metric, with what is known of them."""

    def __init__(self, tables: Tables, metric: str) -> None:
        self.tables, self.metric = tables, metric
        names = (metric, PYTHON, *EXACT) if metric == STEP else (metric,)
        variants = dict.fromkeys(variant for name in names for variant in tables.get(name, ()))
        sources = {row.source for name in names for row in self._rows(name)}
        self.gate = bool(sources - {"", "base"})
        if not self.gate and metric != STEP:  # the step that is itself is the same step
            variants = {v: None for v in variants if not reference(v)}
        self.kinds = {variant: self._kind(variant) for variant in variants}
        times = tables.get(_TIMES[metric], {})
        own = [row for variant in times if reference(variant) for row in times[variant]]
        # A cell of the gate has the other folder's variants as its references.
        own = own or [row for variant in times if variant[0] != PLACEBO for row in times[variant]]
        self.seconds = statistics.median(row.value for row in own) if own else 0.0

    def _rows(self, name: str) -> Iterable[Any]:
        return itertools.chain.from_iterable(self.tables.get(name, {}).values())

    def _exact(self, name: str, variant: Key) -> tuple[float, str]:
        """Return value and text of exact evidence; no number where there is none."""
        rows = self.tables.get(name, {}).get(variant, ())
        return (rows[-1].value, rows[-1].text) if rows else (math.nan, "")

    def _kind(self, variant: Key) -> Word:
        """Return how `variant` is compared: not at all, by its Python alone, or by a ratio."""
        itself = self.metric == STEP and not self.gate and reference(variant)
        group, _ = self._exact("step_group", variant)
        if (itself or group == 0) and variant[0] != PLACEBO:
            return Word.SAME_STEP
        program, _ = self._exact("program_differs", variant)
        # Without a fingerprint the Python was not the same twice in a row: that is no evidence.
        _, calls = self._exact("python_calls_differ", variant)
        timed_alone = variant in self.tables.get(PYTHON, ())
        timed_alone = timed_alone or variant not in self.tables.get(self.metric, ())
        return Word.PYTHON if program == 0 and calls and timed_alone else Word.SLOWER

    def _step(self, variant: Key) -> Any:
        """Return what tells the distinct step of `variant` apart from the cell's others."""
        group, _ = self._exact("step_group", variant)
        return variant if variant[0] == PLACEBO or math.isnan(group) else group

    def blocks(self, kind: Word) -> list[Block]:
        """Return the values of each distinct step of a kind; equal launches share an error."""
        blocks: dict[Key, Block] = {}
        steps = set()
        measured = self.tables.get(PYTHON if kind is Word.PYTHON else self.metric, {})
        for variant, rows in measured.items():
            launches = {row.launch: (row.value, row.error) for row in rows
                        if row.value > 0 or kind is Word.PYTHON}  # fmt: skip
            step = self._step(variant)
            timed = variant[0] == PLACEBO or self.kinds.get(variant) is kind
            if not launches or not timed or step in steps:
                continue  # what is the same step would count as noise that is none
            steps.add(step)
            # In the gate each variant has a reference of its own.
            block = blocks.setdefault((*sorted(launches), *([step] if self.gate else [])), {})
            block[step] = [launches[launch] for launch in sorted(launches)]
        return [*blocks.values()]

    def rows(
        self, timed: Any, python: Any, threshold: float, asked: int
    ) -> Iterator[dict[str, Any]]:
        """Yield the judgement of each variant; `timed` and `python` are the steps' intervals."""
        reasons = {name: [row.unreliable for row in self._rows(name) if row.unreliable]
                   for name in (self.metric, PYTHON)}  # fmt: skip
        for step, copy in timed.items():
            if _copy(step) and _word(copy, threshold, asked) in (Word.SLOWER, Word.FASTER):
                text = slower(copy.center, copy.low, copy.high)
                reasons[self.metric].append(f"a second copy of the reference read {text}")
        for variant, kind in self.kinds.items():
            alone = kind is Word.PYTHON
            own = (python if alone else timed).get(self._step(variant), _NOTHING)
            if kind is Word.SAME_STEP:
                own = Interval(1.0, 1.0, 1.0, 0, math.inf)
            unsound = reasons[PYTHON if alone else self.metric]
            word, reason = self._verdict(kind, own, unsound, threshold, asked)
            yield dict(zip(VARIANT, variant, strict=True)) | {
                "word": word.value, "ratio": own.center, "low": own.low, "high": own.high,
                "launches": own.launches, "reason": reason,
                "unit": "seconds" if alone else "ratio", "seconds": self.seconds,
                "difference": self._exact("step_group", variant)[1],
            }  # fmt: skip

    def _verdict(
        self, kind: Word, own: Interval, reasons: list[str], threshold: float, asked: int
    ) -> tuple[Word, str]:
        """Return the word of an interval, and the reason where it is none."""
        if kind is Word.SAME_STEP:
            return kind, ""
        if not own.launches:
            return Word.UNDECIDED, "it differs, and was not timed"
        if reasons:
            return Word.UNRELIABLE, reasons[0]
        if kind is not Word.PYTHON:
            return _word(own, threshold, asked), ""
        if own.low > 0 or not self.seconds:
            return kind, ""
        # What may be nothing and may be more than the margin is not known.
        low, high = (1 + end / self.seconds for end in (own.low, own.high))
        same = intervals.judge(max(low, 0.0), high, threshold) is Word.SAME
        return kind if same else Word.UNDECIDED, ""


def _copy(step: Any) -> bool:
    """Return whether a distinct step is the second copy of the reference."""
    return isinstance(step, tuple) and step[0] == PLACEBO


def _word(interval: Interval, threshold: float, asked: int) -> Word:
    wider = intervals.widening(asked, interval.degrees)
    return intervals.judge(interval.low, interval.high, threshold, wider)
