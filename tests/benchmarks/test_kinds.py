"""Each kind of session on real TensorFlow, with next to no samples."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import remedies
from benchmarks import fidelity, first_steps, identity, kernels, recipes, saving, step_times
from benchmarks.session import DONE, Folder, Session, Watch
from benchmarks.settings import SETTINGS
from remedies import REMEDIES
from remedies.steps.sampling import Budget, Sampled

SHORT = Budget(0, rounds=2)
TINY = replace(
    SETTINGS["smoke"],
    jits=("graph",),
    round_trips={"image": ("graph",)},
    step=SHORT,
    python=SHORT,
    saving=SHORT,
    kernel=SHORT,
    sizes=(400, 4000),
)
IMAGE = Session("identity", "image", batch=8)


def table(entries, *names):
    return {(e.metric, *(e.axes.get(name, "") for name in names)): e.value for e in entries}


@pytest.fixture(scope="module")
def identified(tmp_path_factory):
    folder = Folder(tmp_path_factory.mktemp("sessions"), "mark")
    folder.write(IMAGE, {"status": DONE}, identity.measure(IMAGE, TINY))
    return folder


def test_identity_finds_every_bool_variant_the_same_step_or_other_in_python(identified):
    values = table(identified.entries(IMAGE), "step", "remedy", "mask_dtype")
    for remedy in REMEDIES:
        assert values["program_differs", "train", remedy, "bool"] == 0
        functional = remedy == "functional_bool_input"
        assert (values["python_calls_differ", "train", remedy, "bool"] > 0) == functional
        assert values["python_calls_differ", "predict", remedy, "bool"] == 0
    assert values["program_differs", "train", "tf_cast", "float32"] == 1


def test_step_times_are_of_distinct_programs_and_of_python_alone(identified):
    session = replace(IMAGE, kind="step_times")
    entries = list(step_times.measure(session, TINY, identified, Watch("cpu")))
    values = table(entries, "step", "remedy", "mask_dtype")
    assert values["step_seconds", "train", "control", "bool"] > 0
    assert ("step_ratio", "train", "control", "bool") not in values
    assert values["step_ratio", "predict", "tf_cast", "float32"] > 0
    assert ("python_extra_seconds", "train", "functional_bool_input", "bool") in values
    assert ("python_extra_seconds", "train", "placebo", "bool") in values


def test_without_an_identity_nothing_is_timed(tmp_path):
    session = replace(IMAGE, kind="step_times")
    with pytest.raises(step_times.NotComparableError, match="identity"):
        list(step_times.measure(session, TINY, Folder(tmp_path, "mark"), Watch("cpu")))


def test_two_sources_that_are_equal_are_not_timed(tmp_path):
    here = str(Path(remedies.__file__).parent)
    session = replace(IMAGE, sources=(("base", here), ("head", here)))
    folder = Folder(tmp_path, "mark")
    folder.write(session, {"status": DONE}, identity.measure(session, TINY))
    assert {e.axes["source"] for e in folder.entries(session)} == {"base", "head"}
    timed = replace(session, kind="step_times")
    assert list(step_times.measure(timed, TINY, folder, Watch("cpu"))) == []


def test_fidelity_counts_what_the_control_loses_and_tf_cast_keeps():
    values = table(fidelity.measure(Session("fidelity", "image"), TINY), "remedy", "mask_dtype")
    assert values["weights_lost", "control", "bool"] == 2
    assert values["build_warnings", "control", "bool"] == 1
    assert values["second_generation_lost", "build_from_config", "bool"] > 0
    assert values["second_generation_lost", "tf_cast", "float32"] == 0
    assert values["functional_as_written_raises", "", ""] == 1


def test_recipes_count_the_lines_that_a_user_changes():
    values = table(recipes.measure(Session("recipes"), TINY), "workload", "remedy")
    assert values["recipe_lines", "image", "control"] == 0
    assert 0 < values["recipe_lines", "image", "tf_cast"] < 5


def test_first_steps_are_of_fresh_models():
    entries = list(first_steps.measure(Session("first_steps", "image"), TINY))
    values = table(entries, "remedy")
    for remedy in REMEDIES:
        assert values["first_step_seconds", remedy] > values["trace_seconds", remedy] > 0
    assert ("first_step_ratio", "placebo") in values
    assert ("first_step_ratio", "ops_where") not in values


def test_saving_covers_every_remedy_and_the_placebo():
    entries = list(saving.measure(Session("saving", "image"), TINY, Watch("cpu")))
    values = table(entries, "remedy")
    for metric in ("save_seconds", "load_seconds", "file_bytes"):
        assert {key[1] for key in values if key[0] == metric} == set(REMEDIES)
    assert ("load_ratio", "placebo") in values


def test_a_kernel_is_compared_with_a_copy_and_with_where_on_a_bool_mask():
    times = {str(kernel): [2.0, 4.0] for kernel in kernels.KERNELS} | {"copy": [1.0, 1.0]}
    values = table(kernels.entries(400, Sampled(times, 0.0)), "kernel", "jit", "mask_dtype")
    assert values["copy_bytes_per_second", "", "", ""] == 800
    assert values["where_seconds", "where", "xla", "bool"] == 3
    assert values["where_bandwidth", "where", "xla", "bool"] == pytest.approx(900 / 800 / 3)
    assert values["where_ratio", "where_cast", "xla", "float32"] == 1
    assert ("where_ratio", "where", "xla", "bool") not in values


def test_kernels_run_at_each_size():
    entries = list(kernels.measure(Session("kernels"), TINY, Watch("cpu")))
    assert {e.axes["size"] for e in entries} == {400, 4000}


def test_a_redraw_moves_every_variable_and_tensor_and_keeps_its_value():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    data = {"bool": (tf.ones((4, 8)), tf.ones((4, 1)))}
    model.train_on_batch(*data["bool"])
    variables = [*model.variables, *model.optimizer.variables]

    def places():
        held = [variable.value.value() for variable in variables] + [*data["bool"]]
        return [np.asarray(memoryview(tensor)).ctypes.data for tensor in held]

    values = [variable.numpy() for variable in variables]
    redraw = step_times.redrawing([model], data)
    seen = [places()]
    for _ in range(8):
        redraw()
        seen.append(places())
    moved = [len(set(own)) for own in zip(*seen, strict=True)]
    assert min(moved) >= 3, moved
    assert all(map(np.array_equal, values, [variable.numpy() for variable in variables]))
    assert float(tf.reduce_sum(data["bool"][0])) == 32
