"""The sampling engine, on a clock that only the series themselves move."""

import random

import pytest

from benchmarks.engine.sampling import (
    MOST_CLOCK_SHARE,
    Budget,
    half_width,
    paired,
    ratios,
    sample,
)
from reports.launches import intervals


class FakeMachine:
    """A clock in seconds, and calls that each take a stated time on it."""

    def __init__(self, noise=0.0):
        self.now = 0.0
        self.calls = []
        self.random = random.Random(0)
        self.noise = noise

    def clock(self):
        return self.now

    def call(self, name, seconds):
        def run():
            self.calls.append(name)
            self.now += seconds * (1 + self.noise * self.random.random())

        return run


def test_each_series_is_timed_once_a_round_by_its_own_duration():
    machine = FakeMachine()
    series = {"slow": machine.call("slow", 0.030), "fast": machine.call("fast", 0.010)}
    found = sample(series, {"slow": "fast"}, Budget(0, rounds=20), clock=machine.clock)
    assert found.number == 1
    assert found.samples["slow"] == pytest.approx([0.030] * 20)
    assert found.samples["fast"] == pytest.approx([0.010] * 20)
    assert paired(found.samples["slow"], found.samples["fast"])["samples"] == pytest.approx([3.0])


def test_short_calls_are_repeated_until_a_sample_is_long_enough():
    machine = FakeMachine()
    series = {"a": machine.call("a", 0.0005), "b": machine.call("b", 0.004)}
    found = sample(series, {}, Budget(0, sample_seconds=0.002), clock=machine.clock)
    assert found.number == 4
    assert found.samples["a"] == pytest.approx([0.0005] * 31)


def test_a_sample_is_long_enough_for_the_clock_not_to_matter():
    machine = FakeMachine()

    def slow_clock():
        machine.now += 0.0001
        return machine.now

    found = sample({"a": machine.call("a", 0.001)}, {}, Budget(0), clock=slow_clock)
    # A pair of readings costs 0.1 ms of its own: 0.5 % of 20 ms.
    assert found.number in (19, 20)
    assert 0 < found.clock_share <= MOST_CLOCK_SHARE


def test_warm_up_goes_on_until_rounds_no_longer_become_faster():
    machine, calls = FakeMachine(), iter(range(1000))

    def becoming_faster():
        machine.now += 0.01 * max(1, 2 ** (9 - next(calls)))

    found = sample({"a": becoming_faster}, {}, Budget(0, rounds=20), clock=machine.clock)
    assert found.steady
    assert found.samples["a"] == pytest.approx([0.01] * 20)


def test_a_series_that_never_becomes_steady_is_reported_as_such():
    machine = FakeMachine()
    duration = [10.0]

    def ever_faster():
        duration[0] *= 0.9
        machine.now += duration[0]

    assert not sample({"a": ever_faster}, {}, Budget(0, rounds=3), clock=machine.clock).steady


def test_the_order_changes_from_round_to_round():
    machine = FakeMachine()
    series = {name: machine.call(name, 0.01) for name in "abc"}
    sample(series, {}, Budget(0, rounds=60), clock=machine.clock, rng=random.Random(1))
    rounds = ["".join(machine.calls[i : i + 3]) for i in range(0, len(machine.calls), 3)][-60:]
    assert all(sorted(order) == list("abc") for order in rounds)
    assert len(set(rounds)) == 6


def test_stops_early_once_every_ratio_is_known_well_enough():
    machine = FakeMachine(noise=0.02)
    series = {name: machine.call(name, 0.01) for name in "ab"}
    found = sample(series, {"a": "b"}, Budget(1000, half_width=0.005), clock=machine.clock)
    assert half_width(ratios(found.samples["a"], found.samples["b"])) <= 0.005
    assert found.precise
    assert machine.now < 100


def test_stops_at_the_budget_when_the_noise_is_too_great():
    machine = FakeMachine(noise=5.0)
    series = {name: machine.call(name, 0.01) for name in "ab"}
    found = sample(series, {"a": "b"}, Budget(10, half_width=0.0001), clock=machine.clock)
    assert 10 <= machine.now < 12
    assert not found.precise


@pytest.mark.parametrize("share", [0.01, 0.03])
def test_a_known_slowdown_is_measured_as_such(share):
    machine = FakeMachine(noise=0.3)
    times = {"plain": 0.010, "slower": 0.010 * (1 + share), "same": 0.010}
    launches = []
    for _ in range(8):
        series = {name: machine.call(name, seconds) for name, seconds in times.items()}
        pairs = dict.fromkeys(("slower", "same"), "plain")
        # One seed for noise and order: a 99 % interval may miss once in a hundred runs.
        drawn = {"clock": machine.clock, "rng": machine.random}
        found = sample(series, pairs, Budget(60, half_width=0), **drawn).samples
        launches.append({name: paired(found[name], found["plain"])["samples"] for name in pairs})
    cell = {name: [one for launch in launches for one in launch[name]] for name in launches[0]}
    known = intervals([cell])
    assert known["slower"].low <= 1 + share <= known["slower"].high
    assert known["slower"].low > 1
    assert known["same"].low <= 1 <= known["same"].high


def test_garbage_collection_is_back_on_after_a_failure():
    import gc

    def broken():
        raise MemoryError

    machine = FakeMachine()
    with pytest.raises(MemoryError):
        sample({"a": broken}, {}, Budget(0), clock=machine.clock)
    assert gc.isenabled()
