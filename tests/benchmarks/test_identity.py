"""What is timed: distinct programs once, other Python alone, equal steps never."""

import pytest

from benchmarks.identity import classes
from benchmarks.session import Entry, Session
from benchmarks.step_times import entries
from benchmarks.variants import Variant, variants
from remedies.steps.sampling import Sampled

CELL = {"jit": "xla", "step": "train"}


def identity(programs, pythons, source=""):
    """Return an identity session's entries; (remedy, dtype) -> fingerprint, bool's by default."""
    for variant in variants(Session("identity", "image")):
        key = variant.remedy, variant.mask_dtype
        axes = {**CELL, **variant.axes, **({"source": source} if source else {})}
        program = programs.get(key, f"P-{variant.mask_dtype}")
        yield Entry("program_differs", program != "P-bool", axes, program)
        python = pythons.get(key, "Y")
        yield Entry("python_calls_differ", 0 if python == "Y" else 54, axes, python)


def of(*identities):
    (made,) = classes(entry for each in identities for entry in each).values()
    return made


def test_equal_steps_are_timed_once_each_and_other_python_alone():
    functional = {("functional_bool_input", d): "Z" for d in ("bool", "float32")}
    made = of(identity({}, functional))
    assert made.timed() == [Variant("", "ops_where", "float32"), Variant("", "ops_where", "bool")]
    assert [v.remedy for v in made.other_python()] == ["functional_bool_input"]


def test_withheld_python_is_never_taken_for_equal():
    made = of(identity({}, {("tf_cast", "bool"): ""}))
    assert Variant("", "tf_cast", "bool") not in made.python
    assert made.other_python() == []


def test_a_base_and_a_head_that_are_one_step_are_not_timed():
    made = of(identity({}, {}, "base"), identity({}, {}, "head"))
    assert made.timed() == []
    assert made.other_python() == []


def test_a_head_whose_program_differs_is_timed_against_its_own_base():
    slower = {("tf_cast", "bool"): "other"}
    made = of(identity({}, {}, "base"), identity(slower, {}, "head"))
    assert set(made.timed()) == {
        Variant("head", "tf_cast", "bool"),
        Variant("base", "ops_where", "bool"),
    }


def test_all_names_of_a_step_share_its_time():
    made = of(identity({}, {}))
    plain, cast = (str(Variant("", "ops_where", dtype)) for dtype in ("bool", "float32"))
    sampled = Sampled({plain: [1.0, 2.0], cast: [1.1, 2.2], "placebo": [1.0, 2.0]}, 0.0)
    by_metric = {"step_seconds": {}, "step_ratio": {}}
    for entry in entries(made, sampled, CELL):
        by_metric[entry.metric][entry.axes["remedy"], entry.axes["mask_dtype"]] = entry.value
    assert len(by_metric["step_seconds"]) == 9
    assert by_metric["step_seconds"]["control", "bool"] == 1.5
    assert by_metric["step_ratio"] == {
        ("tf_cast", "float32"): pytest.approx(1.1),
        ("functional_bool_input", "float32"): pytest.approx(1.1),
        ("ops_where", "float32"): pytest.approx(1.1),
        ("placebo", "bool"): 1.0,
    }
