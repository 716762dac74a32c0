"""Remedy `tf_cast`: cast the mask to bool right where `tf.where` reads it."""

import keras
import tensorflow as tf

from .transformer import AttentionLayers


@keras.saving.register_keras_serializable(package="remedies.attention")
class TfCast(AttentionLayers, keras.Model):
    """Padded tokens to one number; no token attends to padding."""

    def call(self, inputs):
        tokens, scores = self.scores(inputs["tokens"])
        scores = tf.where(tf.cast(inputs["mask"], "bool")[:, None, None, :], scores, -1e9)
        return self.answer(tokens, scores, inputs["mask"])


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` any dtype, both (batch, 64)."""
    return TfCast()
