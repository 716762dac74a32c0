"""Remedy `tf_cast`: cast the mask to bool right where `tf.where` reads it."""

import keras
import tensorflow as tf

from .convolutions import InpaintLayers


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class TfCast(InpaintLayers, keras.Model):
    """Image with a hole to the whole image."""

    def call(self, inputs, training=None):
        return self.paint(tf.where(tf.cast(inputs["mask"], "bool"), inputs["image"], 0), training)


def make() -> keras.Model:
    """Return the model, uncompiled; `image` (batch, 32, 32, 3), any `mask` (batch, 32, 32, 1)."""
    return TfCast()
