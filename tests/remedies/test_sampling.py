"""Sampling, on a clock that only the series themselves move."""

import gc
import random
import sys
from unittest.mock import Mock

import pytest

from remedies.intervals import Word, intervals, judge
from remedies.steps.sampling import MOST_CLOCK_SHARE, Budget, clock_for, sample
from tests.benchmarks.machine import Machine


def test_each_series_is_timed_once_a_round_by_its_own_duration():
    machine = Machine()
    series = {"slow": machine.call("slow", 0.030), "fast": machine.call("fast", 0.010)}
    sampled = sample(series, "fast", Budget(0, rounds=20), clock=machine.clock)
    assert sampled.samples["slow"] == pytest.approx([0.030] * 20)
    assert sampled.seconds("fast") == pytest.approx(0.010)
    assert sampled.compared("slow", "fast") == pytest.approx(3.0)
    assert sampled.compared("slow", "fast", ratio=False) == pytest.approx(0.020)


def test_a_sample_is_long_enough_for_the_clock_not_to_matter():
    machine = Machine()

    def slow_clock():
        machine.now += 0.0001
        return machine.now

    sampled = sample({"a": machine.call("a", 0.001)}, "a", Budget(0, rounds=1), clock=slow_clock)
    assert 0 < sampled.clock_share <= MOST_CLOCK_SHARE


def test_warm_up_goes_on_until_rounds_become_no_faster():
    machine, calls = Machine(), iter(range(1000))

    def becoming_faster():
        machine.now += 0.01 * max(1, 2 ** (9 - next(calls)))

    sampled = sample({"a": becoming_faster}, "a", Budget(0, rounds=20), clock=machine.clock)
    assert sampled.samples["a"] == pytest.approx([0.01] * 20)


def test_the_order_changes_from_round_to_round():
    machine = Machine()
    series = {name: machine.call(name, 0.01) for name in "abc"}
    sample(series, "a", Budget(0, rounds=60), clock=machine.clock, rng=random.Random(1))
    rounds = ["".join(machine.calls[i : i + 3]) for i in range(0, len(machine.calls), 3)][-60:]
    assert all(sorted(order) == list("abc") for order in rounds)
    assert len(set(rounds)) == 6


def test_stops_early_once_every_ratio_is_precise_enough():
    machine = Machine(noise=0.02)
    series = {name: machine.call(name, 0.01) for name in "ab"}
    sampled = sample(series, "b", Budget(1000, half_width=0.005), clock=machine.clock)
    assert sampled.precise("b", 0.005)
    assert machine.now < 100


def test_stops_at_the_budget_when_the_noise_is_too_great():
    machine = Machine(noise=5.0)
    series = {name: machine.call(name, 0.01) for name in "ab"}
    sample(series, "b", Budget(10, half_width=0.0001), clock=machine.clock)
    assert 10 <= machine.now < 12


def test_a_redraw_that_takes_long_is_made_less_often():
    machine = Machine(noise=5.0)
    series = {name: machine.call(name, 0.01) for name in "ab"}
    draws = []

    def redraw():
        draws.append(machine.now)
        machine.now += 0.5

    budget = Budget(60, half_width=0.0001)
    sample(series, "a", budget, clock=machine.clock, redraw=redraw)
    assert 15 < len(draws) <= 25  # half a second each, in a fifth of a minute


@pytest.mark.parametrize("share", [0.01, 0.03])
def test_a_busy_wait_is_measured_as_such_and_a_copy_as_the_same(share):
    machine = Machine(noise=0.3)
    times = {"plain": 0.010, "slower": 0.010 * (1 + share), "copy": 0.010}
    block = {"slower": [], "copy": []}
    for _ in range(8):
        series = {name: machine.call(name, seconds) for name, seconds in times.items()}
        # One seed for noise and order: a 99 % interval may miss once in a hundred runs.
        drawn = {"clock": machine.clock, "rng": machine.random}
        sampled = sample(series, "plain", Budget(60, half_width=0), **drawn)
        for name, launches in block.items():
            launches.append(sampled.compared(name, "plain"))
    measured = intervals([block])[0]
    assert measured["slower"].low <= 1 + share <= measured["slower"].high
    assert measured["slower"].low > 1
    assert judge(measured["copy"].low, measured["copy"].high) is Word.SAME


def test_the_clock_of_a_gpu_waits_until_it_is_done(monkeypatch):
    tensorflow = Mock()
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    clock_for("gpu")()
    clock_for("cpu")()
    assert tensorflow.test.experimental.sync_devices.call_count == 1


def test_garbage_collection_is_back_on_after_a_failure():
    def broken():
        raise MemoryError

    with pytest.raises(MemoryError):
        sample({"a": broken}, "a", Budget(0), clock=Machine().clock)
    assert gc.isenabled()
