"""What `remedies compare` says: a trial for each remedy, and one recommendation with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from remedies.changes import Change
from remedies.findings import NOTHING, Report, losses

CONTROL = "control"
SPENT = "not tried: the budget is spent; raise --budget"
NOT_TRIED = (
    "build_from_config without get_build_config (it loses all on the second save); float masks; "
    "other devices than this one; SavedModel and the old .h5"
)
HEADS = ("remedy", "first save and load", "second", "weights file", "train", "predict", "lines")


@dataclass(frozen=True)
class Trial:
    """One remedy, tried on the user's model.

    Attributes
    ----------
    remedy : str
        Its name.
    report : Report or None
        What it keeps; None where it was not tried.
    problem : str
        Why it is no remedy for this model, or was not tried; empty where neither.
    weights_file : str
        What a ``.weights.h5`` file does not hold.
    steps : dict of str to str
        ``train`` and ``predict`` -> what each is beside the control's, in words.
    change : Change
        What the user changes.
    """

    remedy: str
    report: Report | None = None
    problem: str = ""
    weights_file: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    change: Change = field(default_factory=lambda: Change(0))

    @property
    def whole(self) -> bool:
        """Whether the model computes the same with it, and comes back whole twice."""
        return self.report is not None and self.report.whole and not self.problem

    @property
    def free(self) -> bool:
        """Whether its steps are the control's, exactly."""
        return bool(self.steps) and set(self.steps.values()) == {"same step"}

    @property
    def row(self) -> tuple[str, ...]:
        """Its row under `HEADS`."""
        if self.problem or self.report is None:
            return (self.remedy, f"n/a: {self.problem}", "", "", "", "", "")
        trips = [losses(trip) for trip in self.report.trips]
        kept = [text if text != NOTHING else "whole" for text in trips]
        if self.report.undecided:
            kept = [f"{text} (undecided: {self.report.undecided})" for text in kept[:1]] + kept[1:]
        steps = [self.steps.get(step, "") for step in ("train", "predict")]
        places = f" ({', '.join(self.change.places)})" if self.change.places else ""
        second = kept[1] if len(kept) > 1 else ""
        return (self.remedy, kept[0], second, self.weights_file, *steps,
                f"{self.change.lines}{places}")  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Every remedy that can be applied from outside, on one model.

    Attributes
    ----------
    name : str
        How the user calls the model.
    trials : tuple of Trial
        The control first.
    seconds : float
        How long it took.
    """

    name: str
    trials: tuple[Trial, ...]
    seconds: float

    @property
    def status(self) -> int:
        """The exit status: that of a check of the model as it is."""
        report = self.trials[0].report
        return 2 if report is None else report.verdict.status

    @property
    def recommended(self) -> Trial | None:
        """The remedy that keeps all, whose step is the control's, with the fewest lines."""
        order = {trial.remedy: number for number, trial in enumerate(self.trials)}
        whole = [trial for trial in self.trials if trial.whole]
        return min(
            whole, key=lambda t: (t.change.lines > 0, not t.free, t.change.lines, order[t.remedy]),
            default=None,
        )  # fmt: skip

    @property
    def recommendation(self) -> str:
        """The recommendation and its reason, in a line."""
        best = self.recommended
        if best is None:
            report = self.trials[0].report
            why = report.headline if report is not None else self.trials[0].problem
            spent = [trial.remedy for trial in self.trials if trial.problem == SPENT]
            if spent:
                return f"nothing yet: {', '.join(spent)} not tried in the budget; raise --budget"
            return f"none of these remedies keeps {self.name} whole; remedies check says: {why}"
        if best.remedy == CONTROL:
            return "change nothing: the model comes back whole as it is, twice over"
        lines = f"{best.change.lines} line{'s' * (best.change.lines != 1)}"
        cost = "its steps are the control's, exactly" if best.free else _costs(best)
        return f"{best.remedy}: the model comes back whole, twice over; {cost}; {lines} to change"

    def text(self) -> str:
        """Return the comparison in plain lines, the recommendation first."""
        lines = [f"{self.name}: {self.recommendation}", ""]
        for trial in self.trials:
            row = trial.row
            lines.append(f"{row[0]}: {row[1]}" if trial.problem else f"{row[0]}")
            if not trial.problem:
                named = list(zip(HEADS[1:], row[1:], strict=True))
                lines += [f"    {head}: {cell}" for head, cell in named if cell]
        return "\n".join([*lines, "", *self._change(), f"not tried: {NOT_TRIED}"])

    def markdown(self) -> str:
        """Return the comparison as Markdown."""
        rows = [HEADS, ("---",) * len(HEADS), *(trial.row for trial in self.trials)]
        table = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
        change = self._change()
        if change:
            change = [change[0], "", "```diff", *change[1:], "```", ""]
        title = f"**{self.name}**: {self.recommendation}."
        return "\n".join([title, "", *table, "", *change, f"Not tried: {NOT_TRIED}."])

    def _change(self) -> list[str]:
        best = self.recommended
        if best is None or not best.change.diff:
            return []
        return ["the change:", *best.change.diff.rstrip("\n").splitlines(), ""][:-1]

    def records(self) -> list[dict[str, Any]]:
        """Return a record for each remedy: the columns of the frame."""
        return [
            {
                "remedy": trial.remedy,
                "whole": trial.whole,
                "problem": trial.problem,
                "lost": [losses(trip) for trip in trial.report.trips]
                if trial.report is not None
                else [],
                "weights_file": trial.weights_file,
                "train": trial.steps.get("train", ""),
                "predict": trial.steps.get("predict", ""),
                "lines": trial.change.lines,
                "places": list(trial.change.places),
                "change": trial.change.diff,
                "recommended": trial is self.recommended,
            }
            for trial in self.trials
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values for JSON."""
        return {
            "name": self.name,
            "recommended": self.recommended.remedy if self.recommended else "",
            "recommendation": self.recommendation,
            "exit_status": self.status,
            "seconds": round(self.seconds, 1),
            "not_tried": NOT_TRIED,
            "remedies": self.records(),
        }


def _costs(trial: Trial) -> str:
    return "; ".join(f"{step} step: {words}" for step, words in trial.steps.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
