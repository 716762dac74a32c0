"""What a model holds, by the user's own names; and putting all of it back."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from remedies.state.difference import equal
from remedies.state.inventory import layers, take
from remedies.state.preserve import preserved, scratch


class Inner(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)
        self.scale = 3.0

    def call(self, values):
        return self.dense(values) * self.scale


class Helper:
    def __init__(self):
        self.mean = tf.Variable([0.0, 0.0])


class Outer(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [Inner(), Inner()]
        self.heads = {"left": keras.layers.Dense(2)}
        self.tower = keras.Sequential([keras.layers.Dense(2), keras.layers.Dropout(0.5)])
        self.helper = Helper()
        self.seen = 0

    def call(self, values):
        for block in self.blocks:
            values = block(values)
        return self.tower(self.heads["left"](values))


@pytest.fixture
def model():
    made = Outer()
    made(np.ones((1, 3), "float32"))
    made.compile(keras.optimizers.Adam(), "mse")
    made.fit(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"), verbose=0)
    return made


def test_layers_are_called_what_the_user_calls_them(model):
    names = {"blocks[0]", "blocks[0].dense", "blocks[1]", "blocks[1].dense", "heads['left']"}
    assert names | {"tower", "tower.layers[0]", "tower.layers[1]"} <= set(layers(model))


def test_every_variable_has_its_kind(model):
    kinds = {path: item.kind for path, item in take(model).items()}
    assert kinds["blocks[1].dense._kernel"] == "weight"
    assert kinds["helper.mean"] == "plain"
    assert kinds["optimizer._momentums[tower.layers[0]._kernel]"] == "optimizer"
    assert kinds["blocks[0].scale"] == kinds["seen"] == "attribute"
    assert [
        kind for path, kind in kinds.items() if "seed_generator" in path and "state" in path
    ] == ["seed"]
    assert len([kind for kind in kinds.values() if kind == "weight"]) == len(model.weights)


def test_everything_is_put_back_on_exceptions_too(model):
    before = {path: item.value for path, item in take(model).items()}
    attributes = dict(vars(model))
    with pytest.raises(KeyError), preserved(model):
        model.seen += 1
        model.late = 3
        list.append(model.blocks, Inner())
        model.helper.mean.assign([1.0, 2.0])
        model.fit(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"), verbose=0)
        raise KeyError
    after = {path: item.value for path, item in take(model).items()}
    assert before.keys() == after.keys()
    assert all(equal(before[path], after[path]) for path in before)
    assert vars(model) == attributes
    model.fit(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"), verbose=0)


def test_a_model_that_never_trained_trains_as_if_nobody_had_looked():
    model = Outer()
    model(np.ones((1, 3), "float32"))
    model.compile(keras.optimizers.Adam(), "mse")
    for _ in range(2):
        with preserved(model):
            model.fit(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"), verbose=0)
        assert len(model.optimizer.variables) == 2
    model.fit(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"), verbose=0)
    assert len(model.optimizer.variables) == 2 + 2 * len(model.trainable_variables)


def test_whatever_is_left_in_the_temporary_folder_goes():
    before = tempfile.tempdir
    with pytest.raises(KeyError), scratch():
        left = Path(tempfile.mkdtemp())
        (left / "half").write_bytes(b"x")
        raise KeyError
    assert not left.parent.exists()
    assert tempfile.tempdir == before


def test_variables_count_where_keras_makes_them_of_a_base_of_the_public_class(monkeypatch):
    """So do Keras 3.2 and 3.3."""
    monkeypatch.setattr(keras, "Variable", type("Variable", (keras.Variable,), {}))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert [item.kind for item in take(model).values()].count("weight") == 2
