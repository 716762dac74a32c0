"""A model to try the commands of docs/your_model.md on: a mask that `tf.where` reads."""

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="your_model")
class Masked(keras.Model):
    """Readings, some of them missing, to one number."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        readings = tf.where(inputs["present"], inputs["readings"], 0.0)
        return self.dense(readings)


def make():
    """Return the model, trained for a step, and a batch."""
    rng = np.random.default_rng(0)
    x = {"readings": rng.random((16, 8), np.float32), "present": rng.random((16, 8)) < 0.5}
    y = rng.random((16, 1), np.float32)
    model = Masked()
    model.compile("adam", "mse", jit_compile=False)
    model.train_on_batch(x, y)
    return model, x, y


if __name__ == "__main__":
    import remedies

    print(remedies.check(*make()).text())
