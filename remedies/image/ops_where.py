"""Remedy `ops_where`: `keras.ops.where`, which casts its condition to bool by itself."""

import keras


@keras.saving.register_keras_serializable(package="remedies.image")
class OpsWhere(keras.Model):
    """Masked image to two numbers, with no TensorFlow operation in `call`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        masked = keras.ops.where(inputs["mask"], inputs["image"], 0)
        return self.dense(self.flatten(masked))


def make() -> keras.Model:
    """Return the model, uncompiled; ``image`` float, ``mask`` any, both (batch, 32, 32, 3)."""
    return OpsWhere()
