"""Which operations refuse the float stand-ins that Keras rebuilds a model on, and which do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf
from keras.src import backend

from remedies.scenarios.operations import OPERATIONS

SHAPE = (2, 4)


STRICT: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "tf.gather": ("int32", lambda x: tf.gather([1.0, 2.0], x)),
    "tf.gather, batch_dims": ("int32", lambda x: tf.gather(tf.ones(SHAPE), x, batch_dims=1)),
    "tf.gather_nd": ("int32", lambda x: tf.gather_nd(tf.ones((2, 2, 2, 2)), x)),
    "embedding_lookup": ("int32", lambda x: tf.nn.embedding_lookup(tf.ones((2, 3)), x)),
    "tf.one_hot": ("int32", lambda x: tf.one_hot(x, 2)),
    "tf.math.logical_and": ("bool", lambda x: tf.math.logical_and(x, True)),
    "tf.math.logical_not": ("bool", lambda x: tf.math.logical_not(x)),
    "tf.reduce_any": ("bool", lambda x: tf.reduce_any(x)),
    "&": ("bool", lambda x: x & x),
    "~": ("bool", lambda x: ~x),
    "tf.bitwise": ("int32", lambda x: tf.bitwise.bitwise_and(x, x)),
    "segment sum": ("int32", lambda x: tf.math.unsorted_segment_sum(tf.ones(SHAPE), x, 2)),
    "plus tf.constant(1)": ("int32", lambda x: x + tf.constant(1)),
    "assert_type": ("bool", lambda x: tf.debugging.assert_type(x, tf.bool) or x),
    "keras.ops.take": ("int32", lambda x: keras.ops.take(tf.ones(2), x)),
    "keras.ops.segment_sum": ("int32", lambda x: keras.ops.segment_sum(tf.ones(2), x[:, 0], 2)),
    "keras.ops.bitwise_and": ("int32", lambda x: keras.ops.bitwise_and(x, x)),
}
SAFE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "keras.ops.where": ("bool", lambda x: keras.ops.where(x, 1.0, 0.0)),
    "keras.ops.one_hot": ("int32", lambda x: keras.ops.one_hot(x, 2)),
    "keras.ops.logical_and": ("bool", lambda x: keras.ops.logical_and(x, True)),
    "keras.ops.logical_not": ("bool", lambda x: keras.ops.logical_not(x)),
    "take_along_axis": ("int32", lambda x: keras.ops.take_along_axis(tf.ones(SHAPE), x, 1)),
    "Embedding": ("int32", lambda x: keras.layers.Embedding(2, 3)(x)),
    "tf.boolean_mask": ("bool", lambda x: tf.boolean_mask(tf.ones(SHAPE), x)),
    "tf.sequence_mask": ("int32", lambda x: tf.sequence_mask(x, 5)),
    "tf.cond": (
        "bool",
        lambda x: tf.cond(tf.math.count_nonzero(x) > 0, lambda: tf.ones(2), lambda: tf.zeros(2)),
    ),
    "times tf.cast": ("bool", lambda x: tf.ones(SHAPE) * tf.cast(x, "float32")),
    "IntegerLookup": ("int32", lambda x: keras.layers.IntegerLookup(vocabulary=[0, 1])(x)),
    "CategoryEncoding": ("int32", lambda x: keras.layers.CategoryEncoding(3)(x)),
    "tf.cast": ("bool", lambda x: tf.where(tf.cast(x, "bool"), 1.0, 0.0)),
    "attention_mask": (
        "bool",
        lambda x: keras.layers.MultiHeadAttention(1, 2)(
            tf.ones((2, 4, 3)), tf.ones((2, 4, 3)), attention_mask=x[:, None]
        ),
    ),
    "LSTM(mask=)": ("bool", lambda x: keras.layers.LSTM(2)(tf.ones((2, 4, 3)), mask=x)),
}


def trace(operation: Callable[[Any], Any], dtype: str) -> Any:
    """Do what Keras does to rebuild a model whose `call` is `operation`."""
    return backend.compute_output_spec(operation, keras.KerasTensor(SHAPE, dtype))


@pytest.mark.parametrize(("dtype", "operation"), STRICT.values(), ids=list(STRICT))
def test_strict_operation_refuses_floats_and_takes_its_own_dtype(
    dtype: str, operation: Callable[[Any], Any]
) -> None:
    trace(operation, dtype)
    with pytest.raises((TypeError, ValueError)):
        trace(operation, "float32")


@pytest.mark.parametrize(("dtype", "operation"), SAFE.values(), ids=list(SAFE))
def test_safe_operation_takes_both(dtype: str, operation: Callable[[Any], Any]) -> None:
    trace(operation, dtype)
    trace(operation, "float32")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_way_of_writing_an_operation_computes_the_same(name: str) -> None:
    choice = OPERATIONS[name]
    image = tf.constant([[[0.2, 0.7, 0.9]] * 2] * 2)
    mask = tf.cast([[[0, 1, 1], [1, 0, 1]]] * 2, choice.dtype)
    expected = choice.raw(mask, image)
    for written in (choice.cast, choice.counterpart):
        assert keras.ops.shape(written(mask, image)) == image.shape
        tf.debugging.assert_near(written(mask, image), expected)
