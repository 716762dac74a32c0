"""Load and first step: from each round's numbers to entries."""

from benchmarks.axes import SERIES
from benchmarks.engine.loads import entries
from benchmarks.engine.settings import SETTINGS

ROUND = {name: {"load_fresh": 2.0, "peak_host_memory": 100} for name in SERIES}


def measured(rounds, size=""):
    found = list(entries(rounds, size))
    return {(e["metric"], e["parameters"]["remedy"]): e["measured"]["samples"] for e in found}


def test_each_round_of_fresh_processes_gives_one_ratio():
    slow = ROUND | {"placebo": {"load_fresh": 3.0, "peak_host_memory": 120}}
    found = measured([ROUND, slow])
    assert found["load_fresh", "placebo"] == [2.0, 3.0]
    assert found["load_fresh_ratio", "placebo"] == [1.0, 1.5]
    assert found["peak_host_memory", "placebo"] == [100, 120]


def test_the_reference_has_no_ratio_and_memory_none_at_all():
    found = measured([ROUND])
    assert ("load_fresh_ratio", "ops_where") not in found
    assert not any(metric == "peak_host_memory_ratio" for metric, _ in found)


def test_what_cannot_train_once_loaded_is_left_out():
    found = measured([ROUND | {"control": {}}])
    assert not any(remedy == "control" for _, remedy in found)
    assert ("load_fresh", "tf_cast") in found


def test_a_large_model_is_told_apart():
    assert {e["parameters"].get("size") for e in entries([ROUND], "large")} == {"large"}
    assert not any("size" in e["parameters"] for e in entries([ROUND], ""))


def test_only_the_articles_model_is_made_large():
    assert SETTINGS["full"].models("image") == ("", "large")
    assert SETTINGS["full"].models("attention") == ("",) == SETTINGS["quick"].models("image")
