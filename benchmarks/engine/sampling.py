"""Sample several series side by side, so that what disturbs one disturbs all."""

from __future__ import annotations

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Series = Mapping[str, Callable[[], object]]
Samples = dict[str, list[float]]
MOST_CLOCK_SHARE = 0.005


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
        Repeat a call within one sample until the sample lasts about this long, and in any case
        until the clock's own cost is less than `MOST_CLOCK_SHARE` of it. Noise within a sample is
        not independent, so many short samples tell more than few long ones.
    """

    seconds: float
    half_width: float = 0.01
    rounds: int = 31
    sample_seconds: float = 0.001


@dataclass(frozen=True)
class Sampled:
    """What one sampling found, and how it went.

    Attributes
    ----------
    samples : dict of str to list of float
        Seconds per call; all lists have the same length, and the same index is the same round.
    number : int
        Calls in each sample.
    clock_share : float
        The share of the shortest series' sample that is the clock's and the loop's own cost.
    steady : bool
        Whether the warm-up ended because rounds no longer became faster.
    precise : bool
        Whether sampling ended because every ratio was known well enough, not at the budget.
    """

    samples: Samples
    number: int
    clock_share: float
    steady: bool
    precise: bool


def sample(
    series: Series,
    pairs: Mapping[str, str],
    budget: Budget,
    *,
    clock: Callable[[], float] = time.perf_counter,
    rng: random.Random | None = None,
) -> Sampled:
    """Time every series once a round, in random order, until the ratios are known well enough.

    Parameters
    ----------
    series : mapping of str to callable
        What to time. Each is called until steady first; those calls are not kept.
    pairs : mapping of str to str
        Series -> the series that its ratio is taken to.
    budget : Budget
        When to stop.
    clock : callable
        Seconds, after all work that was asked for is done: it synchronises the device.
    rng : random.Random, optional
        Draws the order of each round.
    """
    rng = rng or random.Random()  # noqa: S311 - shuffles rounds, guards nothing
    with _no_garbage_collection():
        shortest, steady = _warm_up(series, clock)
        overhead = _overhead(clock)
        wanted = max(budget.sample_seconds, overhead / MOST_CLOCK_SHARE)
        number = max(1, math.ceil(wanted / shortest)) if shortest > 0 else 1
        samples: Samples = {name: [] for name in series}
        started = clock()
        rounds, look, precise = 0, budget.rounds, False
        while rounds < budget.rounds or (not precise and clock() - started < budget.seconds):
            for name in rng.sample(list(series), len(series)):
                samples[name].append(_time(series[name], number, clock))
            rounds += 1
            if rounds == look:
                precise = _precise(samples, pairs, budget.half_width)
                # Each look is a chance to stop on a lucky streak: look rarely, ever less often.
                look = math.ceil(look * 1.25)
    share = overhead / (number * shortest) if shortest > 0 else 0.0
    return Sampled(samples, number, share, steady, precise)


def _time(call: Callable[[], object], number: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(number):
        call()
    return (clock() - start) / number


def _overhead(clock: Callable[[], float]) -> float:
    """Return the seconds that timing nothing takes."""
    return statistics.median(_time(lambda: None, 1, clock) for _ in range(101))


def _warm_up(series: Series, clock: Callable[[], float]) -> tuple[float, bool]:
    """Call every series until rounds no longer become faster.

    Returns
    -------
    shortest : float
        Seconds of the fastest series' median call in the last rounds.
    steady : bool
        False where each of twelve blocks of rounds was clearly faster than the one before.
    """
    first = [_time(call, 1, clock) for call in series.values()]
    block = 1 if sum(first) > 0.1 else 5
    before, steady = sum(first), False
    for _ in range(12):
        rounds = [[_time(call, 1, clock) for call in series.values()] for _ in range(block)]
        now = statistics.median(sum(times) for times in rounds)
        if steady := now >= 0.95 * before:
            break
        before = now
    return min(statistics.median(times) for times in zip(*rounds, strict=True)), steady


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _precise(samples: Samples, pairs: Mapping[str, str], wanted: float) -> bool:
    return all(
        half_width(ratios(samples[name], samples[base])) <= wanted
        for name, base in pairs.items()
        if name != base
    )


def ratios(samples: Sequence[float], base: Sequence[float]) -> list[float]:
    """Divide each sample by the base's of the same round (dimensionless)."""
    return [value / other for value, other in zip(samples, base, strict=True)]


def paired(samples: Sequence[float], base: Sequence[float]) -> dict[str, Any]:
    """Return this launch's estimate of a ratio, one sample for asv: the median over its rounds."""
    return {"samples": [statistics.median(ratios(samples, base))], "number": 1}


def half_width(samples: Sequence[float]) -> float:
    """Return half the width of the 99 % interval of the median, as asv computes and stores it."""
    from asv_runner.statistics import compute_stats

    _, stats = compute_stats(samples, 1)
    return float((stats["ci_99_b"] - stats["ci_99_a"]) / 2)
