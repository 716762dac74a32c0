"""What was measured, judged, with the questions that every section asks of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from remedies import REMEDIES
from remedies.metrics import DEFECTS, EVIDENCE
from remedies.registry import PLACEBO
from remedies.words import MARGIN
from reports.frame import Run, latest, order, read
from reports.judge import judge
from reports.vocabulary import CONTROL, CORE, COSTS, JITS, SITUATIONS
from reports.wording import NOTHING, SPACE, between, counted, listed, percent, seconds, span

SECOND = "second_generation_lost"
EVERYTHING, UNKNOWN = "everything", "not measured"


@dataclass(frozen=True)
class Results:
    """A run, the latest state of each machine, and its comparisons."""

    run: Run
    judged: Any
    older: list[str]
    everything: Any

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
        gone, reset = "optimizer_variables_lost", "optimizer_variables_changed"
        both = {gone, reset} <= {*trips} and (trips[[gone, reset]].max() > 0).all()
        if lost := losses(trips.assign(**{gone: trips[gone] + trips[reset]}) if both else trips):
            text = f"no: {', '.join(lost[:2])}"
            return re.sub("(optimizer variables lost)", r"\1 or reset", text) if both else text
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

    def situation(self, name: str) -> str:
        """Return what is done in a situation."""
        texts = [text for text in self.metric("situation_harm", situation=name)["text"] if text]
        return SITUATIONS.get(name) or (texts[-1] if texts else name)

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

    def programs(self, **where: str) -> str:
        """Return in a cell of a table how many programs are the reference's, fed bool masks."""
        rows = self.metric("program_differs", mask_dtype="bool", **where)
        rows = rows[rows["remedy"] != PLACEBO]
        equal = int((rows["value"] == 0).sum())
        if equal == len(rows) > 0:
            return f"same program, exactly ({equal} of {counted(len(rows), 'step')})"
        return f"{equal} of {len(rows)} programs are the same" if len(rows) else NOTHING

    @property
    def gpu(self) -> str:
        """What is known of GPUs, in a sentence."""
        if gpus := [name.upper() for name in self.timed if name != "cpu"]:
            return f"Steps were timed on {listed(gpus)}."
        names = listed(name.upper() for name in self.compiled)
        only = f"; for {names} steps were only compiled" if names else ", and none was compiled for"
        return f"No GPU was run{only}."


def _where(rows: Any, **where: str) -> Any:
    for axis, value in where.items():
        rows = rows[rows[axis] == value]
    return rows


def gather(folder: Path) -> Results:
    """Read and judge the session files of `folder`; `SessionsError` where there are none."""
    everything = read(folder)
    run, older = latest(everything)
    # The runner stops once all is decided: it may have looked after each launch but the first.
    judged = judge(run.frame, MARGIN, max(1, int(run.frame["launch"].max())))
    return Results(run, judged, older, everything.frame)


_LOSSES = {
    "outputs_changed": "{amount} of the outputs changed",
    "silent_defects": "of weights, optimizer and compile settings {amount} with no warning",
    "next_step_changed": "the next training step is another or raises",
}


def losses(trips: Any) -> list[str]:
    """Return in words the most that was lost in any of `trips`, for each thing that was."""
    made = []
    for name, metric in DEFECTS.items():
        if name not in trips or not (most := trips[name].max()) > 0 or name == SECOND:
            continue
        total = f"{name.rpartition('_')[0]}_saved"
        of = f" of {trips.loc[trips[name].idxmax(), total]:,.0f}" if total in trips else ""
        amount = percent(most) if metric.unit == "share" else f"{most:,.0f}{of}"
        made.append(_LOSSES.get(name, "{amount} {label}").format(amount=amount, label=metric.label))
    return made


def summary(rows: Any) -> str:
    """Return in a cell of a table what all `rows` of comparisons say together, the worst first."""
    texts: list[str] = []
    words = [word for word in _SUMMARIES if (rows["word"] == word).any()]
    for word in words:
        own = rows[rows["word"] == word]
        single = len(own) == 1 and word in ("slower", "faster")
        text = str(own["text"].iat[0]) if single else _SUMMARIES[word](own)
        if len(words) > 1:
            head, colon, more = text.partition(": ")
            noun = COSTS.get(str(own["metric"].iat[0]), "step")
            of = f" of {counted(len(rows), noun)}" * (not texts)
            text = f"{head} in {len(own)}{of}{colon}{more}"
        texts.append(text)
    return "; ".join(texts) or NOTHING


def _python(own: Any) -> str:
    if (own["low"] > 0).all():
        center, low, high = own["ratio"], seconds(own["low"].min()), seconds(own["high"].max())
        amount = between(seconds(center.min()), seconds(center.max()))
        return f"{amount} more Python a step (99{SPACE}% interval {between(low, high)})"
    unsure = "" if (own["low"] > 0).any() else "not measurable here: "
    return f"{unsure}at most {seconds(own['high'].max())} more Python a step"


def _ratio(own: Any) -> str:
    least, most = sorted((own["ratio"] - 1).abs().agg(["min", "max"]))
    word = "slower" if own["ratio"].iat[0] > 1 else "faster"
    return f"{between(percent(least), percent(most))} {word}"


def _undecided(own: Any) -> str:
    """Return the largest cost that is not ruled out, as a share of the step and as a time."""
    python, step = own["unit"] == "seconds", own["seconds"].where(own["seconds"] > 0)
    shares = (own["high"] / step).where(python, own["high"] - 1)
    shares = shares[(shares > 0) & (shares < 1e3)]
    if not len(shares):
        return "not measurable here"
    time = (shares * step).max()
    most = percent(shares.max()) + (f" ({seconds(time)})" if time > 0 else "")
    return f"not measurable here: at most {most} slower, if at all"


_SUMMARIES: dict[str, Callable[[Any], str]] = {  # the worst first
    "slower": _ratio,
    "python": _python,
    "undecided": _undecided,
    "unreliable": lambda _: "unreliable",
    "faster": _ratio,
    "same": lambda own: str(own["text"].iat[0]),
    "same step": lambda _: "same step, exactly",
}


def times(rows: Any) -> str:
    """Return the range of the reference's times."""
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
