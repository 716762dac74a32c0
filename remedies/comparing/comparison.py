"""What `remedies compare` says: a trial for each remedy, and one recommendation with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from remedies.checking.findings import NOTHING, Report, losses
from remedies.comparing.changes import Change
from remedies.comparing.step_costs import CONTROL, SAME
from remedies.devices import TARGETS
from remedies.registry import preference
from remedies.steps.same_step import STEPS

WHOLE = "whole"
SPENT = "not tried: the budget is spent; raise --budget"
NOT_TRIED = (
    "build_from_config without get_build_config (it loses all on the second save); float masks; "
    "times on other devices than this one; SavedModel and the old .h5"
)
CARDS = f"{' and '.join(TARGETS)}, compiled with XLA, not run"


@dataclass
class Trial:
    """One remedy, tried on the user's model."""

    remedy: str
    problem: str = ""  # why it was not tried, or is none for this model
    report: Report | None = None
    weights_file: str = ""  # what a ``.weights.h5`` file does not hold
    steps: dict[str, str] = field(default_factory=dict)  # and `CARDS`: beside the control's
    alone: dict[str, bool] = field(default_factory=dict)  # of steps that differ: in Python alone?
    change: Change = field(default_factory=Change)
    files: dict[str, str] = field(default_factory=dict, repr=False)  # what XLA is handed, by step

    @property
    def whole(self) -> bool:
        """Whether the model computes the same with it, and comes back whole twice."""
        return self.report is not None and self.report.whole

    @property
    def costs(self) -> list[str]:
        """Its steps that are not the control's; the others cost nothing, exactly."""
        steps = ((step, self.steps.get(step, SAME)) for step in STEPS)
        return [f"{step} step: {words}" for step, words in steps if words != SAME]

    @property
    def cells(self) -> dict[str, Any]:
        """What was seen of it, by name; nothing where it was not tried."""
        if self.report is None:
            return {}
        row = {trip.name: losses(trip).replace(NOTHING, WHOLE) for trip in self.report.trips}
        if self.report.undecided:
            row[self.report.trips[0].name] += f" (undecided: {self.report.undecided})"
        row |= {"weights file": self.weights_file, **self.steps}
        return {**row, "lines": self.change.lines, "places": ", ".join(self.change.places)}


@dataclass(frozen=True)
class Comparison:
    """The trials on one model."""

    name: str
    trials: tuple[Trial, ...]  # the control's first
    seconds: float  # that they took
    uncompiled: str = ""  # why the steps were not compiled for cards that are not here

    @property
    def status(self) -> int:
        """The exit status: that of a check of the model as it is."""
        report = self.trials[0].report
        return 2 if report is None else report.verdict.status

    @property
    def recommended(self) -> Trial | None:
        """The remedy that keeps all and is preferred to the others that do."""

        def rank(t: Trial) -> tuple[float, ...]:
            return preference(t.remedy, t.change.lines, len(t.costs), t.weights_file == WHOLE)

        return min((trial for trial in self.trials if trial.whole), key=rank, default=None)

    @property
    def recommendation(self) -> str:
        """The recommendation and its reason, in a line."""
        best, report = self.recommended, self.trials[0].report
        if best is None:
            if spent := [trial.remedy for trial in self.trials if trial.problem == SPENT]:
                return f"nothing yet: {', '.join(spent)} not tried in the budget; raise --budget"
            why = report.headline if report is not None else self.trials[0].problem
            return f"none of these remedies keeps {self.name} whole; remedies check says: {why}"
        if best.remedy == CONTROL:
            return "change nothing: the model comes back whole as it is, twice over"
        lines = f"{best.change.lines} line{'s' * (best.change.lines != 1)}"
        cost = "; ".join(best.costs) or "its steps are the control's, exactly"
        return f"{best.remedy}: the model comes back whole, twice over; {cost}; {lines} to change"

    def text(self, *, markdown: bool = False) -> str:
        """Return the comparison in lines, plain or as Markdown, the recommendation first."""
        head, item, begin, end = "", "    ", "", ""
        if markdown:
            head, item, begin, end = "### ", "- ", "\n```diff", "```\n"
        lines = [f"{self.name}: {self.recommendation}", ""]
        for trial in self.trials:
            lines.append(f"{head}{trial.remedy}" + f": n/a: {trial.problem}" * bool(trial.problem))
            lines += [f"{item}{name}: {cell}" for name, cell in trial.cells.items() if cell != ""]
        diff = self.recommended.change.diff.rstrip("\n") if self.recommended is not None else ""
        lines += ["", *([f"the change:{begin}", diff, end] if diff else [])]
        lines += [f"{CARDS}: nothing; {self.uncompiled}"] if self.uncompiled else []
        return "\n".join([*lines, f"not tried: {NOT_TRIED}"])

    def records(self) -> list[dict[str, Any]]:
        """Return a record for each remedy: the columns of the frame."""
        best = self.recommended
        return [
            {"remedy": trial.remedy, "whole": trial.whole, "recommended": trial is best}
            | {"problem": trial.problem, **trial.cells, "change": trial.change.diff}
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
            "uncompiled": self.uncompiled,
            "not_tried": NOT_TRIED,
            "remedies": self.records(),
        }
