"""Remedy `build_from_config`: build each layer from the recorded shapes, without tracing `call`.

EVERY layer that has weights must be built, each with the shape that `call` would give it. And the
loaded model remembers no build config: a *second* save and load loses everything again.
"""

import keras
import tensorflow as tf

from .convolutions import InpaintLayers


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class BuildFromConfig(InpaintLayers, keras.Model):
    """Image with a hole to the whole image; layers are built by hand on load."""

    def call(self, inputs, training=None):
        return self.paint(tf.where(inputs["mask"], inputs["image"], 0), training)

    def build_from_config(self, config):
        shape = tuple(config["input_shape"]["image"])
        for layer in (self.down, self.norm_down, self.deep, self.norm_deep, self.up, self.norm_up):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.out.build(shape)


def make() -> keras.Model:
    """Return the model, uncompiled; `image` (batch, 32, 32, 3), bool `mask` (batch, 32, 32, 1)."""
    return BuildFromConfig()
