"""Apply each remedy to a user's own model, from outside: what it keeps, and what its step costs."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remedies.checking.check import try_weights
from remedies.checking.findings import NOTHING, Report, losses
from remedies.comparing.original import CHILDREN, PAIR, REGISTERED, Original
from remedies.comparing.rewriting import CONTROL, FUNCTIONAL, Change
from remedies.comparing.step_costs import SAME, compared, identify, measure, on_cards
from remedies.devices import TARGETS, uncompiled
from remedies.problem import BadInputError, reason
from remedies.registry import preference
from remedies.state.preserve import scratch
from remedies.state.trip import Trip
from remedies.steps import card_compiler
from remedies.steps.same_step import STEPS, Step

BUDGET = 120.0
WHOLE = "whole"
SPENT = "not tried: the budget is spent; raise --budget"
NOT_TRIED = (
    "build_from_config without get_build_config (it loses all on the second save); float masks; "
    "times on other devices than this one; SavedModel and the old .h5"
)
CARDS = f"{' and '.join(TARGETS)}, compiled with XLA, not run"
ORDER = (CONTROL, REGISTERED, "tf_cast", "ops_where", PAIR, CHILDREN, FUNCTIONAL)


@dataclass
class Trial:
    """One remedy, tried on the user's model."""

    remedy: str
    problem: str = ""  # why it was not tried, or is none for this model
    report: Report | None = None
    weights_file: str = ""  # what a ``.weights.h5`` file does not hold
    identities: dict[str, Step | str] = field(default_factory=dict, repr=False)  # of its steps
    files: dict[str, str] = field(default_factory=dict, repr=False)  # what XLA is handed, by step
    change: Change = field(default_factory=Change)
    steps: dict[str, str] = field(default_factory=dict)  # and `CARDS`: beside the control's
    alone: dict[str, bool] = field(default_factory=dict)  # of steps that differ: in Python alone?

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
        row = {trip.name: _lost(trip) for trip in self.report.trips}
        if self.report.undecided:
            row[self.report.trips[0].name] += f" (undecided: {self.report.undecided})"
        row |= {"weights file": self.weights_file, **self.steps}
        return {**row, "lines": self.change.lines, "places": ", ".join(self.change.places)}


def _lost(trip: Trip) -> str:
    return losses(trip).replace(NOTHING, WHOLE)


@dataclass
class Comparison:
    """The trials on one model."""

    name: str
    trials: list[Trial] = field(default_factory=list)  # the control's first
    uncompiled: str = ""  # why the steps were not compiled for cards that are not here

    @property
    def status(self) -> int:
        report: Any = self.trials[0].report
        return int(report.verdict.status)  # that of a check of the model as it is

    @property
    def recommended(self) -> Trial | None:
        def rank(t: Trial) -> tuple[float, ...]:
            return preference(t.change.lines, len(t.costs), t.weights_file == WHOLE)

        return min((trial for trial in self.trials if trial.whole), key=rank, default=None)

    @property
    def recommendation(self) -> str:
        best, report = self.recommended, self.trials[0].report
        if best is None:
            if spent := [trial.remedy for trial in self.trials if trial.problem == SPENT]:
                return f"nothing yet: {', '.join(spent)} not tried in the budget; raise --budget"
            why = report.headline if report is not None else ""
            return f"none of these remedies keeps {self.name} whole; remedies check says: {why}"
        if best.remedy == CONTROL:
            return "change nothing: the model comes back whole as it is, twice over"
        lines = f"{best.change.lines} line{'s' * (best.change.lines != 1)}"
        cost = "; ".join(best.costs) or "its steps are the control's, exactly"
        return f"{best.remedy}: the model comes back whole, twice over; {cost}; {lines} to change"

    def text(self, *, markdown: bool = False) -> str:
        head, item, begin, end = "", "    ", "", ""
        if markdown:
            head, item, begin, end = "### ", "- ", "\n```diff", "```\n"
        lines = [f"{self.name}: {self.recommendation}", ""]
        for trial in self.trials:
            lines.append(f"{head}{trial.remedy}" + f": n/a: {trial.problem}" * bool(trial.problem))
            lines += [f"{item}{name}: {cell}" for name, cell in trial.cells.items() if cell != ""]
        diff = self.recommended.change.diff.rstrip("\n") if self.recommended else ""
        lines += ["", *([f"the change:{begin}", diff, end] if diff else [])]
        lines += [f"{CARDS}: nothing; {self.uncompiled}"] if self.uncompiled else []
        return "\n".join([*lines, f"not tried: {NOT_TRIED}"])

    def to_dict(self) -> dict[str, Any]:
        best = self.recommended
        return {
            "name": self.name,
            "recommended": best.remedy if best else "",
            "recommendation": self.recommendation,
            "exit_status": self.status,
            "uncompiled": self.uncompiled,
            "not_tried": NOT_TRIED,
            "remedies": [
                {"remedy": trial.remedy, "whole": trial.whole, "recommended": trial is best}
                | {"problem": trial.problem, **trial.cells, "change": trial.change.diff}
                for trial in self.trials
            ],
        }


