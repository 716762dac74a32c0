"""What asv makes of the suite: few series, each with a value for every combination."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import suite
from benchmarks.measurement import commit
from benchmarks.session import Entry, Session
from benchmarks.suite import key, value
from remedies.metrics import METRICS

ROOT = Path(__file__).parents[2]
CLASSES = [
    each
    for each in vars(suite).values()
    if isinstance(each, type) and each.__module__ == "benchmarks.suite"
]


def test_asv_shows_at_most_40_series_with_units_and_labels_of_the_table():
    series = [item for each in CLASSES for item in vars(each).items() if item[0][:6] == "track_"]
    assert len(dict(series)) == len(series) <= 40
    for name, method in series:
        metric = METRICS[name.removeprefix("track_")]
        assert metric.history and (method.unit, method.pretty_name) == (metric.unit, metric.label)


def test_a_series_is_looked_up_by_cell_and_variant():
    session = Session("step_times", "image", "cpu", batch=32, launch=1)
    axes = {"jit": "xla", "step": "train", "remedy": "tf_cast", "mask_dtype": "float32"}
    own = key(session, Entry("step_ratio", 1.0, axes))
    assert own == ("step_ratio", "image batch32 cpu xla train", "tf_cast float32")
    assert all(name in names for name, names in zip(own[1:], suite.Steps.params, strict=True))


def test_equal_steps_cost_exactly_nothing_and_what_is_missing_is_not_a_number():
    ratio, extra = METRICS["step_ratio"], METRICS["python_extra_seconds"]
    values = {("program_differs", "c", "v"): [0], ("python_calls_differ", "c", "v"): [0]}
    assert value(ratio, values, [], "c", "v") == 1.0
    assert value(extra, values, [], "c", "v") == 0.0
    assert math.isnan(value(ratio, {("program_differs", "c", "v"): [1]}, [], "c", "v"))
    with pytest.raises(RuntimeError, match="killed"):
        value(ratio, {}, ["x: was killed"], "c", "v")


def test_launches_are_samples_and_counts_are_numbers():
    values = {("step_ratio", "c", "v"): [1.0, 1.1], ("compares", "c", "v"): [3.0]}
    samples = {"samples": [1.0, 1.1], "number": 1}
    assert value(METRICS["step_ratio"], values, [], "c", "v") == samples
    assert value(METRICS["compares"], values, [], "c", "v") == 3.0


def test_asv_run_stores_what_the_sessions_measured(tmp_path):
    """Plain asv, as a user runs it, on the two kinds of session that take no time."""
    from asv.results import iter_results_for_machine

    config = json.loads((ROOT / "asv.conf.json").read_text())
    folders = {"results_dir": "results", "html_dir": "html", "env_dir": "env"}
    config |= {name: str(tmp_path / folder) for name, folder in folders.items()}
    config |= {"repo": str(ROOT), "benchmark_dir": str(ROOT / "benchmarks")}
    (tmp_path / "asv.conf.json").write_text(json.dumps(config))
    home = {"HOME": str(tmp_path), "REMEDIES_SETTING": "smoke"}
    asv = [sys.executable, "-m", "asv"]
    options = {"cwd": tmp_path, "env": os.environ | home, "capture_output": True, "text": True}
    subprocess.run([*asv, "machine", "--yes", "--machine", "here"], check=True, **options)
    words = ["--python=same", "--machine=here", f"--set-commit-hash={commit()}"]
    done = subprocess.run([*asv, "run", *words, "--bench", "Recipes"], **options)
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = iter_results_for_machine(str(tmp_path / "results"), "here")
    name = "suite.Recipes.track_recipe_lines"
    values = result.get_result_value(name, result.get_result_params(name))
    assert len(values) >= 6
    assert all(number >= 0 for number in values)
