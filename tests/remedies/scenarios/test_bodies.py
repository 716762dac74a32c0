"""The small models on masks that are not of 0 and 1, and operations that refuse a float one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src import backend

from remedies.scenarios import bodies
from remedies.scenarios.bodies import FUNCTIONAL, OPERATIONS
from remedies.scenarios.scenario import Scenario, set_policy

IMAGE = Scenario("group", "name", "description").data()[0]["image"]
MASK = IMAGE > 0.5


def outputs(remedy: str, *masks: Any) -> list[np.ndarray]:
    keras.utils.set_random_seed(0)
    model = bodies.make(remedy)
    return [model.predict_on_batch({"image": IMAGE, "mask": mask}) for mask in masks]


@pytest.fixture
def policy() -> Iterator[Callable[[str], None]]:
    yield set_policy
    set_policy("float32")


@pytest.mark.parametrize("remedy", ["tf_cast", "ops_where", FUNCTIONAL])
@pytest.mark.parametrize("value", [0.1, 0.9, -1.0, float("nan")])
def test_float_mask_is_true_wherever_it_is_not_zero(remedy: str, value: float) -> None:
    soft = np.where(MASK, np.float32(value), np.float32(0))
    np.testing.assert_array_equal(*outputs(remedy, soft, MASK))


@pytest.mark.parametrize(("remedy", "kept"), [("tf_cast", False), (FUNCTIONAL, True)])
def test_under_mixed_float16_the_smallest_masks_differ_between_remedies(
    remedy: str, kept: bool, policy: Callable[[str], None]
) -> None:
    policy("mixed_float16")
    tiny, plain = np.full_like(IMAGE, 1e-8), np.full(IMAGE.shape, kept)
    np.testing.assert_array_equal(*outputs(remedy, tiny, plain))


@pytest.mark.parametrize(("pack", "warned"), [(dict, True), (lambda d: list(d.values()), False)])
def test_functional_model_takes_image_and_mask_in_each_others_place(
    pack: Callable[[Any], Any], warned: bool
) -> None:
    model = bodies.functional(pack=pack)
    right = model.predict_on_batch(pack({"image": IMAGE, "mask": MASK}))
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always", UserWarning)
        wrong = model.predict_on_batch([MASK, IMAGE])
    assert any("structure" in str(warning.message) for warning in given) == warned
    assert not np.array_equal(right, wrong)


@pytest.mark.parametrize(
    ("jit", "eager", "error"),
    [
        (False, True, tf.errors.InvalidArgumentError),
        (False, False, TypeError),
        (True, False, TypeError),
    ],
)
def test_control_refuses_a_float_mask_eagerly_as_a_graph_and_under_xla(
    jit: bool, eager: bool, error: type[Exception]
) -> None:
    model = bodies.make("control")
    model.compile("sgd", "mse", jit_compile=jit, run_eagerly=eager)
    with pytest.raises(error, match="SelectV2"):
        model.predict_on_batch({"image": tf.constant(IMAGE), "mask": tf.ones_like(IMAGE)})


def test_keras_ops_promotes_what_tensorflow_refuses_to_mix() -> None:
    mask, image = tf.constant([True, False]), tf.constant([3, 3], "uint8")
    with pytest.raises(TypeError):
        tf.where(mask, image, 0.5)
    assert keras.backend.standardize_dtype(keras.ops.where(mask, image, 0.5).dtype) == "float32"


def test_functional_keeps_the_policies_of_its_layers_and_not_its_own(
    policy: Callable[[str], None], tmp_path: Path
) -> None:
    policy("mixed_bfloat16")
    model = bodies.functional()
    model.save(tmp_path / "model.keras")
    policy("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [layer.dtype_policy.name for layer in loaded.layers[2:]] == ["mixed_bfloat16"] * 3
    assert (model.dtype_policy.name, loaded.dtype_policy.name) == ("mixed_bfloat16", "float32")


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
