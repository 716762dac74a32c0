"""Sample several series side by side, so that what disturbs one disturbs all."""

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Series = Mapping[str, Callable[[], object]]
Clock = Callable[[], float]
MOST_CLOCK_SHARE = 0.005
REDRAW_SECONDS = 0.2
REDRAW_SHARE = 0.2  # of the time, at most: what it costs grows with the model
NORMAL_99 = 2.576  # of a standard error: half a 99 % interval


@dataclass(frozen=True)
class Budget:
    """When to stop sampling."""

    seconds: float  # stop once this much time is spent
    half_width: float = 0.01  # or once half the 99 % interval of every ratio's median is so narrow
    rounds: int = 60  # but not before so many
    # A call is repeated within one sample until the sample lasts this long, and in any case until
    # the clock's own cost is less than `MOST_CLOCK_SHARE` of it. Many short samples tell more than
    # few long ones: what disturbs a machine then spoils some of them, and the median drops those.
    sample_seconds: float = 0.0


@dataclass(frozen=True)
class Sampled:
    """What one sampling measured."""

    samples: dict[str, list[float]]  # seconds by call; the same index is the same round
    clock_share: float  # of the shortest series' sample: the clock's and the loop's own cost

    def seconds(self, name: str) -> float:
        """Return the median of a series, in seconds."""
        return statistics.median(self.samples[name])

    def ratio(self, name: str, base: str) -> float:
        """Return the median over the rounds of one series' time by another's."""
        return statistics.median(ratios(self.samples[name], self.samples[base]))

    def difference(self, name: str, base: str) -> float:
        """Return the median over the rounds of one series' time less another's, in seconds."""
        return statistics.median(differences(self.samples[name], self.samples[base]))

    def error(self, name: str, base: str, ratio: bool = True) -> float:
        """Return the standard error of a ratio or a difference, 0 where rounds are too few."""
        paired = (ratios if ratio else differences)(self.samples[name], self.samples[base])
        reach = half_width(paired)
        return reach / NORMAL_99 if reach < math.inf else 0.0

    @property
    def rounds(self) -> int:
        """Return how many samples each series has."""
        return min(map(len, self.samples.values()))


def sample(
    series: Series,
    base: str,
    budget: Budget,
    *,
    clock: Clock = time.perf_counter,
    rng: random.Random | None = None,
    redraw: Callable[[], object] | None = None,
) -> Sampled:
    """Time every series once a round, in random order, until the ratios are precise enough.

    Parameters
    ----------
    series : mapping of str to callable
        What to time. Each is called until steady first; those calls are not kept.
    base : str
        The series that all ratios are taken to.
    budget : Budget
        When to stop.
    clock : callable
        Returns seconds, after all work that was asked for is done: it synchronises the device.
    rng : random.Random, optional
        Draws the order of each round.
    redraw : callable, optional
        Called every `REDRAW_SECONDS`, or as often as `REDRAW_SHARE` allows: it changes by chance
        what would bias one series as long as the process lives. One call of each series follows
        that is not kept.
    """
    rng = rng or random.Random()  # noqa: S311 - shuffles rounds, guards nothing
    with _no_garbage_collection():
        shortest = _warm_up(series, clock)
        overhead = statistics.median(_time(lambda: None, 1, clock) for _ in range(101))
        length = max(budget.sample_seconds, overhead / MOST_CLOCK_SHARE)
        number = max(1, math.ceil(length / shortest)) if shortest > 0 else 1
        samples: dict[str, list[float]] = {name: [] for name in series}
        started = clock()
        rounds, look, precise, next_draw = 0, budget.rounds, False, started
        while rounds < budget.rounds or (not precise and clock() - started < budget.seconds):
            if redraw and (drawing := clock()) >= next_draw:
                redraw()
                for call in series.values():
                    call()
                drawn = clock()
                next_draw = drawn + max(REDRAW_SECONDS, (drawn - drawing) * (1 / REDRAW_SHARE - 1))
            for name in rng.sample(list(series), len(series)):
                samples[name].append(_time(series[name], number, clock))
            rounds += 1
            if rounds == look:
                precise = _precise(samples, base, budget.half_width)
                # Each look is a chance to stop on a lucky streak: look ever less often.
                look = math.ceil(look * 1.25)
    return Sampled(samples, overhead / (number * shortest) if shortest > 0 else 0.0)


def ratios(samples: Sequence[float], base: Sequence[float]) -> list[float]:
    """Divide each sample by the base's of the same round."""
    return [value / other for value, other in zip(samples, base, strict=True)]


def differences(samples: Sequence[float], base: Sequence[float]) -> list[float]:
    """Subtract from each sample the base's of the same round."""
    return [value - other for value, other in zip(samples, base, strict=True)]


def half_width(values: Sequence[float]) -> float:
    """Return half the 99 % interval of the median, by ranks; infinite below 8 values.

    The ranks are those of the binomial distribution's normal approximation.
    """
    if len(values) < 8:
        return math.inf
    ordered = sorted(values)
    reach = NORMAL_99 * math.sqrt(len(values)) / 2
    low = max(0, math.floor((len(values) - 1) / 2 - reach))
    return (ordered[-1 - low] - ordered[low]) / 2


def clock_for(device: str) -> Clock:
    """Return a clock in seconds that first waits until `device` has done all it was given."""
    if device == "cpu":
        return time.perf_counter
    from remedies.devices import synchronise

    def synchronised() -> float:
        synchronise()
        return time.perf_counter()

    return synchronised


def work_clock(device: str) -> Clock:
    """Return a clock of the work that steps are: on a CPU the processor seconds of this process.

    What other processes do meanwhile does not count. It is for processes that compute in one
    thread (`remedies.devices.use_one_thread`): several threads' seconds would add up.
    """
    return time.process_time if device == "cpu" else clock_for(device)


def _time(call: Callable[[], object], number: int, clock: Clock) -> float:
    start = clock()
    for _ in range(number):
        call()
    return (clock() - start) / number


def _warm_up(series: Series, clock: Clock) -> float:
    """Call every series until rounds become no faster; return the shortest call's seconds."""
    first = [_time(call, 1, clock) for call in series.values()]
    block = 1 if sum(first) > 0.1 else 5
    before = sum(first)
    for _ in range(12):
        rounds = [[_time(call, 1, clock) for call in series.values()] for _ in range(block)]
        now = statistics.median(sum(times) for times in rounds)
        if now >= 0.95 * before:
            break
        before = now
    return float(min(statistics.median(times) for times in zip(*rounds, strict=True)))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _precise(samples: Mapping[str, Sequence[float]], base: str, half: float) -> bool:
    return all(
        half_width(ratios(taken, samples[base])) <= half
        for name, taken in samples.items()
        if name != base
    )
