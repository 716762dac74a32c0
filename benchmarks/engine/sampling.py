"""Sample several series side by side, so that what disturbs one disturbs all."""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Series = Mapping[str, Callable[[], object]]
Samples = dict[str, list[float]]


@dataclass(frozen=True)
class Budget:
    """When to stop sampling.

    Attributes
    ----------
    seconds : float
        Stop once this much time is spent.
    half_width : float
        Stop earlier, once half the 99 % interval of every ratio is this narrow.
    rounds : int
        Never stop before this many rounds; 15 or more keep asv's rank test able to fire.
    sample_seconds : float
        Repeat a call within one sample until the sample lasts about this long. Noise within a
        sample is not independent, so many short samples tell more than few long ones.
    """

    seconds: float
    half_width: float = 0.01
    rounds: int = 31
    sample_seconds: float = 0.001


def sample(
    series: Series,
    pairs: Mapping[str, str],
    budget: Budget,
    *,
    clock: Callable[[], float] = time.perf_counter,
    rng: random.Random | None = None,
) -> tuple[Samples, int]:
    """Time every series once a round, in random order, until the ratios are known well enough.

    Parameters
    ----------
    series : mapping of str to callable
        What to time. Each is called until warm first; those calls are not kept.
    pairs : mapping of str to str
        Series -> the series that its ratio is taken to.
    budget : Budget
        When to stop.
    clock : callable
        Seconds, after all work that was asked for is done: it synchronises the device.
    rng : random.Random, optional
        Draws the order of each round.

    Returns
    -------
    samples : dict of str to list of float
        Seconds per call; all lists have the same length, and the same index is the same round.
    number : int
        Calls in each sample.
    """
    rng = rng or random.Random()  # noqa: S311 - shuffles rounds, guards nothing
    number = _calls_per_sample(series, budget.sample_seconds, clock)
    samples: Samples = {name: [] for name in series}
    started = clock()
    rounds, look = 0, budget.rounds
    with _no_garbage_collection():
        while not _enough(samples, pairs, budget, look, clock() - started):
            # Each look is a chance to stop on a lucky streak: look rarely, at growing intervals.
            look = look if rounds < look else math.ceil(look * 1.25)
            for name in rng.sample(list(series), len(series)):
                samples[name].append(_time(series[name], number, clock))
            rounds += 1
    return samples, number


def _time(call: Callable[[], object], number: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(number):
        call()
    return (clock() - start) / number


def _calls_per_sample(series: Series, seconds: float, clock: Callable[[], float]) -> int:
    fastest = math.inf
    for call in series.values():
        fastest = min(fastest, *(_time(call, 1, clock) for _ in range(5)))
    return max(1, math.ceil(seconds / max(fastest, 1e-9)))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _enough(
    samples: Samples, pairs: Mapping[str, str], budget: Budget, look: int, spent: float
) -> bool:
    rounds = min(map(len, samples.values()))
    if rounds < budget.rounds:
        return False
    return spent >= budget.seconds or (
        rounds == look
        and all(
            half_width(ratios(samples[name], samples[base])) <= budget.half_width
            for name, base in pairs.items()
            if name != base
        )
    )


def ratios(samples: Sequence[float], base: Sequence[float]) -> list[float]:
    """Divide each sample by the base's of the same round (dimensionless)."""
    return [value / other for value, other in zip(samples, base, strict=True)]


def half_width(samples: Sequence[float]) -> float:
    """Return half the width of the 99 % interval of the median, as asv computes and stores it."""
    from asv_runner.statistics import compute_stats

    _, stats = compute_stats(samples, 1)
    return float((stats["ci_99_b"] - stats["ci_99_a"]) / 2)
