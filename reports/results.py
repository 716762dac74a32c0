"""What was measured, judged, with the questions that every section asks of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from remedies import REMEDIES
from remedies.intervals import MARGIN, Word
from remedies.metrics import DEFECTS, EVIDENCE, METRICS
from remedies.registry import PLACEBO
from remedies.scenarios import CORE
from reports.frame import Run, latest, order, read
from reports.judge import judge
from reports.wording import (
    CONTROL,
    COSTS,
    JITS,
    NOTHING,
    SPACE,
    between,
    counted,
    listed,
    percent,
    python,
    seconds,
    slower,
    span,
)

SECOND = "second_generation_lost"
EVERYTHING, UNKNOWN = "everything", "not measured"


@dataclass(frozen=True)
class Results:
    """A run, the latest state of each machine, and its comparisons."""

    run: Run
    judged: Any
    older: list[str]

    def metric(self, name: str, **where: str) -> Any:
        """Return the rows of one metric."""
        return _where(self.run.frame, metric=name, **where)

    def compared(self, metric: str, **where: str) -> Any:
        """Return the comparisons of one metric, those of the placebo apart."""
        return _where(self.judged[self.judged["remedy"] != PLACEBO], metric=metric, **where)

    @cached_property
    def remedies(self) -> list[str]:
        """The remedies that anything is known of, in their order."""
        return order(set(self.run.frame["remedy"]) - {"", PLACEBO}, tuple(REMEDIES))

    @cached_property
    def trips(self) -> Any:
        """A row for each round trip, a column for each thing that was counted."""
        names = [*DEFECTS, *EVIDENCE]
        rows = self.run.frame[self.run.frame["metric"].isin(names)]
        rows = rows[rows["workload"] != ""]
        axes = ["machine", "workload", "device", "jit", "remedy", "mask_dtype"]
        return rows.pivot_table(index=axes, columns="metric", values="value", aggfunc="max")

    def trips_of(self, remedy: str) -> Any:
        """Return the round trips of one remedy."""
        return self.trips[self.trips.index.get_level_values("remedy") == remedy]

    def keeps(self, remedy: str) -> str:
        """Return the worst of what `remedy` keeps in all round trips, as a cell of a table."""
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
        """The harm of each situation (rows) by remedy (columns), the worst of all machines.

        The core ones come first. What was tried with the control alone shows a cause.
        """
        rows = self.metric("situation_harm")
        harms = rows.pivot_table(index="situation", columns="remedy", values="value", aggfunc="max")
        harms = harms[[name for name in self.remedies if name in harms]]
        tried = harms[harms.drop(columns=CONTROL, errors="ignore").notna().any(axis=1)]
        return tried.loc[order(set(tried.index), CORE), :]

    def harms(self, remedy: str) -> Any:
        """Return the harm of each situation that was tried with `remedy`."""
        return self.situations.get(remedy, pd.Series(dtype=float)).dropna()

    @cached_property
    def survived(self) -> Any:
        """In how many situations each remedy keeps the model."""
        return (self.situations == 0).sum().reindex(self.remedies, fill_value=0)

    def axis(self, name: str, metric: str = "") -> list[str]:
        """Return the values of an axis, of one metric or of all."""
        rows = self.metric(metric) if metric else self.run.frame
        return [str(value) for value in order(set(rows[name]) - {"", 0, PLACEBO}, ())]

    @cached_property
    def timed(self) -> list[str]:
        """The devices that steps were timed on."""
        return self.axis("device", "step_seconds")

    @cached_property
    def compiled(self) -> list[str]:
        """The devices that steps were compiled for, and not run on."""
        return [name for name in self.axis("device", "program_differs") if name not in self.timed]

    @property
    def gpu(self) -> str:
        """What is known of GPUs, in a sentence."""
        if gpus := [name for name in self.timed if name != "cpu"]:
            return f"Steps were timed on {listed(map(str.upper, gpus))}."
        names = listed(map(str.upper, self.compiled))
        only = f"; for {names} steps were only compiled" if names else ", and none was compiled for"
        return f"No GPU was run{only}."


def _where(rows: Any, **where: str) -> Any:
    for axis, value in where.items():
        rows = rows[rows[axis] == value]
    return rows


def gather(folder: Path) -> Results:
    """Read and judge the session files of `folder`; `SessionsError` where there are none."""
    run, older = latest(read(folder))
    # The runner stops once all is decided: it may have looked after each launch but the first.
    judged = judge(run.frame, MARGIN, max(1, int(run.frame["launch"].max())))
    results = Results(run, judged, older)
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
        if not (most := trips[name].max()) > 0:
            continue
        total = f"{name.rpartition('_')[0]}_saved"
        of = f" of {trips.loc[trips[name].idxmax(), total]:,.0f}" if total in trips else ""
        amount = percent(most) if METRICS[name].unit == "share" else f"{most:,.0f}{of}"
        made.append(f"{amount} {METRICS[name].label}")
    return made


def summary(rows: Any) -> str:
    """Return in a cell of a table what all `rows` of comparisons say together, the worst first."""
    texts: list[str] = []
    said = rows["word"]
    if (said == "undecided").any():
        said = said.replace("same", "undecided")
    words = [word for word in _SUMMARIES if (said == word).any()]
    for word in words:
        own = rows[said == word]
        text = _SUMMARIES[word](own)
        if len(words) > 1:
            head, bracket, more = text.partition(" (")
            noun = COSTS.get(str(own["metric"].iat[0]), "step")
            of = f" of {counted(len(rows), noun)}" * (not texts)
            text = f"{head} in {len(own)}{of}{bracket}{more}"
        texts.append(text)
    return "; ".join(texts) or NOTHING


def _python(own: Any) -> str:
    low, high = own["low"], own["high"].max()
    if low.min() <= 0 < low.max():  # shown in some
        return f"up to {seconds(high)} more Python a step"
    return python(own["ratio"].min(), own["ratio"].max(), low.min(), high)


def _ratio(own: Any) -> str:
    if len(own) == 1:
        return slower(*own[["ratio", "low", "high"]].iloc[0])
    least, most = sorted((own["ratio"] - 1).abs().agg(["min", "max"]))
    word = "slower" if own["ratio"].iat[0] > 1 else "faster"
    return f"{between(percent(least), percent(most))} {word}"


def shares(rows: Any, end: str) -> Any:
    """Return by how much more each time is than its baseline's, as a share of that."""
    step = rows["seconds"].where(rows["seconds"] > 0)
    return (rows[end] / step).where(rows["unit"] == "seconds", rows[end] - 1)


