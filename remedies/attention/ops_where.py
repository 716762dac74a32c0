"""Remedy `ops_where`: `keras.ops.where`, which casts its condition to bool by itself."""

import keras

from .transformer import AttentionLayers


@keras.saving.register_keras_serializable(package="remedies.attention")
class OpsWhere(AttentionLayers, keras.Model):
    """Padded tokens to one number; no token attends to padding."""

    def call(self, inputs):
        tokens, scores = self.scores(inputs["tokens"])
        scores = keras.ops.where(inputs["mask"][:, None, None, :], scores, -1e9)
        return self.answer(tokens, scores, inputs["mask"])


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` any dtype, both (batch, 64)."""
    return OpsWhere()
