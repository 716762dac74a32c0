"""Functional with `keras.ops.where` straight on a bool `keras.Input`: no layer, no `tf.` call.

The form of remedy `functional_bool_input` that runs on every Keras backend.
"""

import keras


def make() -> keras.Model:
    """Return the model, uncompiled; ``image`` float, ``mask`` any, both (batch, 32, 32, 3)."""
    image = keras.Input((32, 32, 3), name="image")
    mask = keras.Input((32, 32, 3), name="mask", dtype="bool")
    flat = keras.layers.Flatten()(keras.ops.where(mask, image, 0))
    return keras.Model({"image": image, "mask": mask}, keras.layers.Dense(2)(flat))
