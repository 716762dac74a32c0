"""The small models on masks that are not of 0 and 1, and operations that refuse a float one."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
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


def test_functional_keeps_the_policies_of_its_layers_and_not_its_own(
    policy: Callable[[str], None], tmp_path: Path
) -> None:
    policy("mixed_bfloat16")
    model = bodies.make(FUNCTIONAL)
    model.save(tmp_path / "model.keras")
    policy("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [layer.dtype_policy.name for layer in loaded.layers[2:]] == ["mixed_bfloat16"] * 3
    assert (model.dtype_policy.name, loaded.dtype_policy.name) == ("mixed_bfloat16", "float32")


SHAPE = (2, 4)


# Those that docs/fidelity.md names.
STRICT: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "tf.gather": ("int32", lambda x: tf.gather([1.0, 2.0], x)),
    "tf.one_hot": ("int32", lambda x: tf.one_hot(x, 2)),
    "tf.reduce_any": ("bool", lambda x: tf.reduce_any(x)),
    "&": ("bool", lambda x: x & x),
    "~": ("bool", lambda x: ~x),
    "plus tf.constant(1)": ("int32", lambda x: x + tf.constant(1)),
    "keras.ops.take": ("int32", lambda x: keras.ops.take(tf.ones(2), x)),
    "keras.ops.segment_sum": ("int32", lambda x: keras.ops.segment_sum(tf.ones(2), x[:, 0], 2)),
    "keras.ops.bitwise_and": ("int32", lambda x: keras.ops.bitwise_and(x, x)),
}
SAFE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "keras.ops.where": ("bool", lambda x: keras.ops.where(x, 1.0, 0.0)),
    "keras.ops.one_hot": ("int32", lambda x: keras.ops.one_hot(x, 2)),
    "keras.ops.logical_and": ("bool", lambda x: keras.ops.logical_and(x, True)),
    "take_along_axis": ("int32", lambda x: keras.ops.take_along_axis(tf.ones(SHAPE), x, 1)),
}


def trace(operation: Callable[[Any], Any], dtype: str) -> Any:
    """Do what Keras does to rebuild a model whose `call` is `operation`."""
    return backend.compute_output_spec(operation, keras.KerasTensor(SHAPE, dtype))


@pytest.mark.parametrize("name", [*STRICT, *SAFE])
def test_strict_operation_takes_its_own_dtype_alone_and_a_safe_one_floats_too(name: str) -> None:
    dtype, operation = (STRICT | SAFE)[name]
    trace(operation, dtype)
    with pytest.raises((TypeError, ValueError)) if name in STRICT else nullcontext():
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
