"""A whole step session on real models, at a budget of nothing."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.engine import steps
from benchmarks.engine.plan import SETTINGS, Session
from benchmarks.engine.sampling import Budget

TINY = replace(SETTINGS["quick"], step=Budget(0, rounds=15), first_steps=2)


@pytest.fixture(scope="module")
def entries():
    return list(steps.measure(Session("steps", "image", "cpu", "graph", 4), TINY))


def test_every_series_has_every_metric(entries):
    counted = Counter(entry["metric"] for entry in entries)
    series = len(steps.lines())
    assert counted["first_step"] == counted["predict_step"] == series
    assert counted["train_step"] == series + 1, "the yardstick is sampled beside the train steps"
    references = 2  # one for each mask dtype has no ratio to itself
    assert counted["train_step_ratio"] == counted["predict_step_ratio"] == series - references
    for kind in ("train", "predict", "kernel"):
        assert counted[f"cast_overhead_{kind}"] == 2


def test_every_time_is_positive_and_has_its_samples(entries):
    for entry in entries:
        expected = 2 if entry["metric"].startswith("first_step") else 15
        assert len(entry["measured"]["samples"]) == expected, entry["metric"]
        assert min(entry["measured"]["samples"]) > 0


def test_remedies_that_compute_something_else_are_not_timed(monkeypatch):
    def other(workload, remedy, **settings):
        model = real(workload, remedy, **settings)
        if remedy == "tf_cast":
            call = model.call
            model.call = lambda inputs: call(inputs) + 1
        return model

    real = steps.build
    monkeypatch.setattr(steps, "build", other)
    with pytest.raises(steps.StatesDifferError, match="tf_cast"):
        list(steps.measure(Session("steps", "image", "cpu", "graph", 4), TINY))
