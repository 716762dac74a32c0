"""Apply each remedy to a user's own model, from outside: what it keeps, and what its step costs."""

import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remedies.checking.check import try_weights
from remedies.checking.findings import NOTHING, Report, losses
from remedies.comparing import step_costs
from remedies.comparing.changes import Change
from remedies.comparing.original import CHILDREN, FUNCTIONAL, PAIR, REGISTERED, Original
from remedies.comparing.step_costs import CONTROL, SAME
from remedies.devices import TARGETS, uncompiled
from remedies.problem import BadInputError, reason
from remedies.registry import preference
from remedies.state.preserve import scratch
from remedies.steps import card_compiler
from remedies.steps.same_step import STEPS, Program, Step

BUDGET = 120.0
WHOLE = "whole"
SPENT = "not tried: the budget is spent; raise --budget"
NOT_TRIED = (
    "build_from_config without get_build_config (it loses all on the second save); float masks; "
    "times on other devices than this one; SavedModel and the old .h5"
)
CARDS = f"{' and '.join(TARGETS)}, compiled with XLA, not run"
ORDER = ("tf_cast", "ops_where", PAIR, CHILDREN, FUNCTIONAL)
Progress = Callable[[str], None]


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


@dataclass
class Comparison:
    """The trials on one model."""

    name: str
    trials: list[Trial] = field(default_factory=list)  # the control's first
    seconds: float = 0.0  # that they took
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
    made = comparison(model_factory, x, y, **options)
    frame = pd.DataFrame(made.records())
    frame.attrs["recommendation"] = made.recommendation
    return frame


@scratch()
def comparison(
    factory: Callable[[], Any],
    x: Any = None,
    y: Any = None,
    *,
    name: str = "",
    budget: float = BUDGET,
    progress: Progress = lambda text: None,
    began: float | None = None,
) -> Comparison:
    """Try every remedy on the model that `factory` makes, in `budget` seconds from `began` on."""
    began = time.monotonic() if began is None else began
    progress(f"{CONTROL}: making the model")
    with _alarm(budget, f"{name or 'the factory'}: took over {budget:g} s to make one model"):
        original = Original(factory, x, y, name)
    made = Comparison(original.name, uncompiled=uncompiled())
    with tempfile.TemporaryDirectory() as place:
        bench = _Bench(original, made, began + budget, progress, Path(place))
        bench.trial(CONTROL)
        for remedy in (REGISTERED, *ORDER) if original.unregistered else ORDER:
            bench.trial(remedy)
        bench.compile()
        bench.time()
    made.seconds = time.monotonic() - began
    return made


@contextmanager
def _alarm(seconds: float, message: str) -> Iterator[None]:
    """Interrupt what takes longer, where this is the main thread."""

    def ring(*_: Any) -> None:
        raise BadInputError(f"{message}; train it less there, or raise the budget")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    # It rings again: what is raised while a package is imported may be swallowed there.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class _Bench:
    """A user's model, and what each remedy makes of it."""

    original: Original
    made: Comparison
    deadline: float
    progress: Progress
    folder: Path
    control: dict[str, Step | str] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    longest: float = 0.0

    def trial(self, remedy: str) -> None:
        """Try a remedy: what it keeps, or why it does not apply."""
        began = time.monotonic()
        trial = Trial(remedy, SPENT)
        self.made.trials.append(trial)
        if began + self.longest > self.deadline:
            return
        self.progress(f"{remedy}: saved and loaded twice")
        folder = None if self.made.uncompiled else self.folder
        try:
            with self.original.live(remedy, anew=remedy != CONTROL) as model:
                report = self.original.checked(remedy, model)
                trial.weights_file = losses(try_weights(model).trips[0]).replace(NOTHING, WHOLE)
                fed = self.original.fed
                steps, trial.files = step_costs.identify(model, fed, self.programs, folder)
                trial.change = self.original.change(remedy)
        except Exception as error:  # a user's code that is given other operations may raise any
            if remedy == CONTROL:
                raise
            why = f"no remedy for this model: {reason(error, 160)}"
            trial.problem = str(error) if isinstance(error, BadInputError) else why
            return
        trial.problem, trial.report = "", report
        self.control = self.control or steps
        for step, own in steps.items():
            trial.steps[step], alone = step_costs.compared(own, self.control[step])
            trial.alone |= {} if alone is None else {step: alone}
        # The machine may be busier for the next one.
        self.longest = max(self.longest, 1.25 * (time.monotonic() - began))

    def compile(self) -> None:
        """Say what the steps are on cards that are not here."""
        if self.made.uncompiled:
            return
        self.progress(f"compiling the steps for {' and '.join(TARGETS)}")
        try:
            cards = {
                card: card_compiler.compiled(file, self.folder, self.deadline - time.monotonic())
                for card, file in TARGETS.items()
            }
        except RuntimeError as error:
            self.made.uncompiled = str(error)
            return
        trials = self.made.trials
        for trial in filter(lambda trial: trial.files, trials):
            trial.steps[CARDS] = step_costs.on_cards(trial.files, trials[0].files, cards)

    def time(self) -> None:
        """Time each step, of a remedy that keeps all, that is not the control's."""
        for trial in self.made.trials:
            if trial.whole and trial.alone:
                named = " and ".join(trial.alone)
                self.progress(f"{trial.remedy}: timing its {named} step, which is another one")
                chosen = self.original.live, trial.remedy, trial.alone, self.original.fed
                # A launch makes three models.
                said = step_costs.measure(*chosen, self.deadline, 3 * self.longest)
                trial.steps |= {step: f"{said[step]}; {trial.steps[step]}" for step in said}
