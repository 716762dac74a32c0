"""The comparisons of one cell: which need a clock, and the word that each earns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from remedies import REFERENCE
from remedies.intervals import (
    MOST_LAUNCHES,
    Interval,
    Word,
    intervals,
    more_launches,
    widening,
)
from remedies.intervals import judge as ratio_word
from reports import wording

PLACEBO = "placebo"
VARIANT = ("remedy", "mask_dtype", "kernel")
STEP = "step_ratio"
PYTHON = "python_extra_seconds"
EXACT = ("step_group", "program_differs", "python_calls_differ")

Key = tuple[Any, ...]


def reference(variant: Key) -> bool:
    """Return whether `variant` is what the others of its cell are compared with."""
    remedy, mask_dtype, kernel = variant
    if kernel:
        return bool(kernel == "where" and mask_dtype == "bool")
    return bool(remedy == REFERENCE and mask_dtype in ("bool", ""))


class Cell:
    """The variants of one cell, and the intervals of those that a clock was needed for."""

    def __init__(self, tables: Mapping[str, Any], times: Any, metric: str) -> None:
        self.metric = metric
        self.exact = {name: _first(tables.get(name)) for name in EXACT}
        self.python = _pivot(tables.get(PYTHON))
        self.ratios = _pivot(tables.get(metric))
        self.reference = _reference_seconds(times)
        self.reasons = {
            name: [reason for reason in dict.fromkeys(tables[name]["unreliable"]) if reason]
            for name in (metric, PYTHON)
            if name in tables
        }
        self.variants = list(dict.fromkeys(
            variant
            for table in tables.values()
            for variant in zip(*(table[name] for name in VARIANT), strict=True)
        ))  # fmt: skip
        self.gate = any(
            table["source"].iat[0] not in ("", "base") for table in tables.values() if len(table)
        )
        gate_has_none = self.gate or metric == STEP  # the step that is itself is the same step
        self.references = set() if gate_has_none else {v for v in self.variants if reference(v)}
        self.kinds = {variant: self._kind(variant) for variant in self.variants}
        self.timed = self._intervals(self.ratios, Word.SLOWER)
        self.python_timed = self._intervals(self.python, Word.PYTHON)

    def _kind(self, variant: Key) -> Word:
        """Return how `variant` is compared: not at all, by its Python alone, or by a ratio."""
        group = self.exact["step_group"].get(variant)
        itself = self.metric == STEP and not self.gate and reference(variant)
        if itself or (group is not None and group[0] == 0):
            return Word.SAME_STEP
        program = self.exact["program_differs"].get(variant)
        calls = self.exact["python_calls_differ"].get(variant)
        # Without a fingerprint the Python was not the same twice in a row: that is no evidence.
        only_python = program is not None and program[0] == 0 and calls and calls[1] != ""
        if only_python and (variant in self.python or variant not in self.ratios):
            return Word.PYTHON
        return Word.SLOWER

    def _step(self, variant: Key) -> Any:
        """Return what tells the distinct step of `variant` apart from the cell's others."""
        group = self.exact["step_group"].get(variant)
        return variant if group is None or variant[0] == PLACEBO else group[0]

    def _intervals(self, measured: Any, kind: Word) -> dict[Any, Interval]:
        """Return the interval of each distinct step; equal launches share an error."""
        ratios = kind is not Word.PYTHON
        steps: dict[Any, dict[int, float]] = {}
        for variant, launches in measured.items():
            if variant in self.references:
                continue  # it would count as noise that is none
            if variant[0] == PLACEBO or self.kinds[variant] is kind:
                steps.setdefault(self._step(variant), launches)
        blocks: dict[Key, dict[Any, list[float]]] = {}
        for step, launches in steps.items():
            # In the gate each variant has a reference of its own.
            block = blocks.setdefault((*sorted(launches), *([step] if self.gate else [])), {})
            block[step] = [launches[launch] for launch in sorted(launches)]
        made: dict[Any, Interval] = {}
        for block in blocks.values():
            made |= intervals([block], ratios)
        return made

    def rows(self, threshold: float, asked: int) -> Iterator[dict[str, Any]]:
        """Yield the judgement of each variant."""
        placebos = [variant for variant in self.variants if variant[0] == PLACEBO]
        moved = [_moved(self.timed.get(placebo), threshold, asked) for placebo in placebos]
        reasons = [*self.reasons.get(self.metric, []), *filter(None, moved)]
        for variant in self.variants:
            if variant in self.references:
                continue
            kind = self.kinds[variant]
            if kind is Word.SAME_STEP and variant[0] != PLACEBO:
                row = self._same_step()
            elif kind is Word.PYTHON:
                interval = self.python_timed.get(self._step(variant))
                row = self._python(interval, threshold, self.reasons.get(PYTHON, []))
            else:
                interval = self.timed.get(self._step(variant))
                row = self._ratio(interval, threshold, asked, reasons)
            group = self.exact["step_group"].get(variant)
            row["difference"] = group[1] if group else ""
            row["seconds"] = self.reference
            yield dict(zip(VARIANT, variant, strict=True)) | row

    def _same_step(self) -> dict[str, Any]:
        row = _row(Word.SAME_STEP, "same step, exactly", Interval(1.0, 1.0, 1.0, 0, math.inf))
        return row | {"exact": True}

    def _share(self, interval: Interval) -> Interval | None:
        """Return a difference in seconds as a ratio to the reference's time, if that is known."""
        if not self.reference:
            return None
        ends = (interval.center, interval.low, interval.high)
        center, low, high = (1 + end / self.reference for end in ends)
        return Interval(center, max(low, 0.0), high, interval.launches, interval.degrees)

    def _python(
        self, interval: Interval | None, threshold: float, reasons: list[str]
    ) -> dict[str, Any]:
        if interval is None:
            nothing = Interval(math.nan, math.nan, math.nan, 0, 0)
            text = "undecided (only the Python around the program differs; not timed)"
            return _row(Word.UNDECIDED, text, nothing, 1) | {"unit": "seconds"}
        if reasons:
            row = _row(Word.UNRELIABLE, f"unreliable ({reasons[0]})", interval)
            return row | {"unit": "seconds", "reason": reasons[0]}
        share = self._share(interval) if interval.low <= 0 else None
        # A cost that may be nothing and may be more than the margin is not known.
        if share and ratio_word(share.low, share.high, threshold) is not Word.SAME:
            more = max(1, more_launches(share, threshold))
            text = undecided(share, more, self.reference)
            return _row(Word.UNDECIDED, text, interval, more) | {"unit": "seconds"}
        text = wording.beyond(interval.center, interval.low, interval.high)
        if interval.low > 0 and self.reference:
            text += f", {wording.percent(interval.center / self.reference)} of the step"
        return _row(Word.PYTHON, text, interval) | {"unit": "seconds"}

    def _ratio(
        self, interval: Interval | None, threshold: float, asked: int, reasons: list[str]
    ) -> dict[str, Any]:
        if interval is None:
            nothing = Interval(math.nan, math.nan, math.nan, 0, 0)
            return _row(Word.UNDECIDED, "undecided (it differs; not timed)", nothing, 1)
        if reasons:
            row = _row(Word.UNRELIABLE, f"unreliable ({reasons[0]})", interval)
            return row | {"reason": reasons[0]}
        wider = widening(asked, interval.degrees)
        word = ratio_word(interval.low, interval.high, threshold, wider)
        if word is Word.UNDECIDED:
            more = more_launches(interval, threshold, asked)
            return _row(word, undecided(interval, more, self.reference), interval, more)
        if word is Word.SAME:
            return _row(word, f"same within {100 * threshold:g}\N{NO-BREAK SPACE}%", interval)
        return _row(word, wording.slower(interval.center, interval.low, interval.high), interval)


