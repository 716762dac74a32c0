"""Functional with `keras.ops.where` straight on a bool `keras.Input`: no layer, no `tf.` call.

The form of remedy `functional_bool_input` that runs on every Keras backend.
"""

import keras

from remedies.attention.layers import LENGTH, AttentionLayers


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` any dtype, both (batch, 64)."""
    tokens = keras.Input((LENGTH,), name="tokens", dtype="int32")
    mask = keras.Input((LENGTH,), name="mask", dtype="bool")
    layers = AttentionLayers()
    embedded, scores = layers.scores(tokens)
    scores = keras.ops.where(mask[:, None, None, :], scores, -1e9)
    return keras.Model({"tokens": tokens, "mask": mask}, layers.answer(embedded, scores, mask))
