"""The control written for JAX: raw `jnp.where`, which accepts a float condition.

Runs under ``KERAS_BACKEND=jax`` only.
"""

import jax.numpy as jnp
import keras

from remedies.inpaint.layers import InpaintLayers


@keras.saving.register_keras_serializable(package="remedies.inpaint")
class JnpWhere(InpaintLayers, keras.Model):
    """Image with a hole to the whole image."""

    def call(self, inputs, training=None):
        return self.paint(jnp.where(inputs["mask"], inputs["image"], 0), training)


def make() -> keras.Model:
    """Return the model, uncompiled.

    ``image`` (batch, 32, 32, 3) float, ``mask`` (batch, 32, 32, 1) any dtype.
    """
    return JnpWhere()
