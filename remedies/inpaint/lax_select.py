"""The control written strictly for JAX: `lax.select` refuses a float condition, as `tf.where` does.

Runs under ``KERAS_BACKEND=jax`` only.
"""

import jax.numpy as jnp
import keras
from jax import lax

from remedies.inpaint.layers import InpaintLayers


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class LaxSelect(InpaintLayers, keras.Model):
    """Image with a hole to the whole image."""

    def call(self, inputs, training=None):
        image = inputs["image"]
        keep = jnp.broadcast_to(inputs["mask"], image.shape)
        return self.paint(lax.select(keep, image, jnp.zeros_like(image)), training)


def make() -> keras.Model:
    """Return the model, uncompiled.

    ``image`` (batch, 32, 32, 3) float, ``mask`` (batch, 32, 32, 1) bool.
    """
    return LaxSelect()
