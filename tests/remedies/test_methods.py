"""Watching a class's methods while Keras loads."""

import contextlib

import keras
import numpy as np
import pytest

from remedies.state.inventory import owned_classes
from remedies.state.methods import leaf_dtypes, observe


class Picky(keras.layers.Layer):
    def call(self, values):
        if values.shape[0] == 1:
            raise ValueError("one is not enough")
        return values * 2


def test_every_method_of_the_user_that_is_left_is_recorded_innermost_first():
    class Building(Picky):
        def build(self, shape):
            raise ValueError("not yet")

        def call(self, values):
            return super().call(values)

    with observe([Building]) as calls:
        with pytest.raises(ValueError, match="not yet"):
            Building().build((2, 3))
        for size in (1, 2):
            with contextlib.suppress(ValueError):
                Building().call(np.ones((size, 3), np.float32))
    assert [call.method for call in calls] == ["build", "call", "call", "call", "call"]
    assert "not enough" in str(calls[1].error) and calls[1].error is calls[2].error
    assert calls[4].error is None and leaf_dtypes(calls[4].given) == ("float32",)


def test_an_inherited_call_is_watched_where_it_is_written_and_put_back():
    class Heir(Picky):
        pass

    original, of_keras = Picky.call, keras.layers.Layer.build
    with pytest.raises(KeyError), observe([Heir, Picky]) as calls:
        Heir()(np.ones((2, 3), np.float32))
        assert Picky.call is not original and keras.layers.Layer.build is of_keras
        raise KeyError
    assert [type(call.owner) for call in calls] == [Heir]
    assert Picky.call is original and "call" not in vars(Heir)


def test_only_the_users_own_classes_are_owned():
    model = keras.Sequential([keras.Input((3,)), Picky(), keras.layers.Dense(1)])
    assert owned_classes(model) == (Picky,)
