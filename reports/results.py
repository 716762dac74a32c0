"""What was measured, judged, with the questions that every section asks of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

from remedies.intervals import MARGIN, Word
from remedies.metrics import DEFECTS, EVIDENCE
from reports.frame import Run, latest, order, read
from reports.judge import PLACEBO, judge
from reports.vocabulary import ORDER
from reports.wording import NOTHING, counted, listed, percent, seconds

SECOND = "second_generation_lost"
TOTALS = {
    "weights_lost": "weights_saved",
    "weights_changed": "weights_saved",
    "optimizer_variables_lost": "optimizer_variables_saved",
    "optimizer_variables_changed": "optimizer_variables_saved",
}


class Kept(str, Enum):
    """What a remedy keeps of a model through two saves and loads."""

    WHOLE = "everything"
    ONCE = "only once"
    LOST = "no"
    UNKNOWN = "not measured"


@dataclass(frozen=True)
class Results:
    """A run, the latest state of each machine, and its comparisons."""

    run: Run
    frame: Any
    judged: Any
    older: list[str]
    threshold: float
    everything: Any
    folder: str

    def metric(self, name: str) -> Any:
        """Return the rows of one metric."""
        return self.frame[self.frame["metric"] == name]

    def compared(self, metric: str, **where: str) -> Any:
        """Return the comparisons of one metric, those of the placebo apart."""
        rows = self.judged[(self.judged["metric"] == metric) & (self.judged["remedy"] != PLACEBO)]
        for axis, value in where.items():
            rows = rows[rows[axis] == value]
        return rows

    @cached_property
    def remedies(self) -> list[str]:
        """The remedies that anything is known of, in their order."""
        return order(set(self.frame["remedy"]) - {"", PLACEBO}, ORDER)

    @cached_property
    def trips(self) -> Any:
        """A row for each round trip, a column for each thing that was counted."""
        names = [*DEFECTS, *EVIDENCE]
        rows = self.frame[self.frame["metric"].isin(names) & (self.frame["workload"] != "")]
        axes = ["machine", "workload", "device", "jit", "remedy", "mask_dtype"]
        return rows.pivot_table(index=axes, columns="metric", values="value", aggfunc="max")

    def trips_of(self, remedy: str) -> Any:
        """Return the round trips of one remedy."""
        return self.trips[self.trips.index.get_level_values("remedy") == remedy]

    def kept(self, remedy: str) -> Kept:
        """Return the worst of what `remedy` keeps in all round trips."""
        trips = self.trips_of(remedy)
        first = trips.columns.intersection([name for name in DEFECTS if name != SECOND])
        if trips[first].isna().all(axis=None):
            return Kept.UNKNOWN
        if (trips[first] > 0).any(axis=None):
            return Kept.LOST
        return Kept.ONCE if SECOND in trips and (trips[SECOND] > 0).any() else Kept.WHOLE

    @cached_property
    def situations(self) -> Any:
        """The harm of each situation (rows) by remedy (columns), the worst of all machines."""
        rows = self.metric("situation_harm")
        return rows.pivot_table(index="situation", columns="remedy", values="value", aggfunc="max")

    def situation(self, name: str) -> str:
        """Return what is done in a situation, with its name."""
        rows = self.metric("situation_harm")
        texts = [text for text in rows.loc[rows["situation"] == name, "text"] if text]
        return f"{texts[-1]} ({name})" if texts else name

    def axis(self, name: str, metric: str = "") -> list[str]:
        """Return the values of an axis, of one metric or of all."""
        rows = self.metric(metric) if metric else self.frame
        return [str(value) for value in order(set(rows[name]) - {"", 0, PLACEBO}, ())]


def gather(folder: Path, threshold: float = MARGIN) -> Results:
    """Read and judge the session files of `folder`.

    Raises
    ------
    reports.frame.SessionsError
        Where there is nothing to report.
    """
    everything = read(folder)
    run, older = latest(everything)
    # The runner stops once all is decided: it may have looked after each launch but the first.
    looks = max(1, int(run.frame["launch"].max()))
    judged = judge(run.frame, threshold, looks)
    return Results(run, run.frame, judged, older, threshold, everything.frame, str(folder))


def losses(trips: Any) -> list[str]:
    """Return in words the most that was lost in any of `trips`, for each thing that was."""
    made = []
    for name, metric in DEFECTS.items():
        if name in trips and (most := trips[name].max()) > 0 and name != SECOND:
            total = TOTALS.get(name)
            whole = trips.loc[trips[name].idxmax(), total] if total in trips else 0
            if metric.unit == "share":
                made.append(f"{percent(most)} of the outputs changed")
            elif name == "next_step_changed":
                made.append("the next training step is another or raises")
            elif name == "silent_defects":
                made.append(f"{counted(most, 'kind', 'kinds')} of state lost with no warning")
            else:
                made.append(f"{most:,.0f}{f' of {whole:,.0f}' if whole else ''} {metric.label}")
    return made


def summary(rows: Any) -> str:
    """Return in one cell of a table what all `rows` of comparisons say together, the worst first.

    >>> import pandas as pd
    >>> summary(pd.DataFrame({"word": ["same step", "same step"], "text": [""] * 2}))
    'same step, exactly'
    """
    if not len(rows):
        return NOTHING
    texts = []
    for word in (Word.SLOWER, Word.PYTHON, Word.UNDECIDED, Word.UNRELIABLE, Word.FASTER, Word.SAME):
        own = rows[rows["word"] == word.value]
        if len(own):
            texts.append(_words(word, own))
            if len(own) < len(rows):
                texts[-1] += f" in {len(own)} of {len(rows)}"
    if (rows["word"] == Word.SAME_STEP.value).any():
        texts.append("same step, exactly" if not texts else "else same step, exactly")
    return "; ".join(texts)


def _words(word: Word, own: Any) -> str:
    if len(own) == 1 and word not in (Word.UNRELIABLE, Word.UNDECIDED):
        return str(own["text"].iat[0])
    if word is Word.SLOWER:
        least, most = (percent(own["ratio"].agg(f) - 1) for f in ("min", "max"))
        return f"{least.split(chr(160))[0]} to {most} slower" if least != most else f"{most} slower"
    if word is Word.FASTER:
        return f"{percent(1 - own['ratio'].max())} or more faster"
    if word is Word.PYTHON:
        if (own["low"] > 0).all():
            share = (own["ratio"] / own["seconds"].where(own["seconds"] > 0)).max()
            least, most = (seconds(own["ratio"].agg(f)) for f in ("min", "max"))
            text = f"+{least} to {most} a step" if least != most else f"+{most} a step"
            return f"{text} (at most {percent(share)})" if share > 0 else text
        return f"not measurable here: at most {seconds(own['high'].max())} a step"
    if word is Word.UNDECIDED:
        ends = [
            (row.high, row.high / row.seconds if row.seconds else math.nan)
            if row.unit == "seconds"
            else ((row.high - 1) * row.seconds, row.high - 1)
            for row in own.itertuples(index=False)
        ]
        amount, share = (
            max((e for e in end if 0 < e < 1e3), default=0.0) for end in zip(*ends, strict=True)
        )
        added = f" ({seconds(amount)})" if amount else ""
        return f"undecided: at most {percent(share)}{added} slower" if share else "undecided"
    return "unreliable" if word is Word.UNRELIABLE else str(own["text"].iat[0])


def cells(rows: Any) -> str:
    """Return which cells `rows` are from: ``image and inpaint; cpu; xla``."""
    axes = [axis for axis in ("workload", "device", "jit") if axis in rows]
    values: Sequence[list[str]] = [order(set(rows[axis]) - {""}, ()) for axis in axes]
    return "; ".join(listed(names) for names in values if names)
