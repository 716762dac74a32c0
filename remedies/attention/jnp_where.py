"""The control written for JAX: raw `jnp.where`, which accepts a float condition.

Runs under ``KERAS_BACKEND=jax`` only.
"""

import jax.numpy as jnp
import keras

from remedies.attention.layers import AttentionLayers


@keras.saving.register_keras_serializable(package="remedies.attention")
class JnpWhere(AttentionLayers, keras.Model):
    """Padded tokens to one number; no token attends to padding."""

    def call(self, inputs):
        tokens, scores = self.scores(inputs["tokens"])
        scores = jnp.where(inputs["mask"][:, None, None, :], scores, -1e9)
        return self.answer(tokens, scores, inputs["mask"])


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` any dtype, both (batch, 64)."""
    return JnpWhere()
