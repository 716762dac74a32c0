"""The word for each comparison: exact evidence first, a clock only for what really differs."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from remedies import REFERENCE, intervals, words
from remedies.intervals import Interval
from remedies.metrics import METRICS, Kind
from remedies.registry import PLACEBO
from remedies.words import MARGIN, Word
from reports.frame import AXES
from reports.wording import slower

VARIANT = ("remedy", "mask_dtype", "kernel")
STEP = "step_ratio"
PYTHON = "python_extra_seconds"
EXACT = ("step_group", "program_differs", "python_calls_differ")
_NOTHING = Interval(math.nan, math.nan, math.nan, 0, 0)

Key = tuple[Any, ...]
Block = dict[Any, list[tuple[float, float]]]  # distinct step -> value and error of each launch

RUN = ("machine", "commit")
CELL = tuple(axis for axis in AXES if axis not in VARIANT)
COLUMNS = (*RUN, "metric", *AXES, "word", "ratio", "low", "high", "launches", "more_launches",
           "reason", "unit", "seconds", "difference")  # fmt: skip

# A ratio -> the time of which it is one.
_TIMES = {name: name.removesuffix("_ratio") + "_seconds"
          for name, metric in METRICS.items() if metric.kind is Kind.RATIO}  # fmt: skip


def judge(frame: Any, threshold: float = MARGIN, looks: int = 1) -> Any:
    """Return a row for each comparison of a variant with the reference of its cell.

    `frame` is as `reports.load` returns it; a difference below `threshold` does not matter; the
    results are judged `looks` times before the launches stop. The rows hold `COLUMNS`: `word` is a
    `Word`'s value, with a `reason` where it is undecided or unreliable; `ratio`, `low` and `high` a
    ratio, or where `unit` is "seconds" a difference of the Python around the program; `seconds` the
    reference's time; `difference` what differs from the reference's step.
    """
    rows: list[dict[str, Any]] = []
    compared = frame[frame["metric"].isin([*_TIMES, *_TIMES.values(), *EXACT, PYTHON])]
    for run, own in compared.groupby([*RUN], sort=False):
        tables = {
            name: dict(iter(table.groupby([*CELL], sort=False)))
            for name, table in own.groupby("metric", sort=False)
        }
        for metric in _TIMES:
            rows += _metric(dict(zip(RUN, run, strict=True)), metric, tables, threshold, looks)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _metric(
    run: dict[str, Any], metric: str, tables: dict[Any, Any], threshold: float, looks: int
) -> Iterator[dict[str, Any]]:
    """Judge every cell of `metric`: all of them together answer one question."""
    names = (metric, PYTHON, *EXACT) if metric == STEP else (metric,)
    evidence = {name: tables[name] for name in names if name in tables}
    cells: dict[Key, Cell] = {}
    # Of a device that programs are only compiled for there is nothing to judge.
    for key in [key for name in names[:3] for key in evidence.get(name, ())]:
        own = {name: table[key] for name, table in evidence.items() if key in table}
        cells[key] = cells.get(key) or Cell(own, tables.get(_TIMES[metric], {}).get(key), metric)
    timed = _intervals({key: cell.ratio_blocks for key, cell in cells.items()}, ratios=True)
    python = _intervals({key: cell.python_blocks for key, cell in cells.items()}, ratios=False)
    # Bonferroni's number: distinct steps that a clock was needed for.
    asked = max(1, sum(map(len, timed.values()))) * max(1, looks)
    for key, cell in cells.items():
        for row in cell.rows(timed[key], python[key], threshold, asked):
            yield run | dict(zip(CELL, key, strict=True)) | {"metric": metric} | row


def _intervals(cells: Mapping[Key, list[Block]], ratios: bool) -> dict[Key, dict[Any, Interval]]:
    """Return the intervals of each cell; all cells together tell how much launches differ."""
    owners = [key for key, blocks in cells.items() for _ in blocks]
    blocks = [block for own in cells.values() for block in own]
    made: dict[Key, dict[Any, Interval]] = {key: {} for key in cells}
    values = [{step: [value for value, _ in own] for step, own in b.items()} for b in blocks]
    errors = [intervals.common([[error for _, error in own] for own in b.values()]) for b in blocks]
    copies = {step for block in blocks for step in block if _copy(step)}
    made_of = intervals.intervals(values, ratios, errors, copies)
    for key, own in zip(owners, made_of, strict=True):
        made[key] |= own
    return made


def reference(variant: Key) -> bool:
    """Return whether `variant` is what the others of its cell are compared with."""
    remedy, mask_dtype, kernel = variant
    if kernel:
        return bool(kernel == "where" and mask_dtype == "bool")
    return bool(remedy == REFERENCE and mask_dtype in ("bool", ""))


class Cell:
    """The variants of one cell, and the values of those that a clock was needed for.

    `tables` are its rows by metric, `times` those of the times that `metric` is a ratio of.
    """

    def __init__(self, tables: Mapping[str, Any], times: Any, metric: str) -> None:
        self.metric = metric
        self.exact = {name: _first(tables.get(name)) for name in EXACT}
        self.seconds = _reference_seconds(times)
        self.reasons = {
            name: [reason for reason in dict.fromkeys(table["unreliable"]) if reason]
            for name, table in tables.items()
        }
        variants = dict.fromkeys(v for table in tables.values() for v in _variants(table))
        self.gate = any(table["source"].iat[0] not in ("", "base") for table in tables.values())
        if not self.gate and metric != STEP:  # the step that is itself is the same step
            variants = {v: None for v in variants if not reference(v)}
        python, ratios = _pivot(tables.get(PYTHON)), _pivot(tables.get(metric))
        self.kinds = {v: self._kind(v, v in python or v not in ratios) for v in variants}
        self.ratio_blocks = self._blocks(ratios, Word.SLOWER)
        self.python_blocks = self._blocks(python, Word.PYTHON)

    def _kind(self, variant: Key, timed_alone: bool) -> Word:
        """Return how `variant` is compared: not at all, by its Python alone, or by a ratio."""
        group = self.exact["step_group"].get(variant)
        itself = self.metric == STEP and not self.gate and reference(variant)
        if (itself or (group and group[0] == 0)) and variant[0] != PLACEBO:
            return Word.SAME_STEP
        program = self.exact["program_differs"].get(variant)
        calls = self.exact["python_calls_differ"].get(variant)
        # Without a fingerprint the Python was not the same twice in a row: that is no evidence.
        only_python = program and program[0] == 0 and calls and calls[1] != ""
        return Word.PYTHON if only_python and timed_alone else Word.SLOWER

    def _step(self, variant: Key) -> Any:
        """Return what tells the distinct step of `variant` apart from the cell's others."""
        group = self.exact["step_group"].get(variant)
        return group[0] if group and variant[0] != PLACEBO else variant

    def _blocks(self, measured: Any, kind: Word) -> list[Block]:
        """Return the values of each distinct step; equal launches share an error."""
        blocks: dict[Key, Block] = {}
        steps = set()
        for variant, launches in measured.items():
            step = self._step(variant)
            if step in steps or not (variant[0] == PLACEBO or self.kinds.get(variant) is kind):
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
        unsound = list(self.reasons.get(self.metric, []))
        for step, copy in timed.items():
            if _copy(step) and _word(copy, threshold, asked) in (Word.SLOWER, Word.FASTER):
                text = slower(copy.center, copy.low, copy.high)
                unsound.append(f"a second copy of the reference read {text}")
        for variant, kind in self.kinds.items():
            alone = kind is Word.PYTHON
            own = (python if alone else timed).get(self._step(variant), _NOTHING)
            reasons = self.reasons.get(PYTHON, []) if alone else unsound
            if kind is Word.SAME_STEP:
                own, reasons = Interval(1.0, 1.0, 1.0, 0, math.inf), []
            word, more, reason = self._verdict(kind, own, reasons, threshold, asked)
            difference = self.exact["step_group"].get(variant, (0, ""))[1]
            yield dict(zip(VARIANT, variant, strict=True)) | {
                "word": word.value, "ratio": own.center, "low": own.low, "high": own.high,
                "launches": own.launches, "more_launches": more, "reason": reason,
                "unit": "seconds" if alone else "ratio", "seconds": self.seconds,
                "difference": difference,
            }  # fmt: skip

    def _verdict(
        self, kind: Word, own: Interval, reasons: list[str], threshold: float, asked: int
    ) -> tuple[Word, int, str]:
        """Return the word of an interval, how many more launches would settle it, and a reason."""
        if kind is Word.SAME_STEP:
            return kind, 0, ""
        if not own.launches:
            return Word.UNDECIDED, 1, "it differs, and was not timed"
        if reasons:
            return Word.UNRELIABLE, 0, reasons[0]
        if kind is Word.PYTHON:
            if own.low > 0 or not self.seconds:
                return kind, 0, ""
            asked = 1
            center, low, high = (1 + end / self.seconds for end in (own.center, own.low, own.high))
            own = replace(own, center=center, low=max(low, 0.0), high=high)
        word = _word(own, threshold, asked)
        if kind is Word.PYTHON:  # what may be nothing and may be more than the margin is not known
            word = kind if word is Word.SAME else Word.UNDECIDED
        if word is not Word.UNDECIDED:
            return word, 0, ""
        return word, max(1, words.more_launches(own, threshold, asked)), ""


