"""The sampling engine, on a clock that only the series themselves move."""

import random

import pytest

from benchmarks.engine.sampling import Budget, half_width, ratios, sample


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
    taken, number = sample(series, {"slow": "fast"}, Budget(0, rounds=20), clock=machine.clock)
    assert number == 1
    assert taken["slow"] == pytest.approx([0.030] * 20)
    assert taken["fast"] == pytest.approx([0.010] * 20)
    assert ratios(taken["slow"], taken["fast"]) == pytest.approx([3.0] * 20)


def test_short_calls_are_repeated_until_a_sample_is_long_enough():
    machine = FakeMachine()
    series = {"a": machine.call("a", 0.0005), "b": machine.call("b", 0.004)}
    taken, number = sample(series, {}, Budget(0, sample_seconds=0.002), clock=machine.clock)
    assert number == 4
    assert taken["a"] == pytest.approx([0.0005] * len(taken["a"]))


def test_the_order_changes_from_round_to_round():
    machine = FakeMachine()
    series = {name: machine.call(name, 0.01) for name in "abc"}
    sample(series, {}, Budget(0, rounds=60), clock=machine.clock, rng=random.Random(1))
    rounds = ["".join(machine.calls[i : i + 3]) for i in range(15, len(machine.calls), 3)]
    assert all(sorted(order) == list("abc") for order in rounds)
    assert len(set(rounds)) == 6


def test_stops_early_once_every_ratio_is_known_well_enough():
    machine = FakeMachine(noise=0.02)
    series = {name: machine.call(name, 0.01) for name in "ab"}
    taken, _ = sample(series, {"a": "b"}, Budget(1000, half_width=0.005), clock=machine.clock)
    assert half_width(ratios(taken["a"], taken["b"])) <= 0.005
    assert machine.now < 100


def test_stops_at_the_budget_when_the_noise_is_too_great():
    machine = FakeMachine(noise=5.0)
    series = {name: machine.call(name, 0.01) for name in "ab"}
    sample(series, {"a": "b"}, Budget(10, half_width=0.0001), clock=machine.clock)
    assert 10 <= machine.now < 11


def test_a_known_slowdown_is_measured_as_such():
    machine = FakeMachine(noise=0.3)
    series = {"plain": machine.call("p", 0.010), "slower": machine.call("s", 0.0103)}
    taken, _ = sample(
        series, {"slower": "plain"}, Budget(1000, half_width=0.004), clock=machine.clock
    )
    found = sorted(ratios(taken["slower"], taken["plain"]))
    assert found[len(found) // 2] == pytest.approx(1.03, abs=0.008)


def test_garbage_collection_is_back_on_after_a_failure():
    import gc

    def broken():
        raise MemoryError

    machine = FakeMachine()
    with pytest.raises(MemoryError):
        sample({"a": broken}, {}, Budget(0), clock=machine.clock)
    assert gc.isenabled()
