"""The round-trip check itself: each outcome, on real models, and nothing left changed."""

import warnings

import keras
import numpy as np
import pytest

from remedies import WORKLOADS, Outcome, build, keras_file_twice, round_trip
from remedies.state.arrays import hosts
from remedies.state.roundtrip import keras_file


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.random((4, 3), np.float32), rng.random((4, 2), np.float32)


@pytest.fixture
def model(data):
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])
    made.compile("adam", "mse", metrics=["mae"])
    made.train_on_batch(*data)
    return made


def changed_by(change):
    """Return a route through a file, after which `change` meddles with the loaded model."""

    def route(model, folder):
        loaded = keras_file(model, folder)
        change(loaded)
        return loaded

    return route


def test_a_whole_model_with_dropout_and_metrics_has_no_defect(model, data):
    found = round_trip(model, *data)
    assert found.outcome is Outcome.WHOLE, found
    assert not found.defects


def test_the_model_is_left_as_it_was_found(model, data):
    variables = [*model.variables, *model.optimizer.variables]
    before = hosts(variables)
    round_trip(model, *data)
    for variable, left, right in zip(variables, before, hosts(variables), strict=True):
        np.testing.assert_array_equal(left, right, variable.path)
    assert int(model.optimizer.iterations) == 1


def test_a_second_check_finds_the_same_as_the_first(model, data):
    assert round_trip(model, *data) == round_trip(model, *data)


def test_metric_state_does_not_count(model, data):
    for _ in range(3):
        model.test_on_batch(*data)
    assert round_trip(model, *data).outcome is Outcome.WHOLE


@pytest.mark.parametrize(
    ("change", "defects"),
    [
        (
            lambda m: m.weights[0].assign_add(np.ones((3, 2))),
            {"weights_changed": 1, "outputs_changed": 1.0, "next_step_changed": 1},
        ),
        (
            lambda m: m.optimizer.iterations.assign(0),
            {"iterations_lost": 1, "optimizer_variables_changed": 1, "next_step_changed": 1},
        ),
        (lambda m: m.optimizer.variables[3].assign(np.full((3, 2), 0.5)), {"next_step_changed": 1}),
    ],
)
def test_each_change_is_named_and_silent(model, data, change, defects):
    found = round_trip(model, *data, route=changed_by(change))
    assert found.outcome is Outcome.SILENT
    assert defects.items() <= vars(found.defects).items(), found.defects
    assert found.defects.silent_defects == 1


@pytest.mark.parametrize(("by", "changed"), [(1e-8, 0), (1e-4, 1)])
def test_rounding_is_no_other_step_and_more_is(model, data, by, changed):
    def nudge(loaded):
        loaded.weights[1].assign_add(np.full(2, by))

    found = round_trip(model, *data, route=changed_by(nudge))
    assert found.defects.next_step_changed == changed


def test_another_order_of_variables_is_no_change(model, data):
    def reorder(loaded):
        loaded.layers[0]._trainable_variables.reverse()
        loaded.optimizer._variables.reverse()

    found = round_trip(model, *data, route=changed_by(reorder))
    assert not found.defects.weights_changed + found.defects.optimizer_variables_changed


def test_compile_settings_are_compared(model, data):
    def recompile(loaded):
        loaded.compile(loaded.optimizer, "mae", metrics=["mae"])

    found = round_trip(model, *data, route=changed_by(recompile))
    assert found.settings == ("loss",)
    assert found.defects.compile_changed == 1


def test_a_load_that_raises_is_loud_and_loses_everything(model, data):
    def route(model, folder):
        raise ValueError("no such thing")

    found = round_trip(model, *data, route=route)
    assert found.outcome is Outcome.LOUD
    assert found.failure.text == "ValueError: no such thing"
    assert found.defects.weights_lost == 2
    assert found.defects.silent_defects == 0


def test_a_lossy_load_with_a_warning_is_warned():
    control, batch = build("image", "control"), WORKLOADS["image"].data(4)
    control.train_on_batch(*batch)
    found = round_trip(control, *batch)
    assert found.outcome is Outcome.WARNED
    assert found.rebuilt_as_float
    assert "Unknown variable" in found.behaviour.problem
    (error,) = found.swallowed
    assert "SelectV2" in error.error
    assert error.file.endswith("control.py")
    assert error.source == 'masked = tf.where(inputs["mask"], inputs["image"], 0)'


