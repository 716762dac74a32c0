"""Functional with `keras.ops.where` straight on a bool `keras.Input`: no layer, no `tf.` call.

The form of remedy `functional_bool_input` that runs on every Keras backend.
"""

import keras

from remedies.inpaint.layers import InpaintLayers


def make() -> keras.Model:
    """Return the model, uncompiled.

    ``image`` (batch, 32, 32, 3) float, ``mask`` (batch, 32, 32, 1) any dtype.
    """
    image = keras.Input((32, 32, 3), name="image")
    mask = keras.Input((32, 32, 1), name="mask", dtype="bool")
    outputs = InpaintLayers().paint(keras.ops.where(mask, image, 0))
    return keras.Model({"image": image, "mask": mask}, outputs)
