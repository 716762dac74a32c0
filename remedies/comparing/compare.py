"""Apply each remedy to a user's own model, from outside: what it keeps, and what its step costs."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from remedies.checking.check import check
from remedies.checking.findings import NOTHING, losses
from remedies.checking.weights_file import try_weights
from remedies.comparing import step_costs
from remedies.comparing.comparison import CARDS, SPENT, WHOLE, Comparison, Trial
from remedies.comparing.original import CHILDREN, FUNCTIONAL, PAIR, Original
from remedies.comparing.step_costs import CONTROL
from remedies.devices import TARGETS, uncompiled
from remedies.problem import BadInputError, reason
from remedies.state.preserve import scratch
from remedies.steps import card_programs
from remedies.steps.same_step import STEPS, Program, Step

BUDGET = 120.0
ORDER = (CONTROL, "tf_cast", "ops_where", PAIR, CHILDREN, FUNCTIONAL)
Progress = Callable[[str], None]


def compare(model_factory: Callable[[], Any], x: Any = None, y: Any = None, **options: Any) -> Any:
    """Return what each remedy keeps of a user's model and what its steps cost here, as a frame.

    Parameters
    ----------
    model_factory : callable
        Takes no arguments; returns a built model, ``(model, x)`` or ``(model, x, y)``, the same
        each time. It is called once for each remedy, and again to time steps that differ.
    x, y : structure of arrays, optional
        One batch, where the factory returns none.
    **options
        ``budget`` in seconds, ``name`` and ``progress``, as for `comparison`.

    Returns
    -------
    pandas.DataFrame
        A row for each remedy; ``frame.attrs["recommendation"]`` is the recommendation.

    Raises
    ------
    BadInputError
        For what is no factory of a built model; where pandas is not installed.

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
    why = uncompiled()
    with tempfile.TemporaryDirectory() as place:
        progress(f"{CONTROL}: making the model")
        with _alarm(budget, f"{name or 'the factory'}: took over {budget:g} s to make one model"):
            original = Original(factory, x, y, name)
        folder = None if why else Path(place)
        bench = _Bench(original, began + budget, progress, why, folder)
        trials = bench.compiled([bench.trial(remedy) for remedy in ORDER])
        timed = tuple(bench.timed(trial) for trial in trials)
    return Comparison(original.name, timed, time.monotonic() - began, bench.uncompiled)


@contextmanager
def _alarm(seconds: float, message: str) -> Iterator[None]:
    """Interrupt what takes longer, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise BadInputError(f"{message}; train it less there, or raise the budget")

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
    """A user's model, and what each of its steps is with each remedy."""

    original: Original
    deadline: float
    progress: Progress
    uncompiled: str
    folder: Path | None
    steps: dict[str, dict[str, Step | str]] = field(default_factory=dict)
    lowered: dict[str, dict[str, str]] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    longest: float = 0.0

    def trial(self, remedy: str) -> Trial:
        """Return what a remedy keeps, or why it does not apply."""
        original, began = self.original, time.monotonic()
        if began + self.longest > self.deadline:
            return Trial(remedy, problem=SPENT)
        self.progress(f"{remedy}: saved and loaded twice")
        try:
            with original.live(remedy, anew=remedy != CONTROL) as model:
                if remedy != CONTROL:
                    original.require_alike(remedy, model)
                report = check(model, *original.data, name=original.name)
                if remedy == CONTROL:
                    original.report = report
                held = losses(try_weights(model).trips[0]).replace(NOTHING, WHOLE)
                self.steps[remedy], self.lowered[remedy] = step_costs.identify(
                    model, original.fed, self.programs, self.folder
                )
                change = original.change(remedy)
        except Exception as error:  # a user's code that is given other operations may raise any
            if remedy == CONTROL:
                raise
            if isinstance(error, BadInputError):
                return Trial(remedy, problem=str(error))
            return Trial(remedy, problem=f"no remedy for this model: {reason(error, 160)}")
        self.longest = time.monotonic() - began
        own, control = self.steps[remedy], self.steps[CONTROL]
        words = {step: step_costs.compared(own[step], control[step])[0] for step in STEPS}
        return Trial(remedy, report, "", held, words, change)

    def compiled(self, trials: list[Trial]) -> list[Trial]:
        """Return the trials with what their steps are on cards that are not here."""
        if self.folder is None:
            return trials
        self.progress(f"compiling the steps for {' and '.join(TARGETS)}")
        cards = {}
        try:
            for card, target in TARGETS.items():
                left = self.deadline - time.monotonic()
                cards[card] = card_programs.compiled(target, self.folder, left)
        except RuntimeError as error:
            self.uncompiled = str(error)
            return trials
        made = []
        for trial in trials:
            files, control = self.lowered.get(trial.remedy, {}), self.lowered[CONTROL]
            said = {CARDS: step_costs.on_cards(files, control, cards)}
            made.append(replace(trial, steps=trial.steps | said))
        return made

    def timed(self, trial: Trial) -> Trial:
        """Return the trial with a time for each step that is not the control's."""
        steps = dict(trial.steps)
        for step in STEPS if trial.whole else ():
            own, control = (self.steps[remedy][step] for remedy in (trial.remedy, CONTROL))
            words, alone = step_costs.compared(own, control)
            if alone is not None:
                self.progress(f"{trial.remedy}: timing its {step} step, which is another one")
                clock = (self.original.fed, self.deadline, self.longest)
                taken = step_costs.measure(self.original.live, trial.remedy, step, alone, *clock)
                steps[step] = f"{taken}; {words}"
        return replace(trial, steps=steps)
