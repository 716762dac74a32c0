"""What a remedy's steps cost on this machine, beside the control's: nothing, exactly, or a time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from remedies import same_step
from remedies.devices import missing
from remedies.feed import Feed, spreading, tensors
from remedies.libraries import definer, of_framework
from remedies.patching import patched
from remedies.problem import reason
from remedies.same_step import Program, Step
from remedies.sampling import Budget, clock_for, sample

Make = Callable[[str], AbstractContextManager[Any]]
CONTROL, PLACEBO, NAME = "control", "placebo", "model"
LAUNCHES = 3
SECONDS = 1.5  # of sampling for each step in each launch


def identify(model: Any, fed: Feed, compiled: dict[str, Program]) -> dict[str, Step | str]:
    """Return what each step of `model` is, or in a line why that cannot be said."""
    steps: dict[str, Step | str] = {}
    model.name = NAME  # Grappler orders operations by the names of nodes
    with _feeding(model, fed):
        for step in same_step.STEPS:
            try:
                steps[step] = same_step.identify(
                    model, step, tensors(fed.x), _targets(fed), compiled
                )
            except Exception as error:  # it is a user's step: it may raise anything
                steps[step] = reason(error, 100)
    return steps


def words(step: Step | str, control: Step | str) -> str:
    """Say what is exact of two steps: that they are one, or what differs."""
    if isinstance(step, str) or isinstance(control, str):
        return f"not compared: {step if isinstance(step, str) else control}"
    return same_step.difference(step, control) or "same step"


def python_only(step: Step | str, control: Step | str) -> bool | None:
    """Whether the programs are equal and the Python is not; None where the steps are one."""
    if isinstance(step, str) or isinstance(control, str) or same_step.same(step, control):
        return None
    return step.program.fingerprint == control.program.fingerprint


def measure(
    make: Make,
    asked: Mapping[tuple[str, str], bool],
    fed: Feed,
    deadline: float,
    longest: float = 0.0,
) -> dict[tuple[str, str], str]:
    """Time steps that are not the control's beside it, in models that are made anew each time.

    Parameters
    ----------
    make : callable
        Returns a context in which the model of a remedy lives.
    asked : mapping
        (remedy, step) -> whether its Python alone differs: then that alone is timed, in seconds.
    deadline : float
        By `time.monotonic`; no launch starts that would end after it.
    longest : float
        Seconds that a launch is taken to last until one has been seen.

    Returns
    -------
    dict
        (remedy, step) -> the difference in words, or why there is none.
    """
    values: dict[tuple[str, str], list[float]] = {key: [] for key in asked}
    placebos: dict[tuple[str, bool], list[float]] = {
        (step, alone): [] for (_, step), alone in asked.items()
    }
    for _ in range(LAUNCHES if asked else 0):
        began = time.monotonic()
        if began + longest > deadline:
            break
        for (step, alone), own in placebos.items():
            names = [n for (n, s), a in asked.items() if (s, a) == (step, alone)]
            try:
                _launch(make, names, step, alone, fed, values, own)
            except Exception as error:  # it is a user's step: it may raise anything
                return dict.fromkeys(asked, f"not timed: {reason(error, 100)}")
        longest = time.monotonic() - began
    return {
        key: _said(own, placebos[key[1], asked[key]], not asked[key]) for key, own in values.items()
    }


def _launch(
    make: Make,
    names: list[str],
    step: str,
    alone: bool,
    fed: Feed,
    values: dict[tuple[str, str], list[float]],
    placebo: list[float],
) -> None:
    series: dict[str, Callable[[], object]] = {}
    clock = clock_for("cpu" if missing("gpu") else "gpu")
    budget = Budget(SECONDS, half_width=0.001, rounds=8)
    for name in random.sample([CONTROL, PLACEBO, *names], len(names) + 2):
        with make(CONTROL if name == PLACEBO else name) as model, _feeding(model, fed):
            series[name] = _step(model, step, fed, alone)
    sampled = sample(series, CONTROL, budget, clock=clock)
    taken = sampled.difference if alone else sampled.ratio
    placebo.append(taken(PLACEBO, CONTROL))
    for name in names:
        values[name, step].append(taken(name, CONTROL))


def _step(model: Any, step: str, fed: Feed, alone: bool) -> Callable[[], object]:
    """Return one call of a warm step, `alone` without its program: that returns its last result.

    Once it is traced it does not go through the user's methods any more.
    """
    inputs, targets = tensors(fed.x), _targets(fed)
    data = (inputs, targets) if step == "train" else (inputs,)

    def run() -> object:
        return getattr(model, f"{step}_on_batch")(*data)

    run()
    if alone:
        name = f"{step}_function"
        function, results = getattr(model, name), []

        def kept(given: Any) -> Any:
            results.append(function(given))
            return results[-1]

        setattr(model, name, kept)
        run()
        setattr(model, name, lambda given: results[-1])
    return run


def _said(values: list[float], placebo: list[float], ratios: bool) -> str:
    try:
        from remedies.intervals import intervals, judge
    except ImportError:
        return "not timed: pip install scipy for the interval"
    if len(values) < 2:
        return "not timed: the budget is spent"
    interval = intervals([{"remedy": values, PLACEBO: placebo}], ratios)[0]["remedy"]
    low, high = interval.low, interval.high
    where = f"{len(values)} makings in one process"
    if not ratios:
        scaled = [1e6 * value for value in (interval.center, low, high)]
        return "{:+.0f} µs a step [{:.0f}, {:.0f}]".format(*scaled) + f", {where}"
    shares = [100 * (value - 1) for value in (interval.center, low, high)]
    return (
        f"{judge(low, high).value}, {shares[0]:+.1f} % [{shares[1]:.1f}, {shares[2]:.1f}], {where}"
    )


def _targets(fed: Feed) -> Any:
    return None if fed.y is None else tensors(fed.y)


@contextmanager
def _feeding(model: Any, fed: Feed) -> Iterator[None]:
    """Feed `model` as `fit` does: several arguments, and no third part where there are no weights.

    A `train_step` of the user's own unpacks what `fit` gives; `train_on_batch` adds a None to it.
    """
    cls = type(model)
    original = cls.train_step

    def train_step(self: Any, data: Any) -> Any:
        return original(self, data[:2] if len(data) == 3 and data[2] is None else data)

    own = {} if of_framework(definer(cls, "train_step")) else {"train_step": train_step}
    with spreading(cls) if fed.spread else nullcontext(), patched(cls, own):
        yield
