"""What asv is told: numbers, n/a where nothing can be measured, failed where something broke."""

import math

import pytest

from benchmarks.engine.results import Results, entry

NAMES = ("workload", "remedy", "device")


@pytest.fixture
def results():
    found = Results()
    samples = {"samples": [1.0, 2.0], "number": 3}
    found.add({"workload": "image", "device": "cpu"}, [entry("save", samples, remedy="tf_cast")])
    found.failures.append(({"workload": "image", "device": "gpu"}, "session x: out of memory"))
    return found


def test_what_was_measured_comes_back_as_asv_wants_it(results):
    assert results.get("save", NAMES, ("image", "tf_cast", "cpu"))["samples"] == [1.0, 2.0]


def test_what_nobody_planned_is_not_applicable(results):
    assert math.isnan(results.get("save", NAMES, ("image", "control", "cpu")))
    assert math.isnan(results.get("load", NAMES, ("image", "tf_cast", "cpu")))


def test_what_failed_says_why_instead_of_being_not_applicable(results):
    with pytest.raises(RuntimeError, match="out of memory"):
        results.get("save", NAMES, ("image", "tf_cast", "gpu"))
