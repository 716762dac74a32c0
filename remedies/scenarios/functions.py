"""The functions of `Lambda` layers, as a user writes them: they use the module they stand in."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from remedies.scenarios.family import PACKAGE

_register = keras.saving.register_keras_serializable(PACKAGE)


def _where(two: Any) -> Any:
    return tf.where(two["mask"], two["image"], 0)


def _cast_where(two: Any) -> Any:
    return tf.where(tf.cast(two["mask"], "bool"), two["image"], 0)


def _ops_where(two: Any) -> Any:
    return keras.ops.where(two["mask"], two["image"], 0)


NAMED = {
    "control": _register(_where),
    "tf_cast": _register(_cast_where),
    "ops_where": _register(_ops_where),
}
LAMBDAS = {
    "control": lambda two: tf.where(two["mask"], two["image"], 0),
    "tf_cast": lambda two: tf.where(tf.cast(two["mask"], "bool"), two["image"], 0),
    "ops_where": lambda two: keras.ops.where(two["mask"], two["image"], 0),
}
