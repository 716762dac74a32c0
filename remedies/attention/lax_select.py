"""The control written strictly for JAX: `lax.select` refuses a float condition, as `tf.where` does.

Runs under ``KERAS_BACKEND=jax`` only.
"""

import jax.numpy as jnp
import keras
from jax import lax

from remedies.attention.layers import AttentionLayers


@keras.saving.register_keras_serializable(package="remedies.attention")
class LaxSelect(AttentionLayers, keras.Model):
    """Padded tokens to one number; no token attends to padding."""

    def call(self, inputs):
        tokens, scores = self.scores(inputs["tokens"])
        keep = jnp.broadcast_to(inputs["mask"][:, None, None, :], scores.shape)
        scores = lax.select(keep, scores, jnp.full_like(scores, -1e9))
        return self.answer(tokens, scores, inputs["mask"])


def make() -> keras.Model:
    """Return the model, uncompiled; ``tokens`` int32, ``mask`` bool, both (batch, 64)."""
    return LaxSelect()
