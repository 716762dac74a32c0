"""The round-trip check itself: each outcome, on real models, and nothing left changed."""

import warnings

import keras
import numpy as np
import pytest

from remedies import Outcome, round_trip
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


@pytest.mark.parametrize(
    "prepare",
    [
        lambda model, data: None,
        lambda model, data: model.test_on_batch(*data),
        lambda model, data: model.weights[0].assign(np.full((3, 2), np.nan)),
    ],
)
def test_dropout_metrics_and_nan_are_no_defect(model, data, prepare):
    prepare(model, data)
    trip = round_trip(model, *data)
    assert trip.outcome is Outcome.WHOLE, trip
    assert not trip.defects
    assert round_trip(model, *data) == trip


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
    trip = round_trip(model, *data, route=changed_by(change))
    assert trip.outcome is Outcome.SILENT
    assert defects.items() <= vars(trip.defects).items(), trip.defects
    assert trip.defects.silent_defects == 1


@pytest.mark.parametrize(("by", "changed"), [(1e-8, 0), (1e-4, 1)])
def test_rounding_is_no_other_step_and_more_is(model, data, by, changed):
    def nudge(loaded):
        loaded.weights[1].assign_add(np.full(2, by))

    found = round_trip(model, *data, route=changed_by(nudge))
    assert found.defects.next_step_changed == changed


def reorder(loaded):
    loaded.layers[0]._trainable_variables.reverse()
    loaded.optimizer._variables.reverse()


def recompile(loaded):
    loaded.compile(loaded.optimizer, "mae", metrics=["mae"])


@pytest.mark.parametrize(("change", "settings"), [(reorder, ()), (recompile, ("loss",))])
def test_settings_are_compared_and_the_order_of_variables_is_not(model, data, change, settings):
    trip = round_trip(model, *data, route=changed_by(change))
    assert trip.settings == settings
    assert trip.defects.compile_changed == len(settings)
    assert not trip.defects.weights_changed + trip.defects.optimizer_variables_changed


def test_a_load_that_raises_is_loud_and_loses_everything(model, data):
    def route(model, folder):
        raise ValueError("no such thing")

    trip = round_trip(model, *data, route=route)
    assert trip.outcome is Outcome.LOUD
    assert trip.failure.text == "ValueError: no such thing"
    assert trip.defects.weights_lost == 2
    assert trip.defects.silent_defects == 0


def test_an_uncompiled_model_is_compared_without_a_next_step(data):
    bare = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    trip = round_trip(bare, *data)
    assert trip.outcome is Outcome.WHOLE
    assert trip.saved["optimizer"] == 0


@pytest.mark.parametrize("warning", ["", "some weights were skipped"])
def test_each_kind_of_loss_that_no_warning_names_is_one_silent_defect(model, data, warning):
    def forget(loaded):
        loaded.weights[0].assign_add(np.ones((3, 2)))
        loaded.compile("sgd", "mse", metrics=["mae"])
        if warning:
            warnings.warn(warning, stacklevel=2)

    trip = round_trip(model, *data, route=changed_by(forget))
    assert trip.defects.silent_defects == 3 - bool(warning), "weights, optimizer, settings"
    assert trip.outcome is (Outcome.WARNED if warning else Outcome.SILENT)
    assert trip.defects.optimizer_variables_lost == 4
    assert trip.settings == ("optimizer",)


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
        trip = round_trip(scaled, *data)
    assert trip.outcome is Outcome.WARNED
    assert trip.defects.outputs_changed == trip.defects.next_step_changed == 1
    assert "scale" in str(trip.swallowed[0])
    assert trip.behaviour.problem


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
        trip = round_trip(functional, inputs, data[1])
    assert trip.outcome is Outcome.WHOLE and len(trip.calls) > 0
    assert not trip.rebuilt_as_float
