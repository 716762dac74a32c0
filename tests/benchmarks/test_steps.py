"""A whole step session on real models, at a budget of nothing."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.engine import first_steps, steps
from benchmarks.engine.line import Line, lines
from benchmarks.engine.plan import Session
from benchmarks.engine.sampling import Budget
from benchmarks.engine.settings import SETTINGS

TINY = replace(SETTINGS["smoke"], step=Budget(0, rounds=5), first_steps={"image": 2})
CELL = Session("steps", "image", "cpu", "graph", 4)


@pytest.fixture(scope="module")
def entries():
    turns = []
    found = list(steps.measure(CELL, TINY, lambda: turns.append("asked")))
    assert turns == ["asked"], "a session has one turn"
    return found


def test_every_line_has_every_metric(entries):
    counted = Counter(entry["metric"] for entry in entries)
    references = 2  # one for each mask dtype has no ratio to itself
    for metric in ("predict_step", "train_step_compiled", "predict_step_compiled"):
        assert counted[metric] == len(lines())
        assert counted[f"{metric}_ratio"] == len(lines()) - references
    assert counted["train_step"] == len(lines()) + 1, "the yardstick is sampled beside them"
    assert counted["train_step_ratio"] == len(lines()) - references
    for kind in ("train", "predict", "kernel"):
        assert counted[f"cast_overhead_{kind}"] == 2


def test_times_have_a_sample_a_round_and_ratios_one_a_launch(entries):
    for entry in entries:
        metric = entry["metric"]
        one = metric.endswith("_ratio") or metric.startswith(("cast_", "session_"))
        assert len(entry["measured"]["samples"]) == (1 if one else 5), metric
        if not metric.startswith("session_"):
            assert min(entry["measured"]["samples"]) > 0


def test_times_on_the_device_are_compared_within_a_mask_dtype():
    samples = {str(line): [1.0, 1.0, 1.0] for line in lines()}
    samples[str(Line("ops_where", "float32"))] = [2.0, 2.0, 2.0]
    found = {
        (e["metric"], *e["parameters"].values()): e["measured"]["samples"]
        for e in steps.device_entries("train_step_device", samples)
    }
    assert found["train_step_device_ratio", "tf_cast", "float32"] == [0.5]
    assert found["train_step_device_ratio", "tf_cast", "bool"] == [1.0]
    assert ("train_step_device_ratio", "ops_where", "bool") not in found
    assert not list(steps.device_entries("train_step_device", {}))


def test_a_cpu_has_no_time_of_a_device(entries):
    assert not [e for e in entries if "_device" in e["metric"]]


def test_the_session_says_how_well_it_went(entries):
    told = {e["metric"]: e["measured"]["samples"][0] for e in entries if "session" in e["metric"]}
    assert told["session_rounds"] == 5
    assert 0 <= told["session_clock_share"] <= 0.005


def test_a_first_step_is_the_sum_of_its_parts():
    found = list(first_steps.measure(replace(CELL, kind="first_steps"), TINY, lambda: None))
    taken = {
        (e["metric"], Line(e["parameters"]["remedy"], e["parameters"]["mask_dtype"])): e["measured"]
        for e in found
    }
    for line in lines():
        whole = taken["first_step", line]["samples"]
        parts = [taken[f"first_step_{part}", line]["samples"] for part in first_steps.PARTS]
        assert len(whole) == 2
        for total, trace, compiled, run in zip(whole, *parts, strict=True):
            assert trace > 0 and run > 0
            # Compiling is what the first call takes longer than the second, if it does.
            assert total == pytest.approx(trace + compiled + run) or compiled == 0


def test_remedies_that_compute_something_else_are_not_timed(monkeypatch):
    def other(session, line):
        model = real(session, line)
        if line.remedy == "tf_cast":
            call = model.call
            model.call = lambda inputs: call(inputs) + 1
        return model

    real = steps.new
    monkeypatch.setattr(steps, "new", other)
    with pytest.raises(steps.StatesDifferError, match="tf_cast"):
        list(steps.measure(CELL, TINY, lambda: None))
