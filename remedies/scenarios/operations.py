"""Operations that are particular about dtypes, as they are written and as the remedies write them.

Each takes a mask and an image, and returns something of the image's shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

Operation = Callable[[Any, Any], Any]
PACKAGE = "remedies.scenarios"  # that classes and functions are registered under
_TABLE = (0.25, 0.75)


@dataclass(frozen=True)
class Choice:
    """One operation on a mask, and how it is written where it is not the plain way."""

    dtype: str  # what the mask has to be
    raw: Operation  # `raw(mask, image)` as TensorFlow's or Keras' users write it
    counterpart: Operation  # the same with the function of `keras.ops` that stands nearest

    def cast(self, mask: Any, image: Any) -> Any:
        """Return `raw` of the mask cast to what it has to be."""
        return self.raw(tf.cast(mask, self.dtype), image)


def _where(mask: Any, image: Any) -> Any:
    return tf.where(mask, image, 0)


def _ops_where(mask: Any, image: Any) -> Any:
    return keras.ops.where(mask, image, 0)


def _scaled(weight: Callable[[Any], Any]) -> Operation:
    """Return the image times what `weight` makes of the mask."""

    def operation(mask: Any, image: Any) -> Any:
        return image * keras.ops.cast(weight(mask), image.dtype)

    return operation


def _take_along(mask: Any) -> Any:
    flat = keras.ops.take_along_axis(keras.ops.array(_TABLE), keras.ops.reshape(mask, (-1,)), 0)
    return keras.ops.reshape(flat, keras.ops.shape(mask))


def _kept_mean(mask: Any, image: Any) -> Any:
    return image * tf.reduce_mean(tf.boolean_mask(image, mask))


def _ops_kept_mean(mask: Any, image: Any) -> Any:
    kept = keras.ops.cast(mask, image.dtype)
    return image * keras.ops.sum(image * kept) / keras.ops.sum(kept)


_TAKE = _scaled(lambda mask: keras.ops.take(keras.ops.array(_TABLE), mask))

OPERATIONS = {
    "where": Choice("bool", _where, _ops_where),
    "gather": Choice("int32", _scaled(lambda mask: tf.gather(tf.constant(_TABLE), mask)), _TAKE),
    "one_hot": Choice(
        "int32",
        _scaled(lambda mask: tf.one_hot(mask, 2)[..., 1]),
        _scaled(lambda mask: keras.ops.one_hot(mask, 2)[..., 1]),
    ),
    "and": Choice(
        "bool",
        lambda mask, image: _scaled(lambda m: m & (image > 0.5))(mask, image),
        lambda mask, image: _scaled(lambda m: keras.ops.logical_and(m, image > 0.5))(mask, image),
    ),
    "invert": Choice(
        "bool", _scaled(lambda mask: ~mask), _scaled(lambda mask: keras.ops.logical_not(mask))
    ),
    "reduce_any": Choice(
        "bool",
        _scaled(lambda mask: tf.reduce_any(mask, -1, keepdims=True)),
        _scaled(lambda mask: keras.ops.any(mask, -1, keepdims=True)),
    ),
    "add_constant": Choice(
        "int32",
        _scaled(lambda mask: mask + tf.constant(1)),
        _scaled(lambda mask: keras.ops.add(mask, 1)),
    ),
    "take": Choice("int32", _TAKE, _scaled(_take_along)),
    "boolean_mask": Choice("bool", _kept_mean, _ops_kept_mean),
}


# A `Lambda` layer's functions, as users write them: they use the module that they stand in.
_register = keras.saving.register_keras_serializable(PACKAGE)


def _masked(two: Any) -> Any:
    return tf.where(two["mask"], two["image"], 0)


def _masked_after_cast(two: Any) -> Any:
    return tf.where(tf.cast(two["mask"], "bool"), two["image"], 0)


def _masked_by_ops(two: Any) -> Any:
    return keras.ops.where(two["mask"], two["image"], 0)


NAMED = {
    "control": _register(_masked),
    "tf_cast": _register(_masked_after_cast),
    "ops_where": _register(_masked_by_ops),
}
LAMBDAS = {
    "control": lambda two: tf.where(two["mask"], two["image"], 0),
    "tf_cast": lambda two: tf.where(tf.cast(two["mask"], "bool"), two["image"], 0),
    "ops_where": lambda two: keras.ops.where(two["mask"], two["image"], 0),
}
