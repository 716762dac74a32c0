"""The word for each comparison, exact evidence first; and what several of them say together."""

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

import pandas as pd

from remedies import REFERENCE, intervals
from remedies.intervals import MARGIN, Interval, Word
from remedies.metrics import METRICS, Kind
from remedies.registry import PLACEBO
from reports import wording
from reports.frame import AXES

STEP, PYTHON = "step_ratio", "python_extra_seconds"
EXACT = ("step_group", "program_differs", "python_calls_differ")
# A ratio -> the time of which it is one.
_TIMES = {name: name.replace("_ratio", "_seconds")
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
    """Return a row, with `COLUMNS`, for each comparison of a variant with its cell's reference.

    A difference below `threshold` does not matter; the results are judged `looks` times before the
    launches stop. `ratio`, `low` and `high` are a ratio, or where `unit` is "seconds" a difference
    of the Python around the program; `seconds` is the reference's time.
    """
    runs: dict[Key, dict[Key, Tables]] = {}
    compared = frame[frame["metric"].isin([*_TIMES, *_TIMES.values(), *EXACT, PYTHON])]
    run_of, cell_of, variant_of = (attrgetter(*names) for names in (RUN, CELL, VARIANT))
    for row in compared.itertuples(index=False):
        tables = runs.setdefault(run_of(row), {}).setdefault(cell_of(row), {})
        tables.setdefault(row.metric, {}).setdefault(variant_of(row), []).append(row)
    rows = []
    for (run, every), metric in itertools.product(runs.items(), _TIMES):
        # Of a device that programs are only compiled for there is nothing to judge.
        asked = {STEP, PYTHON, "step_group"} if metric == STEP else {metric}
        cells = {key: Cell(tables, metric) for key, tables in every.items() if asked & {*tables}}
        for kind in (Word.SLOWER, Word.PYTHON):
            _compare(cells.values(), kind)
        # Bonferroni's number: distinct steps that a clock was needed for.
        steps = sum(len(cell.intervals[Word.SLOWER]) for cell in cells.values())
        for key, cell in cells.items():
            same = dict(zip((*RUN, *CELL), (*run, *key), strict=True)) | {"metric": metric}
            rows += [same | row for row in cell.rows(threshold, max(1, steps) * max(1, looks))]
    return pd.DataFrame(rows, columns=[*COLUMNS])


def _compare(cells: Iterable["Cell"], kind: Word) -> None:
    """Give the cells of a metric their intervals; together they tell how much launches differ."""
    owned = [(cell, block) for cell in cells for block in cell.blocks(kind)]
    blocks = [block for _, block in owned]
    values = [{step: [value for value, _ in own] for step, own in b.items()} for b in blocks]
    errors = [[[error for _, error in own] for own in b.values()] for b in blocks]
    copies = {step for block in blocks for step in block if _copy(step)}
    judged = intervals.intervals(values, kind is not Word.PYTHON, errors, copies)
    for (cell, _), own in zip(owned, judged, strict=True):
        cell.intervals[kind] |= own


class Cell:
    """The variants of one cell of a metric, with what is known of each distinct step."""

    def __init__(self, tables: Tables, metric: str) -> None:
        self.tables, self.metric = tables, metric
        self.intervals: dict[Word, dict[Any, Interval]] = defaultdict(dict)
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

    def rows(self, threshold: float, asked: int) -> Iterator[dict[str, Any]]:
        """Yield the judgement of each variant; `asked` intervals are read at once."""
        faults = {name: [row.unreliable for row in self._rows(name) if row.unreliable]
                  for name in (self.metric, PYTHON)}  # fmt: skip
        for step, own in self.intervals[Word.SLOWER].items():
            if _copy(step) and _word(own, threshold, asked) in (Word.SLOWER, Word.FASTER):
                text = wording.slower(own.center, own.low, own.high)
                faults[self.metric].append(f"a second copy of the reference read {text}")
        for variant, kind in self.kinds.items():
            alone = kind is Word.PYTHON
            own = self.intervals[kind].get(self._step(variant), _NOTHING)
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
    return isinstance(step, tuple) and step[0] == PLACEBO


def _word(interval: Interval, threshold: float, asked: int) -> Word:
    wider = intervals.widening(asked, interval.degrees)
    return intervals.judge(interval.low, interval.high, threshold, wider)


def summary(rows: Any) -> str:
    """Return in a cell of a table what all `rows` of comparisons say together, the worst first."""
    texts: list[str] = []
    said = rows["word"]
    if (said == "undecided").any():
        said = said.replace("same", "undecided")
    for word in (word for word in _SUMMARIES if (said == word).any()):
        own = rows[said == word]
        text = _SUMMARIES[word](own)
        if len(own) < len(rows):
            head, bracket, more = text.partition(" (")
            noun = wording.COSTS.get(str(own["metric"].iat[0]), "step")
            of = f" of {wording.counted(len(rows), noun)}" * (not texts)
            text = f"{head} in {len(own)}{of}{bracket}{more}"
        texts.append(text)
    return "; ".join(texts) or wording.NOTHING


def _python(own: Any) -> str:
    low, high = own["low"], own["high"].max()
    if low.min() <= 0 < low.max():  # shown in some
        return f"up to {wording.seconds(high)} more Python a step"
    return wording.python(own["ratio"].min(), own["ratio"].max(), low.min(), high)


def _ratio(own: Any) -> str:
    if len(own) == 1:
        return wording.slower(*own[["ratio", "low", "high"]].iloc[0])
    least, most = sorted((own["ratio"] - 1).abs().agg(["min", "max"]))
    word = "slower" if own["ratio"].iat[0] > 1 else "faster"
    return f"{wording.between(wording.percent(least), wording.percent(most))} {word}"


def shares(rows: Any, end: str) -> Any:
    """Return by how much more each time is than its baseline's, as a share of that."""
    step = rows["seconds"].where(rows["seconds"] > 0)
    return (rows[end] / step).where(rows["unit"] == "seconds", rows[end] - 1)


def _undecided(own: Any) -> str:
    most = shares(own, "high")
    most = most[(most > 0) & (most < 1e3)]
    if not len(most):
        faster = (own["high"] <= 1).all()
        return "no difference shown (slower is ruled out)" if faster else "not known (not timed)"
    over = f" over {100 * MARGIN:g}{wording.SPACE}%" if (own["word"] == "same").any() else ""
    time = (most * own["seconds"]).max()
    cost = wording.percent(most.max()) + (f", {wording.seconds(time)}," if time > 0 else "")
    return f"no difference{over} shown (up to {cost} not ruled out)"


_SUMMARIES: dict[str, Callable[[Any], str]] = {  # the worst first
    "slower": _ratio,
    "python": _python,
    "undecided": _undecided,
    "unreliable": lambda own: f"no result ({own['reason'].iat[0]})",
    "faster": _ratio,
    "same": lambda _: f"same within {100 * MARGIN:g}{wording.SPACE}%",
    "same step": lambda _: "same step, exactly",
}


def times(rows: Any) -> str:
    """Return the range of the baseline's times."""
    own = rows.loc[rows["seconds"] > 0, "seconds"]
    if not len(own):
        return wording.NOTHING
    return wording.between(wording.seconds(own.min()), wording.seconds(own.max()))


def cells(rows: Any) -> str:
    """Return which cells `rows` are from: ``image and inpaint; CPU; with XLA``."""
    workloads, devices, jits, sizes = (
        sorted({*rows[axis]} - {"", 0}) if axis in rows else []
        for axis in ("workload", "device", "jit", "size")
    )
    where = wording.listed(workloads)
    if "batch" in rows and (most := rows.groupby("workload")["batch"].nunique().max()) > 1:
        where += f", at {most} batch sizes"
    wide = f"images {wording.listed(map(str, sizes))} pixels wide too" if sizes else ""
    jit = wording.JITS.get(tuple(jits)) or wording.listed(jits)
    return "; ".join(filter(None, (where, wide, wording.listed(map(str.upper, devices)), jit)))