def _undecided(own: Any) -> str:
    """Return the largest cost that is not ruled out, as a share of the step and as a time."""
    most = shares(own, "high")
    most = most[(most > 0) & (most < 1e3)]
    if not len(most):
        faster = (own["high"] <= 1).all()
        return "no difference shown (slower is ruled out)" if faster else "not known (not timed)"
    over = f" over {100 * MARGIN:g}{SPACE}%" if (own["word"] == "same").any() else ""
    time = (most * own["seconds"]).max()
    cost = percent(most.max()) + (f", {seconds(time)}," if time > 0 else "")
    return f"no difference{over} shown (up to {cost} not ruled out)"


_SUMMARIES: dict[str, Callable[[Any], str]] = {  # the worst first
    "slower": _ratio,
    "python": _python,
    "undecided": _undecided,
    "unreliable": lambda own: f"no result ({own['reason'].iat[0]})",
    "faster": _ratio,
    "same": lambda _: f"same within {100 * MARGIN:g}{SPACE}%",
    "same step": lambda _: "same step, exactly",
}


def times(rows: Any) -> str:
    """Return the range of the baseline's times."""
    own = rows.loc[rows["seconds"] > 0, "seconds"]
    return between(seconds(own.min()), seconds(own.max())) if len(own) else NOTHING


def cells(rows: Any) -> str:
    """Return which cells `rows` are from: ``image and inpaint; CPU; with XLA``."""
    values = {axis: tuple(order(set(rows[axis]) - {"", 0}, ())) if axis in rows else ()
              for axis in ("workload", "device", "jit", "size")}  # fmt: skip
    texts = [listed(values["workload"])]
    if "batch" in rows and (most := rows.groupby("workload")["batch"].nunique().max()) > 1:
        texts[0] += f", at {most} batch sizes"
    texts += [f"images {listed(map(str, values['size']))} pixels wide too"] * bool(values["size"])
    texts.append(listed(map(str.upper, values["device"])))
    texts.append(JITS.get(values["jit"]) or listed(values["jit"]))
    return "; ".join(filter(None, texts))