def undecided(interval: Interval, more: int, seconds: float) -> str:
    """Return that a ratio is undecided, what would settle it, and the cost not ruled out."""
    launches = "over 1,000" if more >= MOST_LAUNCHES else f"{more:,}"
    text = f"undecided ({launches} more launch{'' if more == 1 else 'es'}"
    if math.isfinite(interval.high):
        most = interval.high - 1
        cost = f"{wording.percent(most)}"
        if seconds and most > 0:
            cost = f"{wording.seconds(most * seconds)} or {cost}"
        text += f"; at most {cost} slower" if most > 0 else ""
    return f"{text})"


def _row(word: Word, text: str, interval: Interval, more: int = 0) -> dict[str, Any]:
    ends = {"ratio": interval.center, "low": interval.low, "high": interval.high}
    return {"word": word.value, "text": text, "exact": False, **ends, "unit": "ratio",
            "launches": interval.launches, "more_launches": more, "reason": ""}  # fmt: skip


def _moved(interval: Interval | None, threshold: float, asked: int) -> str:
    """Return what is wrong with a placebo, which is a second copy of the reference."""
    if interval is None:
        return ""
    wider = widening(asked, interval.degrees)
    if ratio_word(interval.low, interval.high, threshold, wider) not in (Word.SLOWER, Word.FASTER):
        return ""
    text = wording.slower(interval.center, interval.low, interval.high)
    return f"a second copy of the reference read {text}"


def _first(table: Any) -> dict[Key, tuple[float, str]]:
    """Return the value and text of each variant."""
    if table is None:
        return {}
    variants = zip(*(table[name] for name in VARIANT), strict=True)
    return dict(zip(variants, zip(table["value"], table["text"], strict=True), strict=True))


def _pivot(table: Any) -> dict[Key, dict[int, float]]:
    """Return the values of each variant by launch; what is no ratio is left out."""
    made: dict[Key, dict[int, float]] = {}
    if table is None:
        return made
    columns = (table[name] for name in (*VARIANT, "launch", "value", "metric"))
    for *variant, launch, value, metric in zip(*columns, strict=True):
        if value > 0 or metric == PYTHON:
            made.setdefault(tuple(variant), {})[launch] = value
    return made


def _reference_seconds(times: Any) -> float:
    """Return the median over launches of the reference's time, 0 where it is not known."""
    if times is None:
        return 0.0
    variants = zip(*(times[name] for name in VARIANT), strict=True)
    own = times[[reference(variant) for variant in variants]]
    # A cell of the gate has the other folder's variants as its references.
    own = own if len(own) else times[times["remedy"] != PLACEBO]
    return float(own["value"].median()) if len(own) else 0.0
