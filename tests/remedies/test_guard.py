"""A run stops at its first checkpoint that would not come back whole, and at no other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import remedies
from remedies.checking.findings import LossyModelError

X, Y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")


@keras.saving.register_keras_serializable("guard")
class Dense2(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)


@keras.saving.register_keras_serializable("guard")
class Lossy(Dense2):
    def call(self, values):
        return self.dense(tf.where(tf.logical_not(values), 1.0, 0.0))


@keras.saving.register_keras_serializable("guard")
class Untracked(Dense2):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mean = tf.Variable(tf.random.normal((2,)))

    def call(self, values):
        return self.dense(values) + self.mean


def compiled(cls):
    model = cls()
    x = X > 0 if cls is Lossy else X
    model(x)
    model.compile("adam", "mse")
    return model, x


@pytest.mark.parametrize("cls", [Lossy, Untracked])
def test_the_first_full_checkpoint_stops_the_run(tmp_path, cls):
    model, x = compiled(cls)
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    with pytest.raises(LossyModelError, match="what to do"):
        model.fit(x, Y, epochs=3, verbose=0, callbacks=[remedies.guard(), checkpoint])
    assert [path.name for path in tmp_path.iterdir()] == ["1.keras"]


def test_backup_and_restore_and_weights_stop_it_where_state_is_in_no_file(tmp_path):
    model, x = compiled(Untracked)
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(LossyModelError, match=r"does not hold self\.mean"):
        model.fit(x, Y, epochs=3, verbose=0, callbacks=[remedies.guard(), backup])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_whole_model_trains_on_as_without_a_guard(tmp_path):
    losses = []
    for guarded in (False, True):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5)])
        model.add(keras.layers.Dense(2))
        model.compile("adam", "mse")
        checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "m.keras")
        callbacks = [remedies.guard(), checkpoint] if guarded else [checkpoint]
        losses.append(model.fit(X, Y, epochs=3, verbose=0, callbacks=callbacks).history["loss"])
        assert "save" not in vars(model)
    assert losses[0] == losses[1]


def test_a_plain_save_is_guarded_too(tmp_path):
    model, _ = compiled(Lossy)
    remedies.guard(model)
    with pytest.raises(LossyModelError):
        model.save(tmp_path / "m.keras")