def compare(model_factory: Callable[[], Any], x: Any = None, y: Any = None, **options: Any) -> Any:
    """Return what each remedy keeps of a user's model and what its steps cost here, as a frame.

    `model_factory` takes no arguments and returns a built model, ``(model, x)`` or ``(model, x,
    y)``, the same each time: it is called once for each remedy, and again to time steps that
    differ. `x` and `y` are one batch, where it returns none; the options are those of `comparison`.
    A row is a remedy; ``frame.attrs["recommendation"]`` says which to take. Raises `BadInputError`
    for what cannot be compared.

    Examples
    --------
    >>> remedies.compare(make_model, x, y)[["remedy", "whole", "train"]]  # doctest: +SKIP
    """
    try:
        import pandas as pd
    except ImportError:
        raise BadInputError("remedies.compare returns a frame: pip install pandas") from None
    made = comparison(model_factory, x, y, **options).to_dict()
    frame = pd.DataFrame(made["remedies"])
    frame.attrs["recommendation"] = made["recommendation"]
    return frame


@scratch()
def comparison(
    factory: Callable[[], Any],
    x: Any = None,
    y: Any = None,
    *,
    name: str = "",
    budget: float = BUDGET,
    progress: Callable[[str], None] = lambda text: None,
) -> Comparison:
    """Try every remedy on the model that `factory` makes, in `budget` seconds."""
    deadline, longest = time.monotonic() + budget, 0.0
    progress(f"{CONTROL}: making the model")
    original = Original(factory, x, y, name)
    made = Comparison(original.name, uncompiled=uncompiled())
    folder = None if made.uncompiled else Path(tempfile.mkdtemp())
    for remedy in ORDER:
        began = time.monotonic()
        if remedy == REGISTERED and not original.unregistered:
            continue
        if made.trials and began + longest > deadline:
            made.trials.append(Trial(remedy, SPENT))
            continue
        progress(f"{remedy}: saved and loaded twice")
        control = made.trials[0] if made.trials else None
        made.trials.append(_trial(original, remedy, control, folder))
        # The machine may be busier for the next one.
        longest = max(longest, 1.25 * (time.monotonic() - began))
    if folder is not None:
        progress(f"compiling the steps for {' and '.join(TARGETS)}")
        try:
            cards = {
                card: card_compiler.compiled(file, folder, deadline - time.monotonic())
                for card, file in TARGETS.items()
            }
            for trial in made.trials:
                if trial.files:
                    trial.steps[CARDS] = on_cards(trial.files, made.trials[0].files, cards)
        except RuntimeError as error:
            made.uncompiled = str(error)
    for trial in made.trials:
        if trial.whole and trial.alone:
            names = " and ".join(trial.alone)
            progress(f"{trial.remedy}: timing its {names} step, which is another one")
            # A launch makes three models.
            said = measure(original, trial.remedy, trial.alone, deadline, 3 * longest)
            trial.steps |= {step: f"{words}; {trial.steps[step]}" for step, words in said.items()}
    return made


def _trial(original: Original, remedy: str, control: Trial | None, folder: Path | None) -> Trial:
    """Try a remedy: what it keeps, or why it does not apply."""
    try:
        with original.live(remedy, anew=remedy != CONTROL) as model:
            report = original.checked(remedy, model)
            weights_file = _lost(try_weights(model).trips[0])
            seen = identify(model, original.fed, folder)
            trial = Trial(remedy, "", report, weights_file, *seen, original.change(remedy))
        for step, own in trial.identities.items():
            trial.steps[step], alone = compared(own, (control or trial).identities[step])
            trial.alone |= {} if alone is None else {step: alone}
        return trial
    except Exception as error:  # a user's code that is given other operations may raise any
        if remedy == CONTROL:
            raise
        why = f"no remedy for this model: {reason(error, 160)}"
        return Trial(remedy, str(error) if isinstance(error, BadInputError) else why)
