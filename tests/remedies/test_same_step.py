"""Step identity, on real TensorFlow: what is one step, and what makes another of it."""

import pytest

from remedies import REMEDIES, WORKLOADS, build
from remedies.steps import same_step


def identify(remedy, jit="xla", dtype="bool", change=lambda model: None):
    import keras

    data = WORKLOADS["image"].data(8, dtype)
    inputs, targets = keras.tree.map_structure(keras.ops.convert_to_tensor, data)
    keras.utils.clear_session(free_memory=False)
    model = build("image", remedy, jit=jit == "xla")
    model.name = "model"
    change(model)
    return {s: same_step.identify(model, s, inputs, targets) for s in same_step.STEPS}


@pytest.fixture(scope="module")
def identified():
    """Return (jit, step) -> (remedy, mask dtype) -> Step for the article's workload."""
    cells = {(jit, step): {} for jit in ("graph", "xla") for step in same_step.STEPS}
    for jit in ("graph", "xla"):
        for remedy in REMEDIES.values():
            for dtype in remedy.mask_dtypes:
                for name, step in identify(remedy.name, jit, dtype).items():
                    cells[jit, name][remedy.name, dtype] = step
    return cells


@pytest.mark.parametrize("jit", ["graph", "xla"])
def test_on_bool_masks_only_the_functional_model_differs_in_python_alone(identified, jit):
    for step in same_step.STEPS:
        assert len({identified[jit, step][name, "bool"].program for name in REMEDIES}) == 1
    functional, plain = ("functional_bool_input", "bool"), ("ops_where", "bool")
    own, reference = (identified[jit, "train"][key] for key in (functional, plain))
    assert same_step.calls_that_differ(own.calls, reference.calls) > 0
    assert "Python calls, most of " in same_step.difference(own, reference)
    added, _ = same_step.changes(own.calls, reference.calls)
    assert "keras/src/layers/layer.py metrics" in added
    own, reference = (identified[jit, "predict"][key] for key in (functional, plain))
    assert same_step.difference(own, reference) == ""


def test_a_float_mask_is_another_program_and_says_by_what(identified):
    xla, graph = identified["xla", "train"], identified["graph", "train"]
    difference = same_step.difference(xla["tf_cast", "float32"], xla["ops_where", "bool"])
    assert difference.startswith("+1 compare")
    difference = same_step.difference(graph["tf_cast", "float32"], graph["control", "bool"])
    assert difference.startswith("+1 convert")


def test_groups_are_numbered_from_the_reference(identified):
    groups = same_step.group(identified["xla", "train"], ("ops_where", "bool"))
    assert {groups[name, "bool"] for name in ("ops_where", "control", "tf_cast")} == {0}
    assert groups["tf_cast", "float32"] == groups["ops_where", "float32"] > 0
    assert len(set(groups.values())) == 4


def test_one_added_python_call_is_another_step():
    def one_more_call(model):
        step = model.train_on_batch
        model.train_on_batch = lambda *batch: (step(*batch), len("one more"))

    plain, other = identify("ops_where"), identify("ops_where", change=one_more_call)
    assert other["train"].program == plain["train"].program
    assert same_step.difference(other["train"], plain["train"]).startswith("+2 Python calls")
    assert same_step.difference(other["predict"], plain["predict"]) == ""


def test_one_added_comparison_is_another_program():
    import tensorflow as tf

    def compare_more(model):
        call = model.call
        model.call = lambda inputs: tf.where(call(inputs) > 0.25, call(inputs), 0.0)

    plain, other = identify("ops_where"), identify("ops_where", change=compare_more)
    assert "compare" in same_step.difference(other["predict"], plain["predict"])


def test_python_that_changes_from_step_to_step_is_withheld():
    def restless(model):
        step, count = model.train_on_batch, iter(range(100))
        model.train_on_batch = lambda *batch: [
            step(*batch),
            *(len("x") for _ in range(next(count))),
        ]

    step = identify("ops_where", change=restless)["train"]
    assert step.calls is None
    assert "not compared" in same_step.difference(step, step)
