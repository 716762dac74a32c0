"""Apply each remedy to a user's own model, from outside: what it keeps, and what its step costs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from remedies import step_costs
from remedies.arrays import hosts, share_apart
from remedies.batch import feed
from remedies.behaviour import tolerance_of
from remedies.changes import Change, at_sites, in_class
from remedies.check import check, require_ready
from remedies.comparison import CONTROL, SPENT, Comparison, Trial
from remedies.cures import build_code
from remedies.findings import NOTHING, losses
from remedies.functional import functional, functional_code
from remedies.libraries import of_framework
from remedies.patching import methods_of, patched
from remedies.preserve import align, preserved
from remedies.problem import BadInputError, reason
from remedies.replacing import STRICT, Site, Sites, replaced
from remedies.same_step import STEPS, Program, Step
from remedies.scratch import scratch
from remedies.weights_file import try_weights

BUDGET = 120.0
SEED = 20409
PAIR, CHILDREN, FUNCTIONAL = "build_from_config_pair", "build_children", "functional_bool_input"
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
    bench = _Bench(factory, x, y, name, began + budget, progress)
    with _alarm(budget, f"{name or 'the factory'}: took over {budget:g} s to make one model"):
        bench.make_control()
    trials = [bench.control()]
    bench.took.append(time.monotonic() - began)
    for remedy in ("ops_where", "tf_cast", PAIR, CHILDREN, FUNCTIONAL):
        trials.append(bench.trial(remedy))
    trials = bench.timed(trials)
    return Comparison(bench.name, tuple(trials), time.monotonic() - began)


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
    """The user's factory, and what was seen of the model as it is."""

    factory: Callable[[], Any]
    x: Any
    y: Any
    name: str
    deadline: float
    progress: Progress
    sites: Sites = field(default_factory=dict)
    steps: dict[str, dict[str, Step | str]] = field(default_factory=dict)
    compiled: dict[str, Program] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """How long a remedy may take: the control, which is diagnosed too, is an upper bound."""
        return max(self.took[1:] or self.took)

    def make_control(self) -> None:
        """Make the model as it is, and keep what it is fed, holds and predicts."""
        self.progress(f"{CONTROL}: making the model")
        with replaced("", self.sites):
            self.model, given = self._made()
            self.x, self.y = (self.x, self.y) if self.x is not None else (*given, None, None)[:2]
            self.weight = given[2] if len(given) > 2 else None
            self.name = self.name or type(self.model).__name__
            require_ready(self.model, self.name)
            self.values = hosts(self.model.variables)
            with preserved(self.model) as snapshot:
                self.fed = feed(self.model, self.x, self.y, self.weight, self.name, snapshot)
                self.outputs = self.fed.outputs(self.model)
                snapshot.restore()

    def _made(self) -> tuple[Any, tuple[Any, ...]]:
        """Call the factory, each time from the same seeds and the same count of layers."""
        import keras

        policy = keras.config.dtype_policy()
        keras.utils.clear_session()
        keras.config.set_dtype_policy(policy)
        keras.utils.set_random_seed(SEED)
        made = self.factory()
        parts = made if isinstance(made, tuple) else (made,)
        if not parts or not isinstance(parts[0], keras.Model) or len(parts) > 4:
            raise BadInputError(
                f"{self.name or 'the factory'}: returned a {type(made).__name__}; it must return "
                "a built keras.Model, or (model, x, y)"
            )
        return parts[0], parts[1:]

    def control(self) -> Trial:
        """Return what the model keeps as it is."""
        with replaced("", self.sites):
            return self._judged(CONTROL, self.model)

    def trial(self, remedy: str) -> Trial:
        """Return what a remedy keeps, or why it does not apply."""
        if time.monotonic() + self.longest > self.deadline:
            return Trial(remedy, problem=SPENT)
        self.progress(f"{remedy}: made, saved and loaded twice")
        began = time.monotonic()
        try:
            with self.live(remedy) as model:
                judged = replace(self._judged(remedy, model), change=self._change(remedy))
            self.took.append(time.monotonic() - began)
            return judged
        except BadInputError as error:
            return Trial(remedy, problem=str(error))
        except Exception as error:
            # A user's code that is given other operations may raise anything.
            return Trial(remedy, problem=f"no remedy for this model: {reason(error, 160)}")

    @contextmanager
    def live(self, remedy: str) -> Iterator[Any]:
        """Make the model with `remedy`, in a context in which it is applied."""
        with ExitStack() as stack:
            self._apply(remedy, stack)
            model, _ = self._made()
            self._level(model)
            yield functional(model, self.fed) if remedy == FUNCTIONAL else model

    def _apply(self, remedy: str, stack: ExitStack) -> None:
        if remedy in ("ops_where", "tf_cast"):
            if not self.sites:
                raise BadInputError(f"it never calls {STRICT}")
            if not self._at_fault():
                raise BadInputError("no such line of it is at fault when it is loaded")
            stack.enter_context(replaced(remedy, self.sites))
        elif remedy in (PAIR, CHILDREN):
            code = self._code(remedy)
            cls = type(self.model)
            stack.enter_context(patched(cls, methods_of(code, cls)))
        elif remedy == FUNCTIONAL:
            stack.enter_context(replaced("every_ops", self.sites))

    def _code(self, remedy: str) -> str:
        cls = type(self.model)
        if of_framework(cls):
            raise BadInputError(f"{cls.__name__} is Keras' own class: there is none to change")
        if not any(trip.of("weight", lost=True) for trip in self.report.trips):
            raise BadInputError("no weights are lost, so nothing needs building")
        code = build_code(self.model) if remedy == CHILDREN else self.report.code
        if "build_from_config" not in code:
            raise BadInputError("no text that builds it on load could be written for it")
        if remedy == CHILDREN and code == self.report.code:
            raise BadInputError(f"it is {PAIR}, above")
        return code

    def _at_fault(self) -> list[Site]:
        return [site for site in self.sites.values() if site.at_fault]

    def _change(self, remedy: str) -> Change:
        if remedy in ("ops_where", "tf_cast"):
            return at_sites(remedy, self._at_fault())
        if remedy in (PAIR, CHILDREN):
            return in_class(type(self.model), self._code(remedy))
        written = at_sites("ops_where", self.sites.values())
        return Change(written.lines + 2, written.places, functional_code(self.fed))

    def _level(self, model: Any) -> None:
        """Give `model` the control's state."""
        self._require_same(model)
        for variable, value in zip(model.variables, self.values, strict=True):
            variable.assign(value)
        align(self.model, model)

    def _require_same(self, model: Any) -> None:
        shapes = [[tuple(v.shape) for v in each.variables] for each in (self.model, model)]
        if shapes[0] != shapes[1]:
            raise BadInputError("the factory returns another model each time, so none compares")

    def _judged(self, remedy: str, model: Any) -> Trial:
        if remedy != CONTROL and self.outputs is not None:
            apart = share_apart(self.outputs, self._predicted(model), tolerance_of(model))
            if apart:
                raise BadInputError(
                    f"no remedy for this model: with it {max(apart, 0.01):.0%} of the outputs "
                    "differ before anything is saved"
                )
        report = check(model, self.x, self.y, self.weight, name=self.name)
        if remedy == CONTROL:
            self.report = report
        held = losses(try_weights(model).trips[0])
        self.steps[remedy] = step_costs.identify(model, self.fed, self.compiled)
        control = self.steps[CONTROL]
        words = {step: step_costs.words(self.steps[remedy][step], control[step]) for step in STEPS}
        return Trial(remedy, report, "", "whole" if held == NOTHING else held, words)

    def _predicted(self, model: Any) -> Any:
        with preserved(model):
            return self.fed.outputs(model)

    def timed(self, trials: list[Trial]) -> list[Trial]:
        """Return the trials with a time for each step that is not the control's."""
        control = self.steps[CONTROL]
        asked = {}
        for trial in trials:
            for step in STEPS if trial.whole else ():
                alone = step_costs.python_only(self.steps[trial.remedy][step], control[step])
                if alone is not None:
                    asked[trial.remedy, step] = alone
        if asked:
            names = ", ".join(f"{remedy} {step}" for remedy, step in asked)
            self.progress(f"timing what is not the same step: {names}")
        said = step_costs.measure(self.live, asked, self.fed, self.deadline, self.longest)
        return [
            replace(
                trial,
                steps={
                    step: f"{said[trial.remedy, step]}; {words}"
                    if (trial.remedy, step) in said
                    else words
                    for step, words in trial.steps.items()
                },
            )
            for trial in trials
        ]
