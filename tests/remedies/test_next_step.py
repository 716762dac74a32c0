"""The next training step of twins: what counts as another, and what is only rounding."""

import keras
import numpy as np
import pytest

from remedies.next_step import next_step_changed, preserved, random_state
from remedies.state import arrays

DATA = np.ones((4, 3), np.float32), np.zeros((4, 2), np.float32)


def trained():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    model.train_on_batch(*DATA)
    return model


@pytest.fixture
def twins():
    return trained(), trained()


def test_twins_agree_although_their_dropouts_would_draw_differently(twins):
    random_state(twins[1])[0].assign([1, 2])
    assert not next_step_changed(*twins, *DATA)


@pytest.mark.parametrize(("by", "changed"), [(1e-8, False), (1e-4, True)])
def test_rounding_is_no_change_and_more_is(twins, by, changed):
    weight = twins[1].weights[1]
    weight.assign(np.asarray(weight.numpy()) + by)
    assert next_step_changed(*twins, *DATA) is changed


def test_a_lost_optimizer_slot_changes_the_step(twins):
    twins[1].optimizer.variables[2].assign(np.zeros((3, 2)))
    assert next_step_changed(*twins, *DATA)


def test_what_the_loaded_models_step_raises_is_raised(twins):
    with pytest.raises(ValueError, match="compile"):
        next_step_changed(twins[0], keras.Sequential([keras.Input((3,))]), *DATA)


def test_preserved_puts_weights_optimizer_and_random_state_back(twins):
    model = twins[0]
    everything = [*model.variables, *model.optimizer.variables]
    before = arrays(everything)
    with preserved(model):
        model.train_on_batch(*DATA)
        assert int(model.optimizer.iterations) == 2
    for old, new in zip(before, arrays(everything), strict=True):
        np.testing.assert_array_equal(old, new)
