"""Bare kernels: what they must move, and how their speed is held against a copy's."""

from dataclasses import replace

import pytest

from benchmarks.engine import kernels
from benchmarks.engine.kernels import NoCopyError, copied, entries, free_memory, kernel_bytes, lines
from benchmarks.engine.plan import Session, sessions
from benchmarks.engine.sampling import Budget, Sampled
from benchmarks.engine.settings import SETTINGS

TINY = replace(SETTINGS["quick"], kernel=Budget(0, rounds=3, sample_seconds=0), sizes=(400, 4000))
CPU = Session("kernels", "", "cpu")


def fake_times():
    return {str(line): [2.0, 4.0] for line in lines()} | {"copy": [1.0, 1.0]}


def table(found):
    return {(e["metric"], *e["parameters"].values()): e["measured"] for e in found}


def test_a_kernel_moves_its_mask_its_values_and_its_result():
    assert kernel_bytes(400, "bool") == 100 + 400 + 400
    assert kernel_bytes(400, "float32") == 400 + 400 + 400


def test_the_share_is_of_the_copy_in_the_same_round():
    found = table(entries(400, fake_times(), 8))
    assert found["kernel_copy",]["samples"] == [800.0, 800.0]
    assert found["kernel", "where", "xla", "bool"] == {"samples": [2.0, 4.0], "number": 8}
    assert found["kernel_bytes", "where", "graph", "bool"] == 900
    share = found["kernel_bandwidth", "where_cast", "xla", "float32"]["samples"]
    assert share == pytest.approx([1200 / 2 / 800, 1200 / 4 / 800])


def test_a_cast_is_held_against_where_on_a_bool_mask_compiled_alike():
    times = fake_times() | {"where, xla, bool mask": [1.0, 1.0]}
    found = table(entries(400, times, 1))
    assert found["kernel_ratio", "where_cast", "xla", "float32"]["samples"] == [2.0, 4.0]
    assert found["kernel_ratio", "where_cast", "graph", "bool"]["samples"] == [1.0, 1.0]
    assert ("kernel_ratio", "where", "xla", "bool") not in found


def test_a_copy_alone_reaches_its_own_share():
    times = {name: [1.0] for name in fake_times()}
    found = table(entries(400, times, 1))
    assert found["kernel_bandwidth", "where", "xla", "bool"]["samples"] == [900 / 800]


def test_where_takes_no_float_mask_without_a_cast():
    assert {line.mask_dtype for line in lines() if line.kernel == "where"} == {"bool"}
    assert {line.mask_dtype for line in lines() if line.kernel == "where_cast"} == {
        "bool",
        "float32",
    }


def test_sizes_that_take_more_than_an_eighth_of_free_memory_are_left_out(monkeypatch):
    monkeypatch.setattr(kernels, "free_memory", lambda device: 8 * 3.5 * 1000)
    monkeypatch.setattr(kernels, "calls", lambda size: {"copy": lambda: None})
    told = Sampled(fake_times(), 1, 0.0, steady=True, precise=True)
    monkeypatch.setattr(kernels, "sample", lambda *_, **__: told)
    sizes = (100, 1000, 1001)
    found = list(kernels.measure(CPU, replace(TINY, sizes=sizes), lambda: None))
    assert {entry["parameters"]["size"] for entry in found} == {100, 1000}


def test_where_nobody_tells_the_memory_four_gibibytes_are_taken(monkeypatch):
    def missing():
        raise ImportError

    monkeypatch.setattr(kernels, "_free_on_gpu", missing)
    assert free_memory("gpu") == 2**32


def test_a_real_session_measures_every_kernel_at_every_size():
    turns = []
    found = table(kernels.measure(CPU, TINY, lambda: turns.append("asked")))
    assert turns == ["asked"], "a session has one turn"
    casts = sum(line.kernel == "where_cast" for line in lines())
    assert len(found) == len(TINY.sizes) * (1 + 3 * len(lines()) + casts)
    for (metric, *_), measured in found.items():
        if metric != "kernel_bytes":
            assert len(measured["samples"]) == 3
            assert min(measured["samples"]) > 0


def test_real_kernels_compute_the_same_and_the_copy_copies():
    import numpy as np

    made = {name: call().numpy() for name, call in kernels.calls(400).items()}
    copy = made.pop("copy")
    assert copy.all(), "drawn values are not 0, so what is 0 below was masked"
    for name, result in made.items():
        np.testing.assert_array_equal(result, made["where, graph, bool mask"], err_msg=name)
    kept = made["where, xla, bool mask"] != 0
    assert 0 < kept.sum() < kept.size
    np.testing.assert_array_equal(made["where, xla, bool mask"][kept], copy[kept])


def test_an_identity_is_not_taken_for_a_copy():
    import tensorflow as tf

    values = tf.ones(3)
    with pytest.raises(NoCopyError):
        copied(lambda: tf.identity(values), values)
    with pytest.raises(NoCopyError):
        copied(lambda: values + 1, values)


def test_there_is_one_session_a_device():
    assert [s.device for s in sessions("kernels", SETTINGS["full"])] == ["cpu", "gpu"]