def test_an_uncompiled_model_is_compared_without_a_next_step(data):
    bare = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    found = round_trip(bare, *data)
    assert found.outcome is Outcome.WHOLE
    assert found.saved["optimizer"] == 0


def test_swapped_weights_of_one_shape_are_found(data):
    square = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), keras.layers.Dense(3)])
    square.compile("sgd", "mse")
    targets = np.ones((4, 3), np.float32)
    square.train_on_batch(data[0], targets)

    def swap(loaded):
        first, second = loaded.layers
        kept = first.get_weights()
        first.set_weights(second.get_weights())
        second.set_weights(kept)

    found = round_trip(square, data[0], targets, route=changed_by(swap))
    assert found.outcome is Outcome.SILENT
    assert (found.defects.weights_lost, found.defects.weights_changed) == (0, 4)


def test_weights_that_became_nan_equal_themselves(model, data):
    model.weights[0].assign(np.full((3, 2), np.nan))
    assert round_trip(model, *data).outcome is Outcome.WHOLE


def test_plain_sgd_loses_the_articles_second_generation_without_a_word():
    bare = build("image", "build_from_config", optimizer="sgd")
    batch = WORKLOADS["image"].data(4)
    bare.train_on_batch(*batch)
    assert round_trip(bare, *batch).outcome is Outcome.WHOLE
    found = round_trip(bare, *batch, route=keras_file_twice)
    assert (found.outcome, found.warnings) == (Outcome.SILENT, ())
    assert (found.defects.weights_lost, found.defects.silent_defects) == (2, 1)


def test_each_kind_of_loss_without_a_word_is_one_silent_defect(model, data):
    def forget(loaded):
        loaded.weights[0].assign_add(np.ones((3, 2)))
        loaded.compile("sgd", "mse", metrics=["mae"])

    found = round_trip(model, *data, route=changed_by(forget))
    assert found.defects.silent_defects == 3, "weights, optimizer, compile settings"
    assert found.defects.optimizer_variables_lost == 4
    assert found.settings == ("optimizer",)


def test_a_warning_that_names_the_kind_makes_it_not_silent(model, data):
    def warn(loaded):
        loaded.weights[0].assign_add(np.ones((3, 2)))
        warnings.warn("some weights were skipped", stacklevel=2)

    found = round_trip(model, *data, route=changed_by(warn))
    assert (found.outcome, found.defects.silent_defects) == (Outcome.WARNED, 0)


class Scaled(keras.Model):
    """Its factory sets `scale` on it afterwards, which no file keeps."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs) * self.scale


def test_a_loaded_model_that_cannot_be_called_has_lost_all_outputs(data):
    scaled = Scaled()
    scaled.scale = 2.0
    scaled.compile("adam", "mse")
    scaled.train_on_batch(*data)
    with keras.saving.custom_object_scope({"Scaled": Scaled}):
        found = round_trip(scaled, *data)
    assert found.outcome is Outcome.WARNED
    assert found.defects.outputs_changed == found.defects.next_step_changed == 1
    assert "scale" in str(found.swallowed[0])
    assert found.behaviour.problem


class Double(keras.layers.Layer):
    def call(self, values):
        return values * 2


def test_an_inner_layer_without_a_mask_is_not_a_mask_rebuilt_as_float(data):
    image, mask = keras.Input((3,)), keras.Input((3,), dtype="bool")
    outputs = keras.layers.Dense(2)(keras.ops.where(mask, Double()(image), 0))
    functional = keras.Model([image, mask], outputs)
    functional.compile("adam", "mse")
    inputs = [data[0], data[0] > 0.5]
    functional.train_on_batch(inputs, data[1])
    with keras.saving.custom_object_scope({"Double": Double}):
        found = round_trip(functional, inputs, data[1])
    assert found.outcome is Outcome.WHOLE and len(found.calls) > 0
    assert not found.rebuilt_as_float
