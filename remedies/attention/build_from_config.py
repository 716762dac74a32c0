"""Remedy `build_from_config`: build each layer from the recorded shapes, without tracing `call`.

EVERY layer that has weights must be built, each with the shape that `call` would give it. And the
loaded model remembers no build config: a *second* save and load loses everything again.
"""

import keras
import tensorflow as tf

from .transformer import AttentionLayers


@keras.saving.register_keras_serializable(package="remedies.attention")
class BuildFromConfig(AttentionLayers, keras.Model):
    """Padded tokens to one number; layers are built by hand on load."""

    def call(self, inputs):
        tokens, scores = self.scores(inputs["tokens"])
        scores = tf.where(inputs["mask"][:, None, None, :], scores, -1e9)
        return self.answer(tokens, scores, inputs["mask"])

    def build_from_config(self, config):
        batch, length = config["input_shape"]["tokens"]
        embedded = (batch, length, self.embed.output_dim)
        self.embed.build((batch, length))
        for layer in (self.key, self.query, self.value):
            layer.build(embedded)
        self.join.build(self.value.compute_output_shape(embedded))
        for layer in (self.norm_attention, self.expand, self.norm_output, self.pool):
            layer.build(embedded)
        self.shrink.build(self.expand.compute_output_shape(embedded))
        self.head.build(self.pool.compute_output_shape(embedded))


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` bool, both (batch, 64)."""
    return BuildFromConfig()
