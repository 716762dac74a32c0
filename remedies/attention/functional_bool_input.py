"""Remedy `functional_bool_input`: state the mask's dtype in a functional `keras.Input`.

`tf.where` straight on a `keras.Input` raises, so it needs a layer around it (or `keras.ops.where`).
"""

import keras
import tensorflow as tf

from .data import LENGTH
from .transformer import AttentionLayers


@keras.saving.register_keras_serializable(package="remedies.attention")
class MaskScores(keras.layers.Layer):
    """Scores (batch, heads, to, from) without those from padding; `keep` is (batch, from)."""

    def call(self, keep, scores):
        return tf.where(keep[:, None, None, :], scores, -1e9)


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` bool, both (batch, 64)."""
    tokens = keras.Input((LENGTH,), name="tokens", dtype="int32")
    mask = keras.Input((LENGTH,), name="mask", dtype="bool")
    layers = AttentionLayers()
    embedded, scores = layers.scores(tokens)
    outputs = layers.answer(embedded, MaskScores()(mask, scores), mask)
    return keras.Model({"tokens": tokens, "mask": mask}, outputs)
