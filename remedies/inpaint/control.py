"""No remedy: raw `tf.where` on a bool input. It trains, saves and does NOT load whole."""

import keras
import tensorflow as tf

from .convolutions import InpaintLayers


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class Control(InpaintLayers, keras.Model):
    """Image with a hole to the whole image."""

    def call(self, inputs, training=None):
        return self.paint(tf.where(inputs["mask"], inputs["image"], 0), training)


def make() -> keras.Model:
    """Return the model, uncompiled; `image` (batch, 32, 32, 3), bool `mask` (batch, 32, 32, 1)."""
    return Control()