def _copy(step: Any) -> bool:
    """Return whether a distinct step is the second copy of the reference."""
    return isinstance(step, tuple) and step[0] == PLACEBO


def _word(interval: Interval, threshold: float, asked: int = 1) -> Word:
    wider = words.widening(asked, interval.degrees)
    return words.judge(interval.low, interval.high, threshold, wider)


def _variants(table: Any) -> Iterator[Key]:
    return zip(*(table[name] for name in VARIANT), strict=True)


def _first(table: Any) -> dict[Key, tuple[float, str]]:
    """Return the value and text of each variant."""
    rows = () if table is None else zip(table["value"], table["text"], strict=True)
    return dict(zip(() if table is None else _variants(table), rows, strict=True))


def _pivot(table: Any) -> dict[Key, dict[int, tuple[float, float]]]:
    """Return value and error of each variant by launch; what is no ratio is left out."""
    made: dict[Key, dict[int, tuple[float, float]]] = {}
    if table is not None:
        columns = (table[name] for name in ("launch", "value", "error", "metric"))
        for variant, launch, value, error, metric in zip(_variants(table), *columns, strict=True):
            if value > 0 or metric == PYTHON:
                made.setdefault(variant, {})[launch] = value, error
    return made


def _reference_seconds(times: Any) -> float:
    """Return the median over launches of the reference's time, 0 where it is not known."""
    if times is None:
        return 0.0
    own = times[[reference(variant) for variant in _variants(times)]]
    # A cell of the gate has the other folder's variants as its references.
    own = own if len(own) else times[times["remedy"] != PLACEBO]
    return float(own["value"].median()) if len(own) else 0.0
