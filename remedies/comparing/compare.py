"""Apply each remedy to a user's own model, from outside: what it keeps, and what its step costs."""

from __future__ import annotations

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
from remedies.checking.findings import NOTHING, losses
from remedies.comparing import step_costs
from remedies.comparing.comparison import CARDS, SPENT, WHOLE, Comparison, Trial
from remedies.comparing.original import CHILDREN, FUNCTIONAL, PAIR, REGISTERED, Original
from remedies.comparing.step_costs import CONTROL
from remedies.devices import TARGETS, uncompiled
from remedies.problem import BadInputError, reason
from remedies.state.preserve import scratch
from remedies.steps import card_programs
from remedies.steps.same_step import Program, Step

BUDGET = 120.0
ORDER = ("tf_cast", "ops_where", PAIR, CHILDREN, FUNCTIONAL)
Progress = Callable[[str], None]


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
    with tempfile.TemporaryDirectory() as place:
        bench = _Bench(original, began + budget, progress, Path(place), uncompiled())
        bench.trial(CONTROL)
        for remedy in (REGISTERED, *ORDER) if original.unregistered else ORDER:
            bench.trial(remedy)
        bench.compile()
        bench.time()
    seconds = time.monotonic() - began
    return Comparison(original.name, tuple(bench.trials), seconds, bench.uncompiled)


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
    deadline: float
    progress: Progress
    folder: Path
    uncompiled: str
    trials: list[Trial] = field(default_factory=list)
    control: dict[str, Step | str] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    longest: float = 0.0

    def trial(self, remedy: str) -> None:
        """Try a remedy: what it keeps, or why it does not apply."""
        began = time.monotonic()
        trial = Trial(remedy, SPENT)
        self.trials.append(trial)
        if began + self.longest > self.deadline:
            return
        self.progress(f"{remedy}: saved and loaded twice")
        folder = None if self.uncompiled else self.folder
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
        # The machine may be busier for the next one.
        self.longest = max(self.longest, 1.25 * (time.monotonic() - began))
        self.control = self.control or steps
        for step, own in steps.items():
            trial.steps[step], alone = step_costs.compared(own, self.control[step])
            trial.alone |= {} if alone is None else {step: alone}

    def compile(self) -> None:
        """Say what the steps are on cards that are not here."""
        if self.uncompiled:
            return
        self.progress(f"compiling the steps for {' and '.join(TARGETS)}")
        try:
            cards = {
                card: card_programs.compiled(file, self.folder, self.deadline - time.monotonic())
                for card, file in TARGETS.items()
            }
        except RuntimeError as error:
            self.uncompiled = str(error)
            return
        for trial in filter(lambda trial: trial.files, self.trials):
            trial.steps[CARDS] = step_costs.on_cards(trial.files, self.trials[0].files, cards)

    def time(self) -> None:
        """Time each step, of a remedy that keeps all, that is not the control's."""
        for trial in self.trials:
            if trial.whole and trial.alone:
                named = " and ".join(trial.alone)
                self.progress(f"{trial.remedy}: timing its {named} step, which is another one")
                chosen = self.original.live, trial.remedy, trial.alone, self.original.fed
                # A launch makes three models.
                said = step_costs.measure(*chosen, self.deadline, 3 * self.longest)
                trial.steps |= {step: f"{said[step]}; {trial.steps[step]}" for step in said}
