"""The control written strictly for JAX: `lax.select` refuses a float condition, as `tf.where` does.

Runs under ``KERAS_BACKEND=jax`` only.
"""

import jax.numpy as jnp
import keras
from jax import lax


@keras.saving.register_keras_serializable(package="remedies.image")
class LaxSelect(keras.Model):
    """Masked image to two numbers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        image = inputs["image"]
        masked = lax.select(inputs["mask"], image, jnp.zeros_like(image))
        return self.dense(self.flatten(masked))


def make() -> keras.Model:
    """Return the model, uncompiled; ``image`` float, ``mask`` bool, both (batch, 32, 32, 3)."""
    return LaxSelect()
