"""No remedy: raw `tf.where` on a bool input. It trains, saves and does NOT load whole."""

import keras
import tensorflow as tf

from .transformer import AttentionLayers


@keras.saving.register_keras_serializable(package="remedies.attention")
class Control(AttentionLayers, keras.Model):
    """Padded tokens to one number; no token attends to padding."""

    def call(self, inputs):
        tokens, scores = self.scores(inputs["tokens"])
        scores = tf.where(inputs["mask"][:, None, None, :], scores, -1e9)
        return self.answer(tokens, scores, inputs["mask"])


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` bool, both (batch, 64)."""
    return Control()
