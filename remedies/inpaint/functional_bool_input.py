"""Remedy `functional_bool_input`: state the mask's dtype in a functional `keras.Input`.

`tf.where` straight on a `keras.Input` raises, so it needs a layer around it (or `keras.ops.where`).
"""

import keras
import tensorflow as tf

from .convolutions import InpaintLayers


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class Where(keras.layers.Layer):
    """`tf.where(mask, image, 0)` as a layer."""

    def call(self, mask, image):
        return tf.where(mask, image, 0)


def make() -> keras.Model:
    """Return the model, uncompiled; `image` (batch, 32, 32, 3), bool `mask` (batch, 32, 32, 1)."""
    image = keras.Input((32, 32, 3), name="image")
    mask = keras.Input((32, 32, 1), name="mask", dtype="bool")
    outputs = InpaintLayers().paint(Where()(mask, image))
    return keras.Model({"image": image, "mask": mask}, outputs)
