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
from remedies.words import MARGIN, MOST_LAUNCHES, Word
from reports import wording
from reports.frame import AXES

VARIANT = ("remedy", "mask_dtype", "kernel")
STEP = "step_ratio"
PYTHON = "python_extra_seconds"
EXACT = ("step_group", "program_differs", "python_calls_differ")
_ENDS = {"ratio": "center", "low": "low", "high": "high"}
_NOTHING = Interval(math.nan, math.nan, math.nan, 0, 0)

Key = tuple[Any, ...]
Block = dict[Any, list[tuple[float, float]]]  # distinct step -> value and error of each launch

RUN = ("machine", "commit")
CELL = tuple(axis for axis in AXES if axis not in VARIANT)
COLUMNS = (*RUN, "metric", *AXES, "word", "text", "exact", "ratio", "low", "high", "launches",
           "samples", "more_launches", "reason", "unit", "seconds", "difference")  # fmt: skip

# A ratio -> the time of which it is one.
_TIMES = {name: name.removesuffix("_ratio") + "_seconds"
          for name, metric in METRICS.items() if metric.kind is Kind.RATIO}  # fmt: skip


def judge(frame: Any, threshold: float = MARGIN, looks: int = 1) -> Any:
    """Return a row for each comparison of a variant with the reference of its cell.

    `frame` is as `reports.load` returns it; a difference below `threshold` does not matter; the
    results are judged `looks` times before the launches stop. The rows hold `COLUMNS`: `word` is a
    `Word`'s value and `text` the same for a reader; `exact` where no clock was needed; `ratio`,
    `low` and `high` a ratio, or where `unit` is "seconds" a difference of the Python around the
    program; `samples` how many all launches have; `seconds` the reference's time; `difference`
    what differs from the reference's step.
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
        cell.timed, cell.python_timed = timed[key], python[key]
        for row in cell.rows(threshold, asked):
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
        self.reference = _reference_seconds(times)
        self.reasons = {
            name: [reason for reason in dict.fromkeys(table["unreliable"]) if reason]
            for name, table in tables.items()
        }
        self.variants = dict.fromkeys(
            variant for table in tables.values() for variant in _variants(table)
        )
        self.gate = any(table["source"].iat[0] not in ("", "base") for table in tables.values())
        if not self.gate and metric != STEP:  # the step that is itself is the same step
            self.variants = {v: None for v in self.variants if not reference(v)}
        python, ratios = _pivot(tables.get(PYTHON)), _pivot(tables.get(metric))
        self.kinds = {v: self._kind(v, v in python or v not in ratios) for v in self.variants}
        self.ratio_blocks = self._blocks(ratios, Word.SLOWER)
        self.python_blocks = self._blocks(python, Word.PYTHON)
        self.samples = {
            name: table.groupby([*VARIANT])["rounds"].sum()
            for name, table in tables.items()
            if name in (metric, PYTHON)
        }
        self.timed: dict[Any, Interval] = {}
        self.python_timed: dict[Any, Interval] = {}

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

    def rows(self, threshold: float, asked: int) -> Iterator[dict[str, Any]]:
        """Yield the judgement of each variant."""
        reasons = list(self.reasons.get(self.metric, []))
        for step, interval in self.timed.items():
            if _copy(step) and _word(interval, threshold, asked) in (Word.SLOWER, Word.FASTER):
                text = wording.slower(interval.center, interval.low, interval.high)
                reasons.append(f"a second copy of the reference read {text}")
        for variant, kind in self.kinds.items():
            step = self._step(variant)
            python = kind is Word.PYTHON
            own = (self.python_timed if python else self.timed).get(step, _NOTHING)
            unsound = self.reasons.get(PYTHON) if python else reasons
            if kind is Word.SAME_STEP:
                same = Interval(1.0, 1.0, 1.0, 0, math.inf)
                row = _row(kind, "same step, exactly", same) | {"exact": True}
            elif not own.launches:
                row = _row(Word.UNDECIDED, "undecided (it differs; not timed)", own, 1)
            elif unsound:
                row = _row(Word.UNRELIABLE, f"unreliable ({unsound[0]})", own, 0, unsound[0])
            else:
                row = self._python(own, threshold) if python else self._ratio(own, threshold, asked)
            row |= {"unit": "seconds" if python else "ratio"}
            group = self.exact["step_group"].get(variant, (0, ""))
            counts = self.samples.get(PYTHON if python else self.metric, {})
            samples = 0 if kind is Word.SAME_STEP else counts.get(variant, 0)
            row |= {"difference": group[1], "seconds": self.reference, "samples": samples}
            yield dict(zip(VARIANT, variant, strict=True)) | row

    def _python(self, interval: Interval, threshold: float) -> dict[str, Any]:
        ends = (interval.center, interval.low, interval.high)
        text = wording.beyond(*ends)
        if interval.low > 0:
            share = wording.percent(interval.center / self.reference) if self.reference else ""
            text += ", Python alone" + (f" ({share} of the step)" if share else "")
        elif self.reference:
            # A cost that may be nothing and may be more than the margin is not known.
            center, low, high = (1 + end / self.reference for end in ends)
            as_ratio = replace(interval, center=center, low=max(low, 0.0), high=high)
            if _word(as_ratio, threshold) is not Word.SAME:
                return self._undecided(as_ratio, threshold, 1) | dict(zip(_ENDS, ends, strict=True))
        return _row(Word.PYTHON, text, interval)

    def _ratio(self, interval: Interval, threshold: float, asked: int) -> dict[str, Any]:
        word = _word(interval, threshold, asked)
        if word is Word.UNDECIDED:
            return self._undecided(interval, threshold, asked)
        text = wording.slower(interval.center, interval.low, interval.high)
        if word is Word.SAME:
            text = f"same within {100 * threshold:g}\N{NO-BREAK SPACE}%"
        return _row(word, text, interval)

    def _undecided(self, interval: Interval, threshold: float, asked: int) -> dict[str, Any]:
        """Say that a ratio is undecided, what would settle it, and the cost not ruled out."""
        more = max(1, words.more_launches(interval, threshold, asked))
        many = "over 1,000" if more >= MOST_LAUNCHES else f"{more:,}"
        text = f"undecided ({many} more launch{'' if more == 1 else 'es'}"
        if 0 < (most := interval.high - 1) < math.inf:
            time = f"{wording.seconds(most * self.reference)} or " if self.reference else ""
            text += f"; at most {time}{wording.percent(most)} slower"
        return _row(Word.UNDECIDED, f"{text})", interval, more)


def _copy(step: Any) -> bool:
    """Return whether a distinct step is the second copy of the reference."""
    return isinstance(step, tuple) and step[0] == PLACEBO


def _word(interval: Interval, threshold: float, asked: int = 1) -> Word:
    wider = words.widening(asked, interval.degrees)
    return words.judge(interval.low, interval.high, threshold, wider)


def _row(
    word: Word, text: str, interval: Interval, more: int = 0, reason: str = ""
) -> dict[str, Any]:
    ends = {name: getattr(interval, place) for name, place in _ENDS.items()}
    return {"word": word.value, "text": text, "exact": False, **ends,
            "launches": interval.launches, "more_launches": more, "reason": reason}  # fmt: skip


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
