"""What was measured, judged, with what every section asks of it; and what sections are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from remedies import REMEDIES
from remedies.intervals import MARGIN, Word
from remedies.metrics import DEFECTS, EVIDENCE, METRICS
from remedies.registry import PLACEBO
from remedies.scenarios import CORE
from reports.frame import Run, latest, read
from reports.judge import judge
from reports.wording import counted, listed, percent, span

CONTROL = "control"
SECOND = "second_generation_lost"
EVERYTHING, UNKNOWN = "everything", "not measured"


class Part(NamedTuple):
    """Something to show."""

    kind: str  # note, table, heat (a table with cells of one word), code or figure
    title: str
    rows: Any  # a note's items, the rows of a table, a text, or what `draw` fills a figure from
    folded: bool = False
    below: str = ""  # under a table, and for a figure that is not seen
    name: str = ""  # of a figure's files
    draw: Any = None  # Callable[[Any, Any, Any], None]

    @property
    def columns(self) -> list[str]:
        return [*dict.fromkeys(name for row in self.rows for name in row)]

    @property
    def brief(self) -> bool:
        """Whether it may stand beside another that is brief."""
        return self.kind in ("note", "code") and not self.folded


class Section(NamedTuple):
    """A section, with its answer in a sentence."""

    name: str
    title: str
    answer: str
    parts: Sequence[Part] = ()
    detail: str = ""


@dataclass(frozen=True)
class Results:
    """A run, the latest state of each machine, and its comparisons."""

    run: Run
    judged: Any

    def metric(self, name: str, **where: str) -> Any:
        return _where(self.run.frame, metric=name, **where)

    def compared(self, metric: str, **where: str) -> Any:
        """Return the comparisons of one metric, those of the placebo apart."""
        return _where(self.judged[self.judged["remedy"] != PLACEBO], metric=metric, **where)

    @cached_property
    def remedies(self) -> list[str]:
        """The remedies that anything is known of, in their order."""
        return _order({*self.run.frame["remedy"]} - {"", PLACEBO}, tuple(REMEDIES))

    @cached_property
    def trips(self) -> Any:
        """A row for each round trip, a column for each thing that was counted."""
        rows = self.run.frame[self.run.frame["metric"].isin([*DEFECTS, *EVIDENCE])]
        rows = rows[rows["workload"] != ""]
        axes = ["machine", "workload", "device", "jit", "remedy", "mask_dtype"]
        return rows.pivot_table(index=axes, columns="metric", values="value", aggfunc="max")

    def trips_of(self, remedy: str) -> Any:
        return self.trips[self.trips.index.get_level_values("remedy") == remedy]

    def keeps(self, remedy: str) -> str:
        trips = self.trips_of(remedy)
        if trips[trips.columns.intersection(list(DEFECTS))].isna().all(axis=None):
            return UNKNOWN
        if lost := losses(trips):
            return f"no: {', '.join(lost[:2])}"
        if SECOND in trips and (most := trips[SECOND].max()) > 0:
            return f"only once: the second save and load loses {counted(most, 'variable')}"
        return EVERYTHING

    def lines(self, remedy: str) -> str:
        """Return how many lines `remedy` changes in a test model: ``1 to 2``."""
        own = self.metric("recipe_lines", remedy=remedy)["value"]
        return span(own) if len(own) else ""

    @cached_property
    def situations(self) -> Any:
        """The harm of each situation (rows) by remedy (columns); what only shows a cause is not."""
        rows = self.metric("situation_harm")
        harms = rows.pivot_table(index="situation", columns="remedy", values="value", aggfunc="max")
        harms = harms[[name for name in self.remedies if name in harms]]
        tried = harms[harms.drop(columns=CONTROL, errors="ignore").notna().any(axis=1)]
        return tried.loc[_order(tried.index, CORE), :]

    def harms(self, remedy: str) -> Any:
        return self.situations.get(remedy, pd.Series(dtype=float)).dropna()

    @cached_property
    def survived(self) -> Any:
        """In how many situations each remedy keeps the model."""
        return (self.situations == 0).sum().reindex(self.remedies, fill_value=0)

    @cached_property
    def timed(self) -> list[str]:
        """The devices that steps were timed on."""
        return sorted({*self.metric("step_seconds")["device"]})

    @cached_property
    def compiled(self) -> list[str]:
        """The devices that steps were compiled for, and not run on."""
        return sorted({*self.metric("program_differs")["device"]} - {*self.timed})

    @property
    def gpus(self) -> list[str]:
        return [name for name in self.timed if name != "cpu"]

    @property
    def gpu(self) -> str:
        """What is known of GPUs, in a sentence."""
        if self.gpus:
            return f"Steps were timed on {listed(map(str.upper, self.gpus))}."
        names = listed(map(str.upper, self.compiled))
        only = f"; for {names} steps were only compiled" if names else ", and none was compiled for"
        return f"No GPU was run{only}."


def _where(rows: Any, **where: str) -> Any:
    for axis, value in where.items():
        rows = rows[rows[axis] == value]
    return rows


def _order(names: Iterable[str], first: tuple[str, ...]) -> list[str]:
    """Return `names`: those that are in `first` in its order, then the others by name."""
    return sorted(names, key=lambda name: ([*first, name].index(name), name))


def gather(folder: Path) -> Results:
    """Read and judge the session files of `folder`; `SessionsError` where there are none."""
    run = latest(read(folder))
    # The runner stops once all is decided: it may have looked after each launch but the first.
    judged = judge(run.frame, MARGIN, max(1, int(run.frame["launch"].max())))
    results = Results(run, judged)
    # A load that leaves weights out is quick, and no result.
    lossy = [name for name in results.remedies if results.keeps(name).startswith("no:")]
    quick = (judged["metric"] == "load_ratio") & judged["remedy"].isin(lossy)
    judged.loc[quick, ["word", "reason"]] = [Word.UNRELIABLE.value, "it leaves weights out"]
    judged.loc[quick, ["ratio", "low", "high"]] = float("nan")
    return results


def losses(trips: Any) -> list[str]:
    """Return in words the most that was lost in any of `trips`, for each kind of defect."""
    made = []
    for name in (name for name in DEFECTS if name in trips and name != SECOND):
        if (most := trips[name].max()) > 0:
            total = f"{name.rpartition('_')[0]}_saved"
            of = f" of {trips.loc[trips[name].idxmax(), total]:,.0f}" if total in trips else ""
            amount = percent(most) if METRICS[name].unit == "share" else f"{most:,.0f}{of}"
            made.append(f"{amount} {METRICS[name].label}")
    return made
