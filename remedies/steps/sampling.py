"""Sample several series side by side, so that what disturbs one disturbs all."""

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
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


@dataclass(frozen=True)
class Sampled:
    """What one sampling measured."""

    samples: dict[str, list[float]]  # seconds by call; the same index is the same round
    clock_share: float  # of the shortest series' sample: the clock's and the loop's own cost

    @property
    def rounds(self) -> int:
        """Return how many samples each series has."""
        return min(map(len, self.samples.values()))

    def seconds(self, name: str) -> float:
        """Return the median of a series, in seconds."""
        return statistics.median(self.samples[name])

    def compared(self, name: str, base: str, ratio: bool = True) -> float:
        """Return the median over the rounds of a series' time by, or less, another's."""
        return statistics.median(self._paired(name, base, ratio))

    def error(self, name: str, base: str, ratio: bool = True) -> float:
        """Return the standard error of a ratio or a difference, 0 where rounds are too few."""
        reach = half_width(self._paired(name, base, ratio))
        return reach / NORMAL_99 if reach < math.inf else 0.0

    def precise(self, base: str, most: float) -> bool:
        """Return whether half the 99 % interval of every ratio to `base` is at most `most`."""
        others = [name for name in self.samples if name != base]
        return all(half_width(self._paired(name, base)) <= most for name in others)

    def _paired(self, name: str, base: str, ratio: bool = True) -> list[float]:
        pairs = zip(self.samples[name], self.samples[base], strict=True)
        return [value / other if ratio else value - other for value, other in pairs]


def sample(
    series: Series,
    base: str,
    budget: Budget,
    *,
    clock: Clock = time.perf_counter,
    rng: random.Random | None = None,
    redraw: Callable[[], object] | None = None,
) -> Sampled:
    """Time every series once a round, in random order, until all ratios to `base` are precise.

    Each series is called until steady first. `clock` returns seconds once all work that was asked
    for is done. `redraw` changes by chance what would bias one series as long as the process lives;
    it is called every `REDRAW_SECONDS`, or as often as `REDRAW_SHARE` allows.
    """
    rng = rng or random.Random()  # noqa: S311 - shuffles rounds, guards nothing
    gc.collect()
    with no_garbage_collection():
        shortest = max(1e-9, _warm_up(series, clock))
        overhead = statistics.median(_time(lambda: None, 1, clock) for _ in range(101))
        # Many short samples tell more than few long ones: what disturbs a machine then spoils some
        # of them, and the median drops those. The clock's own cost must not show in them.
        number = max(1, math.ceil(overhead / MOST_CLOCK_SHARE / shortest))
        sampled = Sampled({name: [] for name in series}, overhead / (number * shortest))
        next_draw = started = clock()
        rounds, look, precise = 0, budget.rounds, False
        while rounds < budget.rounds or (not precise and clock() - started < budget.seconds):
            if redraw and (drawing := clock()) >= next_draw:
                redraw()
                for call in series.values():  # the first call after it is not kept
                    call()
                drawn = clock()
                next_draw = drawn + max(REDRAW_SECONDS, (drawn - drawing) * (1 / REDRAW_SHARE - 1))
            for name in rng.sample(list(series), len(series)):
                sampled.samples[name].append(_time(series[name], number, clock))
            rounds += 1
            if rounds == look:
                precise = sampled.precise(base, budget.half_width)
                # Each look is a chance to stop on a lucky streak: look ever less often.
                look = math.ceil(look * 1.25)
    return sampled


def half_width(values: list[float]) -> float:
    """Return half the 99 % interval of the median, by ranks; infinite below 8 values.

    The ranks are those of the binomial distribution's normal approximation.
    """
    if len(values) < 8:
        return math.inf
    reach = NORMAL_99 * math.sqrt(len(values)) / 2
    low = max(0, math.floor((len(values) - 1) / 2 - reach))
    ordered = sorted(values)
    return (ordered[-1 - low] - ordered[low]) / 2


def clock_for(device: str) -> Clock:
    """Return a clock in seconds that first waits until `device` has done all it was given."""
    if device == "cpu":
        return time.perf_counter
    import tensorflow as tf

    def synchronised() -> float:
        tf.test.experimental.sync_devices()
        return time.perf_counter()

    return synchronised


def work_clock(device: str) -> Clock:
    """Return a clock of the work that steps are: on a CPU the processor seconds of this process.

    What other processes do meanwhile does not count. It is for processes that compute in one
    thread (`remedies.devices.use_one_thread`): several threads' seconds would add up.
    """
    return time.process_time if device == "cpu" else clock_for(device)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep Python from collecting garbage meanwhile."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _time(call: Callable[[], object], number: int, clock: Clock) -> float:
    start = clock()
    for _ in range(number):
        call()
    return (clock() - start) / number


def _warm_up(series: Series, clock: Clock) -> float:
    """Call every series until rounds become no faster; return the shortest call's seconds."""
    before = sum(_time(call, 1, clock) for call in series.values())
    block = 1 if before > 0.1 else 5
    for _ in range(12):
        rounds = [[_time(call, 1, clock) for call in series.values()] for _ in range(block)]
        now = statistics.median(sum(times) for times in rounds)
        if now >= 0.95 * before:
            break
        before = now
    return float(min(statistics.median(times) for times in zip(*rounds, strict=True)))
