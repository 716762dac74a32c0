"""Operations that are particular about dtypes, as they are written and as the remedies write them.

Each takes a mask and an image, and returns something of the image's shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

Operation = Callable[[Any, Any], Any]
_TABLE = (0.25, 0.75)


class Choice(NamedTuple):
    """One operation on a mask, and how it is written where it is not the plain way."""

    dtype: str  # what the mask has to be
    raw: Operation  # `raw(mask, image)` as TensorFlow's or Keras' users write it
    counterpart: Operation  # the same with the function of `keras.ops` that stands nearest

    def cast(self, mask: Any, image: Any) -> Any:
        """Return `raw` of the mask cast to what it has to be."""
        return self.raw(tf.cast(mask, self.dtype), image)


def _scaled(image: Any, weight: Any) -> Any:
    return image * keras.ops.cast(weight, image.dtype)


def _take(mask: Any, image: Any) -> Any:
    return _scaled(image, keras.ops.take(keras.ops.array(_TABLE), mask))


def _take_along(mask: Any, image: Any) -> Any:
    flat = keras.ops.take_along_axis(keras.ops.array(_TABLE), keras.ops.reshape(mask, (-1,)), 0)
    return _scaled(image, keras.ops.reshape(flat, keras.ops.shape(mask)))


def _kept_mean(mask: Any, image: Any) -> Any:
    return image * tf.reduce_mean(tf.boolean_mask(image, mask))


def _ops_kept_mean(mask: Any, image: Any) -> Any:
    kept = keras.ops.cast(mask, image.dtype)
    return image * keras.ops.sum(image * kept) / keras.ops.sum(kept)


OPERATIONS = {
    "where": Choice("bool", lambda m, x: tf.where(m, x, 0), lambda m, x: keras.ops.where(m, x, 0)),
    "gather": Choice("int32", lambda m, x: _scaled(x, tf.gather(tf.constant(_TABLE), m)), _take),
    "one_hot": Choice(
        "int32",
        lambda m, x: _scaled(x, tf.one_hot(m, 2)[..., 1]),
        lambda m, x: _scaled(x, keras.ops.one_hot(m, 2)[..., 1]),
    ),
    "and": Choice(
        "bool",
        lambda m, x: _scaled(x, m & (x > 0.5)),
        lambda m, x: _scaled(x, keras.ops.logical_and(m, x > 0.5)),
    ),
    "invert": Choice(
        "bool", lambda m, x: _scaled(x, ~m), lambda m, x: _scaled(x, keras.ops.logical_not(m))
    ),
    "reduce_any": Choice(
        "bool",
        lambda m, x: _scaled(x, tf.reduce_any(m, -1, keepdims=True)),
        lambda m, x: _scaled(x, keras.ops.any(m, -1, keepdims=True)),
    ),
    "add_constant": Choice(
        "int32",
        lambda m, x: _scaled(x, m + tf.constant(1)),
        lambda m, x: _scaled(x, keras.ops.add(m, 1)),
    ),
    "take": Choice("int32", _take, _take_along),
    "boolean_mask": Choice("bool", _kept_mean, _ops_kept_mean),
}
