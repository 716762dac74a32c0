"""What asv is asked for: what was measured, what failed, and nothing else."""

import itertools
import json
import pkgutil
import re
from importlib import import_module

import pytest

import benchmarks
from benchmarks.axes import AXES
from benchmarks.engine.plan import Session
from benchmarks.engine.selection import selection
from benchmarks.engine.store import Store

CELL = Session("steps", "image", "cpu", "xla", 32)


def _classes():
    for module in pkgutil.iter_modules(benchmarks.__path__, "benchmarks."):
        if not module.name.endswith("__main__"):
            classes = vars(import_module(module.name)).values()
            yield from (c for c in classes if isinstance(c, type) and hasattr(c, "params"))


def _names():
    """Yield each benchmark as asv names it: with the text of its parameters."""
    for own in _classes():
        for name in dir(own):
            if name.startswith("track_"):
                for values in itertools.product(*own.params):
                    told = ", ".join(map(repr, values))
                    module = own.__module__.removeprefix("benchmarks.")
                    yield f"{module}.{own.__name__}.{name}({told})"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def _keep(store, session, *entries):
    outcome = {"status": "done", "entries": list(entries)}
    store.file(session).write_text(json.dumps(outcome))


def _entry(metric, **parameters):
    return {"metric": metric, "parameters": parameters, "measured": 1.0}


def _asked(store, setting="wide"):
    patterns = list(selection(setting, store))
    return {name for name in _names() if any(re.search(p, name) for p in patterns)}


def test_every_benchmark_takes_its_parameters_in_one_order():
    for own in _classes():
        if not set(own.param_names) <= {"fact", "failure", "results"}:
            assert list(own.param_names) == sorted(own.param_names, key=AXES.index), own


def test_asv_is_asked_for_exactly_what_was_measured(store):
    line = {"remedy": "tf_cast", "mask_dtype": "float32"}
    _keep(store, CELL, _entry("train_step", **line), _entry("session_rounds"))
    facts = {name for name in _asked(store) if not name.startswith("environment.")}
    assert facts == {
        "steps.ImageSteps.track_train_step('image', 'tf_cast', 'cpu', 'xla', 'float32', 32)",
        "steps.ImageHealth.track_session_rounds('image', 'cpu', 'xla', 32)",
    }


def test_jax_and_tensorflow_are_not_taken_for_each_other(store):
    line = {"remedy": "ops_where", "mask_dtype": "bool"}
    on_jax = Session("steps", "image", "cpu", "xla", 32, backend="jax")
    _keep(store, on_jax, _entry("train_step", **line))
    [name] = [name for name in _asked(store) if name.startswith("steps.")]
    assert name.startswith("steps.JaxSteps.track_train_step('jax', 'image', 'ops_where'")


def test_what_a_failed_session_should_have_measured_is_asked_for(store):
    store.fail(CELL, "ran out of memory")
    asked = _asked(store)
    rows = [name for name in asked if name.startswith("steps.ImageSteps.track_train_step(")]
    assert rows and all("'image'" in row and "'xla'" in row and "32)" in row for row in rows)
    assert not any("'inpaint'" in name or "'graph'" in name for name in asked)


def test_nothing_measured_is_only_the_facts(store):
    assert {name.split(".")[0] for name in _asked(store)} == {"environment"}
    assert {name.split(".")[0] for name in _asked(store, "full")} == {"environment", "reports"}


def test_metrics_of_the_same_cells_are_named_once(store):
    line = {"remedy": "tf_cast", "mask_dtype": "bool", "jit": "graph"}
    several = [_entry(f"{kind}_lost", **line) for kind in ("weights", "iterations")]
    _keep(store, Session("fidelity", "image", "cpu"), *several)
    [_, pattern] = selection("wide", store)
    assert pattern.count("tf_cast") == 1
