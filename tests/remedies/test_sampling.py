"""Sampling, on a clock that only the series themselves move."""

import gc
import random
import sys
from unittest.mock import Mock

import pytest

from remedies.intervals import Word, intervals, judge
from remedies.steps.sampling import MOST_CLOCK_SHARE, Budget, clock_for, sample
from tests.benchmarks.machine import Machine


def timed(budget, noise=0.0, times=(("a", 0.01), ("b", 0.01)), machine=None, **more):
    """Return a machine on which series take `times`, and what sampling them to "b" measured."""
    machine = machine or Machine(noise)
    series = {name: machine.call(name, seconds) for name, seconds in dict(times).items()}
    return machine, sample(series, "b", budget, clock=machine.clock, **more)


def test_each_series_is_timed_once_a_round_by_its_own_duration():
    _, sampled = timed(Budget(0, rounds=20), times={"a": 0.030, "b": 0.010})
    assert sampled.samples["a"] == pytest.approx([0.030] * 20)
    assert sampled.seconds("b") == pytest.approx(0.010)
    assert sampled.compared("a", "b") == pytest.approx(3.0)
    assert sampled.compared("a", "b", ratio=False) == pytest.approx(0.020)


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
    machine, _ = timed(Budget(0, rounds=60), times=dict.fromkeys("abc", 0.01), rng=random.Random(1))
    rounds = ["".join(machine.calls[i : i + 3]) for i in range(0, len(machine.calls), 3)][-60:]
    assert all(sorted(order) == list("abc") for order in rounds)
    assert len(set(rounds)) == 6


def test_stops_once_every_ratio_is_precise_enough_or_the_budget_is_spent():
    machine, sampled = timed(Budget(1000, half_width=0.005), noise=0.02)
    assert sampled.precise("b", 0.005) and machine.now < 100
    machine, _ = timed(Budget(10, half_width=0.0001), noise=5.0)
    assert 10 <= machine.now < 12


def test_a_redraw_that_takes_long_is_made_less_often():
    machine, draws = Machine(noise=5.0), []

    def redraw():
        draws.append(machine.now)
        machine.now += 0.5

    timed(Budget(60, half_width=0.0001), machine=machine, redraw=redraw)
    assert 15 < len(draws) <= 25  # half a second each, in a fifth of a minute


@pytest.mark.parametrize("share", [0.01, 0.03])
def test_a_busy_wait_is_measured_as_such_and_a_copy_as_the_same(share):
    machine = Machine(noise=0.3)
    times = {"b": 0.010, "slower": 0.010 * (1 + share), "copy": 0.010}
    block = {"slower": [], "copy": []}
    for _ in range(8):
        # One seed for noise and order: a 99 % interval may miss once in a hundred runs.
        drawn = {"machine": machine, "rng": machine.random}
        _, sampled = timed(Budget(60, half_width=0), times=times, **drawn)
        for name, launches in block.items():
            launches.append(sampled.compared(name, "b"))
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
    with pytest.raises(MemoryError):
        sample({"a": Mock(side_effect=MemoryError)}, "a", Budget(0), clock=Machine().clock)
    assert gc.isenabled()
