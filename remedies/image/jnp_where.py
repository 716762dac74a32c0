"""The control written for JAX: raw `jnp.where`, which accepts a float condition.

Runs under ``KERAS_BACKEND=jax`` only.
"""

import jax.numpy as jnp
import keras


@keras.saving.register_keras_serializable(package="remedies.image")
class JnpWhere(keras.Model):
    """Masked image to two numbers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        masked = jnp.where(inputs["mask"], inputs["image"], 0)
        return self.dense(self.flatten(masked))


def make() -> keras.Model:
    """Return the model, uncompiled; ``image`` float, ``mask`` any, both (batch, 32, 32, 3)."""
    return JnpWhere()
