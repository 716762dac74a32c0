"""No remedy: raw `tf.where` on a bool input. It trains, saves and does NOT load whole.

Keras' build config keeps shapes and no dtypes. On load Keras traces `call` on float32 stand-ins,
`tf.where` refuses the float condition, Keras swallows the error and leaves `dense` without weights.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="remedies.image")
class Control(keras.Model):
    """Masked image to two numbers, as the article writes it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        masked = tf.where(inputs["mask"], inputs["image"], 0)
        return self.dense(self.flatten(masked))


def make() -> keras.Model:
    """Return the model, uncompiled; ``image`` float, ``mask`` bool, both (batch, 32, 32, 3)."""
    return Control()
