"""The GPU's own time in a step, from what its profiler wrote down."""

from types import SimpleNamespace as Told

import pytest

from benchmarks.engine.device_time import CALLS, ROUNDS, busy, device_times

MS = 10**9  # picoseconds


def stream(*spans, name="Stream #1(Compute)", timestamp_ns=0):
    events = [Told(offset_ps=start * MS, duration_ps=length * MS) for start, length in spans]
    return Told(name=name, timestamp_ns=timestamp_ns, events=events)


def gpu(*lines, name="/device:GPU:0"):
    return Told(name=name, lines=lines)


def test_gaps_are_not_work():
    assert busy([gpu(stream((0, 2), (5, 3)))]) == pytest.approx(0.005)


def test_what_runs_on_two_streams_at_once_counts_once():
    both = gpu(stream((0, 4)), stream((1, 1), (3, 2), name="Stream #2(MemcpyH2D)"))
    assert busy([both]) == pytest.approx(0.005)


def test_each_line_has_a_beginning_of_its_own():
    later = stream((0, 2), timestamp_ns=10**6)
    assert busy([gpu(stream((0, 2)), later)]) == pytest.approx(0.003)


def test_the_host_and_summaries_are_not_the_gpu():
    host = gpu(stream((0, 9)), name="/host:CPU")
    summary = gpu(stream((0, 9), name="XLA Modules"), stream((0, 1)))
    assert busy([host]) == 0
    assert busy([host, summary]) == pytest.approx(0.001)


def test_each_series_has_a_time_a_call_in_each_round():
    called = []

    def profiled(call):
        called.clear()
        call()
        return [gpu(stream((0, sum(called))))]

    series = {"fast": lambda: called.append(1), "slow": lambda: called.append(3)}
    found = device_times(series, profiled)
    assert found["fast"] == pytest.approx([0.001] * ROUNDS)
    assert found["slow"] == pytest.approx([0.003] * ROUNDS)
    assert len(called) == CALLS


def test_nothing_is_measured_where_the_profiler_sees_no_gpu():
    assert device_times({"step": lambda: None}, lambda call: [gpu(name="/host:CPU")]) == {}
