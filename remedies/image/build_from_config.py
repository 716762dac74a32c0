"""Remedy `build_from_config`: build each layer from the recorded shapes, without tracing `call`.

As the article writes it. The loaded model remembers no build config of its own, so a *second* save
and load loses everything again: see docs/fidelity.md before you copy this one.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="remedies.image")
class BuildFromConfig(keras.Model):
    """Masked image to two numbers; layers are built by hand on load."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        masked = tf.where(inputs["mask"], inputs["image"], 0)
        return self.dense(self.flatten(masked))

    def build_from_config(self, config):
        image_shape = config["input_shape"]["image"]
        self.flatten.build(image_shape)
        self.dense.build(self.flatten.compute_output_shape(image_shape))


def make() -> keras.Model:
    """Return the model, uncompiled; ``image`` float, ``mask`` bool, both (batch, 32, 32, 3)."""
    return BuildFromConfig()
