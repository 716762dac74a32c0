"""Remedy `ops_where`: `keras.ops.where`, which casts its condition to bool by itself."""

import keras

from .convolutions import InpaintLayers


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class OpsWhere(InpaintLayers, keras.Model):
    """Image with a hole to the whole image."""

    def call(self, inputs, training=None):
        return self.paint(keras.ops.where(inputs["mask"], inputs["image"], 0), training)


def make() -> keras.Model:
    """Return the model, uncompiled; `image` (batch, 32, 32, 3), any `mask` (batch, 32, 32, 1)."""
    return OpsWhere()
