"""Remedy `tf_cast`: cast the mask to bool right where `tf.where` reads it.

With a bool mask the cast returns its input and adds no operation; a float mask costs a compare.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="remedies.image")
class TfCast(keras.Model):
    """Masked image to two numbers; the float stand-in that Keras traces on load is cast to bool."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        masked = tf.where(tf.cast(inputs["mask"], "bool"), inputs["image"], 0)
        return self.dense(self.flatten(masked))


def make() -> keras.Model:
    """Return the model, uncompiled; ``image`` float, ``mask`` any, both (batch, 32, 32, 3)."""
    return TfCast()
