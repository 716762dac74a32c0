"""Step identity, on real TensorFlow: what is one step, and what makes another of it."""

import pytest

from remedies import REMEDIES, WORKLOADS, build
from remedies.steps import same_step


@pytest.fixture(scope="module")
def identified():
    """Return (jit, remedy, mask dtype, step) -> Step for the article's workload."""
    import keras

    every = {}
    for jit in ("graph", "xla"):
        for remedy in REMEDIES.values():
            for dtype in remedy.mask_dtypes:
                every |= {
                    (jit, remedy.name, dtype, name): step
                    for name, step in identify(keras, remedy.name, jit, dtype).items()
                }
    return every


def identify(keras, remedy, jit="xla", dtype="bool", change=lambda model: None):
    data = WORKLOADS["image"].data(8, dtype)
    inputs, targets = keras.tree.map_structure(keras.ops.convert_to_tensor, data)
    keras.utils.clear_session(free_memory=False)
    model = build("image", remedy, jit=jit == "xla")
    model.name = "model"
    change(model)
    return {s: same_step.identify(model, s, inputs, targets) for s in same_step.STEPS}


@pytest.mark.parametrize("jit", ["graph", "xla"])
@pytest.mark.parametrize("step", same_step.STEPS)
def test_every_remedy_runs_one_program_on_a_bool_mask(identified, jit, step):
    programs = {identified[jit, name, "bool", step].program for name in REMEDIES}
    assert len(programs) == 1


@pytest.mark.parametrize("jit", ["graph", "xla"])
def test_the_functional_model_differs_in_python_alone_and_only_in_training(identified, jit):
    plain = identified[jit, "ops_where", "bool", "train"]
    functional = identified[jit, "functional_bool_input", "bool", "train"]
    assert not same_step.same(functional, plain)
    assert same_step.calls_that_differ(functional.calls, plain.calls) > 0
    assert "Python calls, most of keras/" in same_step.difference(functional, plain)
    pair = [identified[jit, r, "bool", "predict"] for r in ("ops_where", "functional_bool_input")]
    assert same_step.same(*pair)
    assert same_step.difference(*pair) == ""


def test_a_float_mask_is_another_program_and_says_by_what(identified):
    plain = identified["xla", "ops_where", "bool", "train"]
    cast = identified["xla", "tf_cast", "float32", "train"]
    assert same_step.difference(cast, plain).startswith("+1 compare")
    variants = (("tf_cast", "float32"), ("control", "bool"))
    graph = [identified["graph", remedy, dtype, "train"] for remedy, dtype in variants]
    assert same_step.difference(*graph).startswith("+1 convert")


def test_groups_are_numbered_from_the_reference(identified):
    cell = {k[1:3]: v for k, v in identified.items() if k[0] == "xla" and k[3] == "train"}
    groups = same_step.group(cell, ("ops_where", "bool"))
    assert (
        groups["ops_where", "bool"] == groups["control", "bool"] == groups["tf_cast", "bool"] == 0
    )
    assert groups["tf_cast", "float32"] == groups["ops_where", "float32"] > 0
    assert len(set(groups.values())) == 4


def test_one_added_python_call_is_another_step():
    import keras

    def one_more_call(model):
        reset = model.reset_metrics
        model.reset_metrics = lambda: (reset(), len("one more"))

    plain = identify(keras, "ops_where")
    other = identify(keras, "ops_where", change=one_more_call)
    assert other["train"].program == plain["train"].program
    assert not same_step.same(other["train"], plain["train"])
    assert same_step.calls_that_differ(other["train"].calls, plain["train"].calls) == 2
    assert same_step.same(other["predict"], plain["predict"])


def test_one_added_comparison_is_another_program():
    import keras
    import tensorflow as tf

    def compare_more(model):
        call = model.call
        model.call = lambda inputs: tf.where(call(inputs) > 0.25, call(inputs), 0.0)

    plain, other = identify(keras, "ops_where"), identify(keras, "ops_where", change=compare_more)
    assert "compare" in same_step.difference(other["predict"], plain["predict"])


def test_python_that_changes_from_step_to_step_is_withheld():
    import keras

    def restless(model):
        reset, count = model.reset_metrics, iter(range(100))
        model.reset_metrics = lambda: [reset(), *(len("x") for _ in range(next(count)))]

    step = identify(keras, "ops_where", change=restless)["train"]
    assert step.calls is None
    assert not same_step.same(step, step)
    assert "not compared" in same_step.difference(step, step)


def test_counts_are_of_the_optimized_program(identified):
    counts = identified["xla", "ops_where", "bool", "train"].counts
    assert {"instructions", "compares", "fusions", "bytes_moved"} <= counts.keys()
    assert all(value >= 0 for value in counts.values())
