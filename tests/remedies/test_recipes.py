"""Every workload written with every remedy: the same arithmetic, and what a round trip keeps."""

import functools
import json

import numpy as np
import pytest

from remedies import REFERENCE, REMEDIES, WORKLOADS, Outcome, build, keras_file_twice, round_trip
from remedies.state.roundtrip import keras_file

BATCH = 4
CELLS = [
    (workload, remedy.name, mask_dtype)
    for workload in WORKLOADS
    for remedy in REMEDIES.values()
    for mask_dtype in remedy.mask_dtypes
]
LOSES_EVERYTHING_AGAIN = {"control", "build_from_config"}


# Tracing is what these tests take their time for, and a round trip leaves a model as it was.
# What files keep does not depend on how steps run: `image` with bool masks covers graphs.
def trained(workload, remedy, mask_dtype="bool", **settings):
    graph = (workload, mask_dtype) == ("image", "bool")
    settings = settings or ({} if graph else {"run_eagerly": True})
    return _trained(workload, remedy, mask_dtype, tuple(settings.items()))


@functools.cache
def _trained(workload, remedy, mask_dtype, settings):
    data = WORKLOADS[workload].data(BATCH, mask_dtype)
    model = build(workload, remedy, **dict(settings))
    losses = [model.train_on_batch(*data) for _ in range(2)]
    assert np.isfinite(losses).all()
    return model, data


@pytest.mark.parametrize(("workload", "remedy", "mask_dtype"), CELLS)
def test_remedies_compute_the_same_thing(workload, remedy, mask_dtype):
    model, (inputs, _) = trained(workload, remedy, mask_dtype)
    reference, (expected_inputs, _) = trained(workload, REFERENCE)
    reference.set_weights(model.get_weights())
    outputs = model.predict_on_batch(inputs)
    np.testing.assert_allclose(outputs, reference.predict_on_batch(expected_inputs), atol=1e-6)
    assert np.isfinite(outputs).all()


# What is whole after two round trips was whole after one: the test after this one has the rest.
FIRST = [(workload, "build_from_config", "bool") for workload in WORKLOADS]
FIRST += [cell for cell in CELLS if cell[0] == "image" and cell[2] == "float32"]


@pytest.mark.parametrize(("workload", "remedy", "mask_dtype"), FIRST)
def test_no_remedy_loses_in_the_first_round_trip(workload, remedy, mask_dtype):
    model, data = trained(workload, remedy, mask_dtype)
    trip = round_trip(model, *data)
    assert not trip.defects and not trip.swallowed


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize("remedy", REMEDIES)
def test_the_second_generation_needs_more_than_build_from_config(workload, remedy):
    model, data = trained(workload, remedy)
    trip = round_trip(model, *data, route=keras_file_twice)
    assert bool(trip.defects) == (remedy in LOSES_EVERYTHING_AGAIN), trip.defects
    if remedy == "build_from_config":
        assert trip.defects.weights_lost == trip.saved["weight"]
        assert len(trip.warnings) == 1 and "optimizer" in trip.warnings[0]


@pytest.mark.parametrize(
    ("workload", "weights", "optimizer"),
    [("image", (2, 2), (4, 6)), ("attention", (14, 19), (28, 40)), ("inpaint", (20, 20), (28, 30))],
)
def test_what_the_control_loses_and_of_how_much(workload, weights, optimizer):
    model, data = trained(workload, "control")
    trip = round_trip(model, *data)
    lost = trip.defects
    assert (lost.weights_lost, trip.saved["weight"]) == weights
    assert (lost.optimizer_variables_lost, trip.saved["optimizer"]) == optimizer
    assert (lost.outputs_changed, lost.next_step_changed, lost.iterations_lost) == (1, 1, 2)
    assert lost.silent_defects == 1, "no warning says that weights were lost"
    assert trip.outcome is Outcome.WARNED and len(trip.warnings) == 2
    assert trip.rebuilt_as_float and "SelectV2" in str(trip.swallowed[0])
    (error,) = trip.swallowed
    assert error.file.endswith("control.py") and "tf.where(" in error.source
    assert "Unknown variable" in trip.behaviour.problem


@pytest.mark.parametrize("workload", WORKLOADS)
def test_the_pair_writes_the_same_build_config_in_every_generation(workload, tmp_path):
    model, data = trained(workload, "build_from_config_pair")
    first = json.dumps(model.get_build_config())
    for _ in range(3):
        model = keras_file(model, tmp_path)
        assert json.dumps(model.get_build_config()) == first
    model.predict_on_batch(data[0])
    assert json.dumps(model.get_build_config()) == first


@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize(("workload", "leaf"), [("attention", "tokens"), ("inpaint", "image")])
def test_what_is_masked_has_no_bearing_on_the_outputs(workload, leaf, remedy):
    model, (inputs, _) = trained(workload, remedy)
    hidden = np.where(inputs["mask"], inputs[leaf], 1).astype(inputs[leaf].dtype)
    assert not np.array_equal(hidden, inputs[leaf])
    outputs = [model.predict_on_batch(inputs | {leaf: values}) for values in (inputs[leaf], hidden)]
    np.testing.assert_array_equal(*outputs)


# The matrix has every remedy under XLA (`jit_on`); here a workload with convolutions.
def test_xla_changes_nothing_of_it():
    model, data = trained("inpaint", "ops_where", jit=True)
    assert not round_trip(model, *data).defects
