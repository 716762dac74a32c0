"""Whether a session can be believed, told from a made-up machine."""

import pytest

from benchmarks.engine import health
from benchmarks.engine.sampling import Sampled

QUIET = Sampled({"a": [1.0] * 31}, 1, 0.001, steady=True, precise=True)
WILD = Sampled({"a": [1.0] * 15}, 1, 0.02, steady=False, precise=False)


def watched(monkeypatch, after, device="cpu", own=0.0):
    ticks = iter([[0] * 8, after])
    monkeypatch.setattr(health, "_ticks", lambda: next(ticks))
    monkeypatch.setattr(health.os, "cpu_count", lambda: 4)
    times = iter([(0.0, 0.0), (own, 0.0)])
    monkeypatch.setattr(health.os, "times", lambda: next(times))
    clock = iter([0.0, 10.0])
    monkeypatch.setattr(health.time, "perf_counter", lambda: next(clock))
    with health.Watch(device) as watch:
        watch.add(QUIET)
        watch.add(WILD)
    return {e["metric"]: e["measured"]["samples"][0] for e in watch.entries()}


def test_time_that_others_use_and_that_the_hypervisor_takes_is_told_apart(monkeypatch):
    # Of 4 cores over 10 s: half idle, a tenth stolen; this process used 4 s of 40.
    found = watched(monkeypatch, [1600, 0, 0, 2000, 0, 0, 0, 400], own=4.0)
    assert found["session_steal"] == pytest.approx(0.1)
    assert found["session_foreign_load"] == pytest.approx(0.3)


def test_the_worst_sampling_speaks_for_the_session(monkeypatch):
    found = watched(monkeypatch, [0, 0, 0, 4000, 0, 0, 0, 0])
    assert found["session_clock_share"] == 0.02
    assert found["session_unsteady"] == found["session_precise"] == 0.5
    assert found["session_rounds"] == 15
    assert "session_throttled" not in found


def test_a_gpu_that_slows_down_is_told(monkeypatch):
    monkeypatch.setattr(health.gpu, "throttled", lambda: ["power cap"])
    monkeypatch.setattr(health.gpu, "temperature", lambda: 81.0)
    found = watched(monkeypatch, [0, 0, 0, 4000, 0, 0, 0, 0], device="gpu")
    assert (found["session_throttled"], found["session_celsius"]) == (1.0, 81.0)


def test_a_system_without_such_counters_says_nothing_wrong(monkeypatch):
    found = watched(monkeypatch, [0] * 8)
    assert found["session_steal"] == 0
