"""The next training step of twins: what counts as another, and what is only rounding."""

import keras
import numpy as np
import pytest

from remedies.state.inventory import take
from remedies.state.next_step import next_step_changed

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
    seeds = [item.variable for item in take(twins[1]).values() if item.kind == "seed"]
    seeds[0].assign([1, 2])
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
