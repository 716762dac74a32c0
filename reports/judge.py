"""The word for each comparison: exact evidence first, a clock only for what really differs."""

import itertools
import math
import statistics
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

import pandas as pd

from remedies import REFERENCE, intervals
from remedies.intervals import MARGIN, Interval, Word
from remedies.metrics import METRICS, Kind
from remedies.registry import PLACEBO
from reports.frame import AXES
from reports.wording import slower

STEP, PYTHON = "step_ratio", "python_extra_seconds"
EXACT = ("step_group", "program_differs", "python_calls_differ")
# A ratio -> the time of which it is one.
_TIMES = {name: name.removesuffix("_ratio") + "_seconds"
          for name, metric in METRICS.items() if metric.kind is Kind.RATIO}  # fmt: skip

RUN = ("machine", "commit")
VARIANT = ("remedy", "mask_dtype", "kernel")
CELL = tuple(axis for axis in AXES if axis not in VARIANT)
COLUMNS = (*RUN, "metric", *AXES, "word", "ratio", "low", "high", "launches", "reason",
           "unit", "seconds", "difference")  # fmt: skip
_REFERENCES = {(REFERENCE, "bool", ""), (REFERENCE, "", ""), ("", "bool", "where")}
_EXACTLY = Interval(1.0, 1.0, 1.0, 0, math.inf)
_NOTHING = Interval(math.nan, math.nan, math.nan, 0, 0)

Key = tuple[Any, ...]
Block = dict[Any, list[tuple[float, float]]]  # distinct step -> value and error of each launch
Tables = dict[str, dict[Key, list[Any]]]  # metric -> variant -> its rows


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
    for (run, cells), metric in itertools.product(runs.items(), _TIMES):
        # Of a device that programs are only compiled for there is nothing to judge.
        asked = {STEP, PYTHON, "step_group"} if metric == STEP else {metric}
        own = {key: Cell(tables, metric) for key, tables in cells.items() if asked & {*tables}}
        same = dict(zip(RUN, run, strict=True)) | {"metric": metric}
        rows += (same | row for row in _judged(own, threshold, looks))
    return pd.DataFrame(rows, columns=[*COLUMNS])


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
    judged = intervals.intervals(values, kind is not Word.PYTHON, errors, copies)
    for (key, _), own in zip(owned, judged, strict=True):
        made[key] |= own
    return made


class Cell:
    """The variants of one cell of a metric, with what is known of them."""

    def __init__(self, tables: Tables, metric: str) -> None:
        self.tables, self.metric = tables, metric
        names = (metric, PYTHON, *EXACT) if metric == STEP else (metric,)
        variants = dict.fromkeys(variant for name in names for variant in tables.get(name, ()))
        sources = {row.source for name in names for row in self._rows(name)}
        self.gate = bool(sources - {"", "base"})
        # The step that is itself is the same step; in the gate each has a reference of its own.
        listed = self.gate or metric == STEP
        self.kinds = {v: self._kind(v) for v in variants if listed or v not in _REFERENCES}
        times = tables.get(_TIMES[metric], {})
        references = {*times} & _REFERENCES or {v for v in times if v[0] != PLACEBO}
        own = [row.value for variant in references for row in times[variant]]
        self.seconds = statistics.median(own) if own else 0.0

    def _rows(self, name: str) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.tables.get(name, {}).values())

    def _exact(self, name: str, variant: Key) -> tuple[float, str]:
        """Return value and text of exact evidence; no number where there is none."""
        rows = self.tables.get(name, {}).get(variant, ())
        return (rows[-1].value, rows[-1].text) if rows else (math.nan, "")

    def _kind(self, variant: Key) -> Word:
        """Return how `variant` is compared: not at all, by its Python alone, or by a ratio."""
        itself = self.metric == STEP and not self.gate and variant in _REFERENCES
        if itself or (self._exact("step_group", variant)[0] == 0 and variant[0] != PLACEBO):
            return Word.SAME_STEP
        same_program = self._exact("program_differs", variant)[0] == 0
        # Without a fingerprint the Python was not the same twice in a row: that is no evidence.
        fingerprint = self._exact("python_calls_differ", variant)[1]
        alone = variant in self.tables.get(PYTHON, ())
        alone = alone or variant not in self.tables.get(self.metric, ())
        return Word.PYTHON if same_program and fingerprint and alone else Word.SLOWER

    def _step(self, variant: Key) -> Any:
        """Return what tells the distinct step of `variant` apart from the cell's others."""
        group, _ = self._exact("step_group", variant)
        return variant if variant[0] == PLACEBO or math.isnan(group) else group

    def blocks(self, kind: Word) -> list[Block]:
        """Return the values of each distinct step of a kind; equal launches share an error."""
        python = kind is Word.PYTHON
        blocks: dict[Key, Block] = {}
        steps = set()
        for variant, rows in self.tables.get(PYTHON if python else self.metric, {}).items():
            launches = {row.launch: (row.value, row.error)
                        for row in sorted(rows, key=attrgetter("launch"))
                        if row.value > 0 or python}  # fmt: skip
            step = self._step(variant)
            timed = variant[0] == PLACEBO or self.kinds.get(variant) is kind
            # What is the same step would count as noise that is none.
            if launches and timed and step not in steps:
                steps.add(step)
                block = blocks.setdefault((*launches, *([step] if self.gate else [])), {})
                block[step] = [*launches.values()]
        return [*blocks.values()]

    def rows(
        self, timed: Any, python: Any, threshold: float, asked: int
    ) -> Iterator[dict[str, Any]]:
        """Yield the judgement of each variant; `timed` and `python` are the steps' intervals."""
        faults = {name: [row.unreliable for row in self._rows(name) if row.unreliable]
                  for name in (self.metric, PYTHON)}  # fmt: skip
        for copy in (own for step, own in timed.items() if _copy(step)):
            if _word(copy, threshold, asked) in (Word.SLOWER, Word.FASTER):
                text = slower(copy.center, copy.low, copy.high)
                faults[self.metric].append(f"a second copy of the reference read {text}")
        for variant, kind in self.kinds.items():
            alone = kind is Word.PYTHON
            own = (python if alone else timed).get(self._step(variant), _NOTHING)
            word, reason = kind, ""
            if kind is Word.SAME_STEP:
                own = _EXACTLY
            elif not own.launches:
                word, reason = Word.UNDECIDED, "it differs, and was not timed"
            elif unsound := faults[PYTHON if alone else self.metric]:
                word, reason = Word.UNRELIABLE, unsound[0]
            elif not alone:
                word = _word(own, threshold, asked)
            elif own.low <= 0 < self.seconds:
                # What may be nothing and may be more than the margin is not known.
                low, high = (1 + end / self.seconds for end in (own.low, own.high))
                small = intervals.judge(max(low, 0.0), high, threshold) is Word.SAME
                word = kind if small else Word.UNDECIDED
            yield dict(zip(VARIANT, variant, strict=True)) | {
                "word": word.value, "ratio": own.center, "low": own.low, "high": own.high,
                "launches": own.launches, "reason": reason,
                "unit": "seconds" if alone else "ratio", "seconds": self.seconds,
                "difference": self._exact("step_group", variant)[1],
            }  # fmt: skip


def _copy(step: Any) -> bool:
    """Return whether a distinct step is the second copy of the reference."""
    return isinstance(step, tuple) and step[0] == PLACEBO


def _word(interval: Interval, threshold: float, asked: int) -> Word:
    wider = intervals.widening(asked, interval.degrees)
    return intervals.judge(interval.low, interval.high, threshold, wider)
